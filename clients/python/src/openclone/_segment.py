"""One file of the spool, and how far it has been written, read and dealt with."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from . import _frames
from ._frames import FRAME, MAGIC

_BINARY: int = getattr(os, "O_BINARY", 0)
_READ_AHEAD = 256 * 1024


class Taken(NamedTuple):
    """Events read from a segment."""

    events: list[bytes]
    is_cut: bool
    """Whether a frame that had been written whole could not be read again."""


class Segment:
    """A segment file. The spool's lock guards all of it but `read`, which only the sender calls."""

    def __init__(self, path: Path, number: int, header: bytes, first: int, end: int, events: int, size: int) -> None:
        self.path = path
        self.number = number
        self.header = header
        self.end = end
        """Where the last whole frame ends."""
        self.size = size
        """Of the file, in bytes."""
        self.events = events
        self.taken = 0
        """Events that were read for sending."""
        self.done = 0
        """Events that were acknowledged or set aside."""
        self.is_dirty = False
        """Whether something was written and not synced yet."""
        self.first_waiting_at = 0.0
        """When the oldest event that waits came in (monotonic)."""
        self.is_being_read = False
        self._is_listed = True
        self._at = first
        self._file = -1

    @classmethod
    def create(cls, path: Path, number: int, header: bytes) -> Segment:
        """Makes a new file to append to. Raises `OSError`."""
        start = MAGIC + _frames.frame(header)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _BINARY, 0o600)
        segment = cls(path, number, header, len(start), 0, 0, 0)
        segment._file = file
        segment._is_listed = False
        try:
            segment._write(start)
        except OSError:
            segment.delete()
            raise
        return segment

    @property
    def waiting(self) -> int:
        """Events that were not read yet."""
        return self.events - self.taken

    @property
    def waiting_bytes(self) -> int:
        """Bytes of their frames."""
        return self.end - self._at

    @property
    def is_idle(self) -> bool:
        """Whether none of its events is on its way."""
        return self.taken == self.done and not self.is_being_read

    @property
    def is_done(self) -> bool:
        """Whether all its events have been dealt with."""
        return self.done >= self.events

    def append(self, frame: bytes) -> None:
        """Adds an event's frame. Raises `OSError`, and then nothing was added."""
        self._write(frame)
        self.events += 1

    def read(self, limit_events: int, limit_bytes: int, end: int) -> Taken:
        """Reads on, up to `end`: at least one event, at most so many events and bytes. Raises `OSError`."""
        events: list[bytes] = []
        total = 0
        data, base = b"", self._at
        while len(events) < limit_events and self._at < end:
            at = self._at - base
            if len(data) < at + FRAME.size or len(data) < at + FRAME.size + FRAME.unpack_from(data, at)[0]:
                more = self._read_at(self._at, min(end - self._at, max(_READ_AHEAD, 2 * (len(data) - at))))
                if len(more) <= len(data) - at:
                    return Taken(events, True)
                data, base = more, self._at
                continue
            payload = _frames.payload_at(data, at)
            if payload is None:
                return Taken(events, True)
            total += len(payload)
            if events and total > limit_bytes:
                break
            events.append(payload)
            self._at += FRAME.size + len(payload)
        return Taken(events, False)

    def sync(self) -> None:
        """Makes what was written durable. Raises `OSError`."""
        if self._file == -1:
            return
        try:
            os.fsync(self._file)
            if not self._is_listed:
                _sync_directory(self.path.parent)
                self._is_listed = True
        except OSError:
            # Deleted meanwhile, as all of it is done.
            if self._file != -1:
                raise

    def close(self) -> None:
        """Lets go of the file."""
        if self._file != -1:
            os.close(self._file)
            self._file = -1

    def delete(self) -> None:
        """Deletes the file. Raises `OSError`."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _write(self, data: bytes) -> None:
        try:
            written = os.write(self._file, data)
            while written < len(data):
                written += os.write(self._file, data[written:])
        except BaseException:
            # A full disk, or a signal. A frame that is cut off would hide all that follow.
            os.ftruncate(self._file, self.end)
            raise
        self.end += written
        self.size = self.end
        self.is_dirty = True

    def _read_at(self, at: int, size: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(at)
            return file.read(size)


def _sync_directory(path: Path) -> None:
    if os.name == "nt":
        return
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
