"""openclone-linux-mic: what the microphone hears, as text.

Push-to-talk is the default: nothing is recorded until `openclone-linux-mic --toggle`, which a desktop's shortcut runs, and again nothing
after the second one. Ambient mode records whatever is said and is a setting of its own.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

from . import program
from .pipeline import Pipeline
from .segmenter import RATE
from .settings import SettingsError, runtime_dir
from .stream import RecordedStream

log = logging.getLogger("openclone.audio")

CLOSE_SECONDS = 10.0
RECONNECT_AFTER = 5.0


def recorder(device: str) -> list[str]:
    """The command that records a source of the sound server."""
    return [
        "parec", f"--device={device}", f"--rate={RATE}", "--channels=1", "--format=s16le", "--latency-msec=100", "--raw",
        "--property=node.dont-reconnect=true", "--client-name=openclone-mic",
    ]


def source() -> str:
    """The microphone without the loudspeakers' echo where `module-echo-cancel` is loaded, else the default one."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        listing = subprocess.run(["pactl", "list", "short", "sources"], capture_output=True, text=True, timeout=5, check=True)
        for line in listing.stdout.splitlines():
            fields = line.split("\t")
            if len(fields) > 1 and "echo-cancel" in fields[1]:
                return fields[1]
    return "@DEFAULT_SOURCE@"


class Microphone:
    """Records while it is on."""

    def __init__(self, pipeline: Pipeline, device: str) -> None:
        self._pipeline = pipeline
        self._device = device
        self._stream: RecordedStream | None = None

    def is_on(self) -> bool:
        """Whether it records."""
        return self._stream is not None and self._stream.is_alive()

    def switch_on(self) -> None:
        """Starts recording, with a visible sign. Raises `OSError` where `parec` is missing."""
        stream = RecordedStream(recorder(self._device or source()), lambda segment: self._pipeline.put("", segment))
        stream.start()
        self._stream = stream
        notify("The microphone is being recorded")

    def switch_off(self) -> None:
        """Stops; what was said so far is kept."""
        if self._stream:
            self._stream.stop(keep=True)
            self._stream = None
            notify("The microphone is off")


def notify(text: str) -> None:
    """Shows a notification where the desktop has them."""
    log.info("%s", text)
    if shutil.which("notify-send") and os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
        subprocess.Popen(
            ["notify-send", "--app-name=OpenClone", "--expire-time=4000", text], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    parser = program.parser("Record the microphone, as text.", "openclone-linux-mic")
    parser.add_argument("--toggle", action="store_true", help="start or stop recording in the program that runs (push-to-talk)")
    running = program.start(parser, arguments)
    try:
        pid_file = runtime_dir() / "openclone-audio" / "mic.pid"
        if running.arguments.toggle:
            return _toggle(pid_file)
        stop = program.Stop()
        pipeline = running.pipeline("audio_mic", stop)
    except SettingsError as error:
        sys.exit(f"{parser.prog}: {error}")
    toggled, wake = threading.Event(), threading.Event()
    stop.on_set(wake.set)

    def toggle(*_: object) -> None:
        toggled.set()
        wake.set()

    signal.signal(signal.SIGUSR1, toggle)
    pid_file.write_text(f"{os.getpid()}\n")
    microphone = Microphone(pipeline, running.settings["device"])
    try:
        _run(microphone, pipeline, running.settings["mode"] == "ambient", stop, toggled, wake)
    except OSError as error:
        stop.fail(f"parec cannot be started: {error}; install pulseaudio-utils")
    microphone.switch_off()
    pid_file.unlink(missing_ok=True)
    pipeline.close(CLOSE_SECONDS)
    return 1 if stop.is_failure else 0


def _run(
    microphone: Microphone, pipeline: Pipeline, is_ambient: bool, stop: program.Stop, toggled: threading.Event, wake: threading.Event
) -> None:
    is_wanted = is_ambient
    while not stop.is_set():
        if toggled.is_set():
            toggled.clear()
            is_wanted = not is_wanted
        may_record = is_wanted and pipeline.may_capture()
        if may_record and not microphone.is_on():
            microphone.switch_on()
        elif not may_record:
            microphone.switch_off()
        # Idle, only a signal changes anything; both handlers set this event.
        wake.wait(1.0 if is_wanted else None)
        wake.clear()


def _toggle(pid_file: Path) -> int:
    try:
        os.kill(int(pid_file.read_text()), signal.SIGUSR1)
    except (OSError, ValueError):
        print("openclone-linux-mic does not run: start it first", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
