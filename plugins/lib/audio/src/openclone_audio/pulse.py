"""What apps play, from PulseAudio or PipeWire's PulseAudio server: one recorder for each allowed app's stream.

`parec --monitor-stream` records one stream alone. On PipeWire the property `node.dont-reconnect` is essential: without it the session
manager links the recorder to the whole sink when the app's stream ends, and a *blocked* app would be recorded.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pulsectl

from .segmenter import RATE, Segment
from .stream import RecordedStream

log = logging.getLogger("openclone.audio")

TICK = 0.5
"""Seconds after which settings and backlog are looked at again while something is recorded."""


@dataclass(frozen=True)
class Source:
    """The stream of an app."""

    index: int
    name: str
    """The app's name."""
    names: tuple[str, ...]
    """All names by which rules may know it."""
    media: str
    """What it plays, such as the title of a tab."""
    is_paused: bool

    @classmethod
    def of(cls, sink_input: Any) -> Source:
        """What the server says of a stream."""
        properties = sink_input.proplist
        keys = ("application.name", "application.process.binary", "application.id", "pipewire.access.portal.app_id")
        names = tuple(properties[key] for key in keys if properties.get(key))
        return cls(
            sink_input.index, names[0] if names else "", names, properties.get("media.name", ""), bool(sink_input.corked)
        )


def recorder(index: int) -> list[str]:
    """The command that records one stream."""
    return [
        "parec", f"--monitor-stream={index}", "--property=node.dont-reconnect=true", f"--rate={RATE}", "--channels=1",
        "--format=s16le", "--latency-msec=100", "--raw", "--client-name=openclone-audio",
    ]


class AppWatch:
    """Records the streams of allowed apps until `stop`.

    `is_allowed` is asked whenever a stream appears or changes, and every `TICK` seconds while one is recorded.
    """

    def __init__(self, is_allowed: Callable[[Source], bool], keep: Callable[[str, Segment], None]) -> None:
        self._is_allowed = is_allowed
        self._keep = keep
        self._streams: dict[int, RecordedStream] = {}
        self._stopped = threading.Event()
        self._pulse: pulsectl.Pulse | None = None

    def run(self) -> None:
        """Raises `pulsectl.PulseError` when the server is away, `OSError` when `parec` cannot be started."""
        try:
            with pulsectl.Pulse("openclone-audio") as pulse:
                self._pulse = pulse
                pulse.event_mask_set("sink_input")
                pulse.event_callback_set(lambda _: _leave_loop())
                self._update(pulse)
                while not self._stopped.is_set():
                    # Without a stream there is nothing to look at until the server has news.
                    pulse.event_listen(TICK if self._streams else 60.0)
                    self._update(pulse)
        finally:
            for index in list(self._streams):
                self._end(index, keep=True)

    def stop(self) -> None:
        """Ends `run`, from any thread."""
        self._stopped.set()
        if self._pulse:
            self._pulse.event_listen_stop()

    def _update(self, pulse: pulsectl.Pulse) -> None:
        sources = {source.index: source for source in map(Source.of, pulse.sink_input_list())}
        for index in list(self._streams):
            if index not in sources:
                self._end(index, keep=True)
            elif not self._is_allowed(sources[index]):
                self._end(index, keep=False)
            elif not self._streams[index].is_alive():
                self._end(index, keep=True)
        for index, source in sources.items():
            if index not in self._streams and not source.is_paused and self._is_allowed(source):
                self._begin(source)

    def _begin(self, source: Source) -> None:
        stream = RecordedStream(recorder(source.index), lambda segment: self._keep(source.name, segment))
        stream.start()
        log.info("recording stream %d", source.index)
        self._streams[source.index] = stream

    def _end(self, index: int, *, keep: bool) -> None:
        self._streams.pop(index).stop(keep=keep)
        log.info("stream %d has ended" if keep else "stream %d is blocked now: what was buffered is dropped", index)


def _leave_loop() -> None:
    raise pulsectl.PulseLoopStop
