"""Reads the sound of one recorder process into segments."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable

from . import pause
from .segmenter import RATE, SAMPLE, Segment, Segmenter

log = logging.getLogger("openclone.audio")

PORTION = RATE * SAMPLE // 10
"""Bytes read at once: a tenth of a second."""
MOST_GAP = 1.0
"""Seconds between two portions after which they do not belong together: the recorder or this process was stopped."""


class RecordedStream:
    """One recorder process and the thread that reads it, from `start` until `stop` or the end of its output."""

    def __init__(self, command: list[str], keep: Callable[[Segment], None]) -> None:
        self._command = command
        self._keep = keep
        self._is_stopped = threading.Event()
        self._discards = threading.Event()
        self._segmenter = Segmenter()
        self._thread = threading.Thread(target=self._read, name="recorder", daemon=True)

    def start(self) -> None:
        """Starts recording. Raises `OSError` where the recorder is missing."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self._thread.start()

    def stop(self, *, keep: bool) -> None:
        """Ends recording; what is buffered becomes a last segment, or is dropped if not `keep`."""
        if not keep:
            self._discards.set()
        self._is_stopped.set()
        self._process.kill()
        self._thread.join(5)

    def is_alive(self) -> bool:
        """Whether it records."""
        return self._thread.is_alive()

    def _read(self) -> None:
        output = self._process.stdout
        assert output is not None
        last = time.monotonic()
        while not self._is_stopped.is_set():
            pcm = output.read(PORTION)
            if not pcm:
                break
            now = time.monotonic()
            if now - last > MOST_GAP + len(pcm) / (RATE * SAMPLE):
                self._finish()
            last = now
            if self._is_paused():
                self._segmenter.discard()
                continue
            for segment in self._segmenter.feed(pcm, time.time()):
                self._offer(segment)
        self._finish()
        self._process.kill()
        self._process.wait()

    def _finish(self) -> None:
        segment = self._segmenter.flush()
        self._segmenter.discard()
        if segment:
            self._offer(segment)

    def _offer(self, segment: Segment) -> None:
        held = pause.current(time.time())
        if self._discards.is_set() or (held and held.overlaps(segment.start, segment.end)):
            return
        self._keep(segment)

    def _is_paused(self) -> bool:
        return pause.current(time.time()) is not None
