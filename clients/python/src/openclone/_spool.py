"""The queue on disk: what was sent by the plugin and not dealt with by the server yet.

Events are appended to the last segment of their source type and read from the oldest one that is due. A segment is
deleted as a whole when all its events are done. One lock guards the counters; files are read by the sender alone,
without it.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from . import _frames
from ._segment import Segment
from ._state_dir import write_new
from .errors import SpoolError

SEGMENT_BYTES = 4 * 1024 * 1024
MAX_BATCH_BYTES = 1_000_000


class Package(NamedTuple):
    """Events on their way: a batch without its timestamp."""

    segment: Segment
    events: list[bytes]


class Spool:
    """The segments of one state directory, which the caller has locked."""

    def __init__(self, directory: Path, dead_letter: Path, headers: Mapping[str, bytes], max_bytes: int) -> None:
        """Reads what an earlier client has left; `headers` are those of its source types. Raises `SpoolError`."""
        self.lock = threading.RLock()
        self.damaged: list[Path] = []
        """Copies of segments that were damaged, for `on_error`."""
        self.queued = 0
        """Events that are neither acknowledged nor set aside."""
        self.bytes = 0
        self._directory = directory
        self._dead_letter = dead_letter
        self._headers = headers
        self._max_bytes = max_bytes
        # Smaller in a small spool, so that not all of it is dropped at once.
        self._segment_bytes = min(SEGMENT_BYTES, max(max_bytes // 4, 1))
        self._segments: list[Segment] = []
        self._active: dict[str, Segment] = {}
        with _spool_errors(directory):
            numbered = sorted((int(path.stem), path) for path in directory.glob("*.seg") if _is_number(path.stem))
            self._next = numbered[-1][0] + 1 if numbered else 1
            # SDKs in other languages keep one directory for each further source type.
            for left in sorted(directory.parent.glob(f"{directory.name}-*/*.seg")):
                path = left.rename(directory / f"{self._next:016}.seg")
                numbered.append((self._next, path))
                self._next += 1
            for number, path in numbered:
                self._open(number, path)

    def fits(self, size: int) -> bool:
        """Whether a frame of `size` bytes has room."""
        return self.bytes + size <= self._max_bytes

    def could_fit(self, size: int) -> bool:
        """Whether it would have room in an empty spool."""
        return size + self._start_bytes() <= self._max_bytes

    def append(self, frame: bytes, source_type: str) -> int:
        """Adds an event's frame; gives how many wait in its segment. Raises `SpoolError`: nothing was added."""
        active = self._active.get(source_type)
        try:
            if active is None or (active.size + len(frame) > self._segment_bytes and active.events):
                active = self._begin(source_type)
            active.append(frame)
        except OSError as error:
            # What was written of it may be in doubt: what comes next goes elsewhere.
            if active is not None and not active.events and active in self._segments:
                self._remove(active)
            self.seal()
            raise _spool_error(self._directory, error) from None
        waiting = active.events - active.taken
        if waiting == 1:
            active.first_waiting_at = time.monotonic()
        self.queued += 1
        self.bytes += len(frame)
        return waiting

    def seal(self) -> int:
        """Makes all that waits due, by ending the last segments. Gives the number of the last that exists."""
        self._active.clear()
        return self._next - 1

    def is_done(self, number: int) -> bool:
        """Whether everything up to segment `number` has been dealt with."""
        return not self._segments or self._segments[0].number > number

    def due_in(self, max_events: int, max_age: float) -> float | None:
        """Seconds until a batch should be sent: 0 for at once, `None` if nothing waits."""
        found = self._next_due(max_events, max_age)
        return None if found is None else found[0]

    def take(self, max_events: int, full: int = 1, max_age: float = 0.0) -> Package | None:
        """Reads up to `max_events` of the batch that is due first, at once if it has `full` events.

        Called by the sender only, without the lock. Raises `SpoolError`.
        """
        with self.lock:
            found = self._next_due(full, max_age)
            if found is None:
                return None
            segment = found[1]
            end = segment.end
            segment.is_being_read = True
        try:
            with _spool_errors(segment.path):
                taken = segment.read(max_events, MAX_BATCH_BYTES, end)
        except SpoolError:
            segment.is_being_read = False
            raise
        with self.lock:
            segment.is_being_read = False
            segment.taken += len(taken.events)
            segment.first_waiting_at = time.monotonic()
            if taken.is_cut or not taken.events:
                self._give_up_rest(segment)
        return Package(segment, taken.events) if taken.events else None

    def done(self, segment: Segment, events: int) -> None:
        """Counts events of `segment` as dealt with, and deletes it after the last one."""
        with self.lock:
            segment.done += events
            self.queued -= events
            if segment.is_done and segment in self._segments:
                self._remove(segment)

    def drop_oldest(self) -> int | None:
        """Deletes the oldest segment of which nothing is being sent; gives its number of events, `None` if none is."""
        for segment in self._segments:
            if segment.is_idle:
                dropped = segment.events - segment.done
                self.queued -= dropped
                self._remove(segment)
                # It was counted; the sender must not find it.
                segment.events = segment.taken = segment.done
                return dropped
        return None

    def sync(self) -> None:
        """Makes what was written durable. Raises `SpoolError`."""
        with self.lock:
            dirty = [segment for segment in self._segments if segment.is_dirty]
            for segment in dirty:
                segment.is_dirty = False
        for segment in dirty:
            with _spool_errors(segment.path):
                try:
                    segment.sync()
                except OSError:
                    segment.is_dirty = True
                    raise
            with self.lock:
                if segment not in self._active.values():
                    segment.close()

    def close(self) -> None:
        """Lets go of the files."""
        with self.lock:
            self._active.clear()
            for segment in self._segments:
                segment.close()

    def _open(self, number: int, path: Path) -> None:
        data = path.read_bytes()
        found = _frames.examine(data)
        if found.is_damaged:
            self._keep_copy(path)
        if found.header is None or found.events == 0:
            path.unlink()
            return
        segment = Segment(path, number, found.header, found.first, found.end, found.events, len(data))
        self._segments.append(segment)
        self.queued += segment.events
        self.bytes += segment.size

    def _begin(self, source_type: str) -> Segment:
        path = self._directory / f"{self._next:016}.seg"
        segment = Segment.create(path, self._next, self._headers[source_type])
        self._next += 1
        self._segments.append(segment)
        self.bytes += segment.size
        self._active[source_type] = segment
        return segment

    def _start_bytes(self) -> int:
        return len(_frames.MAGIC) + _frames.FRAME.size + max(map(len, self._headers.values()))

    def _next_due(self, max_events: int, max_age: float) -> tuple[float, Segment] | None:
        """The segment whose batch is due first, the oldest of several, and in how many seconds."""
        best: tuple[float, Segment] | None = None
        now = time.monotonic()
        for segment in self._segments:
            if not segment.waiting:
                continue
            is_full = segment.waiting >= max_events or segment.waiting_bytes > MAX_BATCH_BYTES
            is_active = segment in self._active.values()
            due = max(0.0, segment.first_waiting_at + max_age - now) if is_active and not is_full else 0.0
            if best is None or due < best[0]:
                best = due, segment
            if due == 0.0:
                break
        return best

    def _deactivate(self, segment: Segment) -> None:
        for source_type, active in list(self._active.items()):
            if active is segment:
                del self._active[source_type]

    def _give_up_rest(self, segment: Segment) -> None:
        """What was written cannot be read: keeps a copy of the file and forgets the rest of it."""
        self._keep_copy(segment.path)
        self.queued -= segment.waiting
        segment.events = segment.taken
        self._deactivate(segment)
        if segment.is_done:
            self._remove(segment)

    def _keep_copy(self, path: Path) -> None:
        with _spool_errors(self._dead_letter):
            content = path.read_bytes()
            copy = _unused(self._dead_letter, path.stem)
            write_new(copy, content)
        self.damaged.append(copy)

    def _remove(self, segment: Segment) -> None:
        self._deactivate(segment)
        self._segments.remove(segment)
        self.bytes -= segment.size
        # Should it come back after a restart, the server skips what it has.
        with _spool_errors(segment.path):
            segment.delete()


@contextlib.contextmanager
def _spool_errors(path: Path) -> Iterator[None]:
    """Turns errors of the disk into `SpoolError`."""
    try:
        yield
    except OSError as error:
        raise _spool_error(path, error) from None


def _spool_error(path: Path, error: OSError) -> SpoolError:
    return SpoolError(f"cannot use the spool {path}: {error.strerror or error}")


def _unused(directory: Path, stem: str) -> Path:
    """A name that no earlier copy has: numbers begin anew when the spool was empty at a start."""
    names = itertools.chain([f"{stem}.seg"], (f"{stem}-{count}.seg" for count in itertools.count(2)))
    return next(path for path in (directory / name for name in names) if not path.exists())


def _is_number(stem: str) -> bool:
    return len(stem) == 16 and stem.isascii() and stem.isdigit()

