"""openclone-voice-journal: recorded notes from an inbox folder, as text.

The inbox may be a folder that a phone syncs. A recording is processed once its size has stopped changing; then it moves to `done/`, or to
`unreadable/` if no sound can be read from it. Nothing in the inbox is ever deleted.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from openclone import Client, InvalidEvent, Journal

from . import pause, program
from .segments import reference
from .settings import SettingsError
from .transcriber import ModelError, Text, Transcriber
from .worker import print_event

log = logging.getLogger("openclone.audio")

SUFFIXES = frozenset({".m4a", ".mp3", ".ogg", ".oga", ".opus", ".wav", ".flac", ".aac", ".amr", ".3gp", ".mp4", ".webm"})
LOOK_EVERY = 10.0
"""Seconds between two looks at the inbox; a file of the same size at both is complete."""
ONCE_AFTER = 1.0
"""The same, with `--once`."""
LONGEST = 4 * 3600.0
"""Seconds; a longer recording is no note."""


class UnreadableError(Exception):
    """A file from which no sound can be read."""


@dataclass(frozen=True)
class Recording:
    """What a file says of itself."""

    recorded: float
    """Unix seconds at which it begins."""
    duration: float
    """Seconds."""

    @classmethod
    def of(cls, path: Path) -> Recording:
        """Reads a file's header. Raises `UnreadableError`."""
        import av

        try:
            with av.open(str(path)) as container:
                if not container.streams.audio:
                    raise UnreadableError("it holds no sound")
                duration = (container.duration or 0) / 1_000_000
                made = _created(container.metadata)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise UnreadableError(str(error)) from error
        if duration > LONGEST:
            raise UnreadableError(f"it is {duration / 3600:.1f} hours long; {LONGEST / 3600:.0f} are the most")
        # Without a time of its own, a recording was finished when its file was last written.
        return cls(made or max(path.stat().st_mtime - duration, 0.0), duration)


@dataclass
class Inbox:
    """A folder of recordings."""

    directory: Path
    _sizes: dict[Path, tuple[int, float]] = field(default_factory=dict)

    def complete(self) -> Iterator[Path]:
        """The recordings that have not changed since the last call. Raises `OSError`."""
        sizes = {}
        for entry in os.scandir(self.directory):
            path = Path(entry.path)
            if entry.is_file(follow_symlinks=False) and path.suffix.lower() in SUFFIXES and not entry.name.startswith("."):
                status = entry.stat(follow_symlinks=False)
                sizes[path] = (status.st_size, status.st_mtime)
        before, self._sizes = self._sizes, sizes
        yield from sorted(path for path, size in sizes.items() if before.get(path) == size and size[0] > 0)

    def move(self, path: Path, folder: str) -> Path:
        """Moves a recording to a folder of the inbox, under a name that is free. Raises `OSError`."""
        target = self.directory / folder
        target.mkdir(exist_ok=True)
        for number in range(10_000):
            name = path.name if number == 0 else f"{path.stem} ({number}){path.suffix}"
            try:
                os.link(path, target / name)
            except FileExistsError:
                continue
            except OSError:
                # A file system without hard links: the one process that moves looks first.
                if (target / name).exists():
                    continue
                path.rename(target / name)
                return target / name
            path.unlink()
            return target / name
        raise FileExistsError(f"{target}: no name is free for {path.name}")


