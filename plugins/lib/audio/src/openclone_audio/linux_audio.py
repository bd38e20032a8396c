"""openclone-linux-audio: what apps play on Linux, as text."""

from __future__ import annotations

import logging
import sys
import threading

import pulsectl
from openclone_rules import ALWAYS_BLOCKED, Rules, normalise

from . import program
from .pulse import AppWatch, Source
from .settings import Settings, SettingsError

log = logging.getLogger("openclone.audio")

RECONNECT_AFTER = 5.0
"""Seconds until a sound server that went away is tried again."""
CLOSE_SECONDS = 10.0


class Gate:
    """Decides which apps are recorded."""

    def __init__(self, rules: Rules, settings: Settings) -> None:
        self._rules = rules
        self._allowlist = frozenset(map(normalise, settings["allowlist"]))
        self._blocklist = frozenset(map(normalise, settings["blocklist"]))
        self._only_allowlist = settings["mode"] == "allowlist"
        self._opened = {"music_players"} if settings["music_players"] else set()
        self._opened |= {"browsers"} if settings["browsers"] else set()

    def is_allowed(self, source: Source) -> bool:
        """Whether the stream of an app may be recorded. What is unclear may not."""
        names = frozenset(map(normalise, source.names))
        group = self._rules.app_group(source.names)
        if group in ALWAYS_BLOCKED or names & self._blocklist:
            return False
        if source.media and self._rules.title_group(source.media) in ALWAYS_BLOCKED:
            return False
        if names & self._allowlist:
            return True
        return not self._only_allowlist and (group is None or group in self._opened)


def main(arguments: list[str] | None = None) -> int:
    """The program."""
    parser = program.parser("Capture what apps play, as text. Nothing is recorded while nothing plays.", "openclone-linux-audio")
    running = program.start(parser, arguments)
    gate = Gate(Rules.load(), running.settings)
    stop = program.Stop()
    try:
        pipeline = running.pipeline("audio_system", stop)
    except SettingsError as error:
        sys.exit(f"{parser.prog}: {error}")

    def is_allowed(source: Source) -> bool:
        return gate.is_allowed(source) and pipeline.may_capture()

    watch = AppWatch(is_allowed, pipeline.put)
    thread = threading.Thread(target=_watch, args=(watch, stop), name="watch", daemon=True)
    thread.start()
    stop.wait()
    watch.stop()
    thread.join(CLOSE_SECONDS)
    pipeline.close(CLOSE_SECONDS)
    return 1 if stop.is_failure else 0


def _watch(watch: AppWatch, stop: program.Stop) -> None:
    while not stop.is_set():
        try:
            watch.run()
        except pulsectl.PulseError as error:
            log.warning("the sound server is away (%s): trying again", error)
            stop.wait(RECONNECT_AFTER)
        except OSError as error:
            stop.fail(f"parec cannot be started: {error}; install pulseaudio-utils")


if __name__ == "__main__":
    sys.exit(main())