class VoiceJournal:
    """Turns recordings into journal entries."""

    def __init__(
        self, inbox: Inbox, transcribe: Callable[[Path], Text | None], send: Callable[[Any, float, str], object], *, move: bool = True
    ) -> None:
        self._inbox = inbox
        self._transcribe = transcribe
        self._send = send
        self._move = move

    def look(self) -> int:
        """Processes what is complete; how many recordings that were. Raises `OSError`."""
        count = 0
        for path in self._inbox.complete():
            if pause.current(time.time()):
                break
            self._process(path)
            count += 1
        return count

    def _process(self, path: Path) -> None:
        try:
            recording = Recording.of(path)
            text = self._transcribe(path)
        except UnreadableError as error:
            log.warning("%s: %s; moved to unreadable/", path.name, error)
            self._finish(path, "unreadable")
            return
        if text is None:
            log.info("%s: nobody speaks in it", path.name)
        else:
            raw_ref = reference(path.read_bytes())
            try:
                self._send(Journal(text=text.text, duration=round(recording.duration, 1)), recording.recorded, raw_ref)
            except InvalidEvent as error:
                log.warning("%s: %s; moved to unreadable/", path.name, error)
                self._finish(path, "unreadable")
                return
        self._finish(path, "done")

    def _finish(self, path: Path, folder: str) -> None:
        if self._move:
            self._inbox.move(path, folder)


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    parser = program.parser("Turn recorded notes into journal entries.", "openclone-voice-journal")
    parser.add_argument("--once", action="store_true", help="process what is in the inbox, and exit")
    parser.add_argument("--record", action="store_true", help="record a note into the inbox until Ctrl-C, and exit")
    running = program.start(parser, arguments)
    inbox = Inbox(Path(running.settings["inbox"]).expanduser())
    try:
        inbox.directory.mkdir(parents=True, exist_ok=True)
        if running.arguments.record:
            return _record(inbox.directory)
        os.nice(19)
        model = Path(running.arguments.model or running.settings["model"]).expanduser()
        transcriber = Transcriber(model, running.settings["language"])
    except (OSError, SettingsError, ModelError) as error:
        sys.exit(f"{parser.prog}: {error}")
    return _serve(running, inbox, transcriber)


def _serve(running: program.Program, inbox: Inbox, transcriber: Transcriber) -> int:
    stop = program.Stop()
    if running.arguments.dry_run:
        _watch(VoiceJournal(inbox, transcriber.transcribe, print_event, move=False), stop, once=True)
        return 0
    manifest = running.manifest
    with Client(plugin_id=manifest.plugin_id, plugin_version=manifest.version, source_type="journal", enabled=True) as client:
        def send(payload: Any, timestamp: float, raw_ref: str) -> None:
            client.send(payload, timestamp=timestamp, raw_ref=raw_ref)

        _watch(VoiceJournal(inbox, transcriber.transcribe, send), stop, once=running.arguments.once)
    return 1 if stop.is_failure else 0


def _watch(journal: VoiceJournal, stop: program.Stop, *, once: bool) -> None:
    look_every = ONCE_AFTER if once else LOOK_EVERY
    looks = 0
    while not stop.is_set():
        try:
            processed = journal.look()
        except OSError as error:
            stop.fail(f"the inbox cannot be read: {error}")
            return
        looks += 1
        # The second look finds what was complete at the first.
        if once and looks == 2:
            return
        if once or not processed:
            stop.wait(look_every)


def _record(directory: Path) -> int:
    part = directory / f".{datetime.now().astimezone():%Y-%m-%d %H.%M.%S}.wav"
    print("recording: Ctrl-C ends it")
    try:
        code = subprocess.run(["parec", "--file-format=wav", "--channels=1", "--rate=16000", str(part)], check=False).returncode
    except KeyboardInterrupt:
        code = 0
    except OSError as error:
        print(f"parec cannot be started: {error}; install pulseaudio-utils", file=sys.stderr)
        return 1
    if part.exists():
        part.rename(part.with_name(part.name[1:]))
    return 0 if code == 0 else 1


def _created(metadata: dict[str, str]) -> float | None:
    text = metadata.get("creation_time") or metadata.get("date") or ""
    try:
        made = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    if made.tzinfo is None:
        made = made.replace(tzinfo=timezone.utc)
    return made.timestamp() if made.year >= 2020 else None


if __name__ == "__main__":
    sys.exit(main())
