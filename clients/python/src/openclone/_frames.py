"""The segment files of the spool.

    magic   8 bytes  "OCSPOOL1"
    frame*
    frame = length u32 LE | CRC-32 (IEEE) of the payload u32 LE | payload

The first payload is a `Batch` without events and timestamp, the header of all events of the file; the others are
`Event`s with `raw_ref` set. Reading stops at the first frame that is cut off or whose checksum is wrong.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

MAGIC = b"OCSPOOL1"
FRAME = struct.Struct("<II")
MAX_FRAME = 4 * 1024 * 1024
"""No payload is larger; a greater length is damage."""


class Contents(NamedTuple):
    """What a segment file holds."""

    header: bytes | None
    """The first payload; `None` if not even that is whole."""
    first: int
    """Where the first event's frame begins."""
    end: int
    """Where reading stops."""
    events: int
    """How many whole events stand between `first` and `end`."""
    is_damaged: bool
    """Whether whole frames follow behind `end`: then this is more than a write that was cut off."""


def frame(payload: bytes) -> bytes:
    """A payload with its length and checksum in front."""
    return FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def payload_at(data: bytes, at: int) -> bytes | None:
    """The payload of the frame at `at`; `None` if it is not whole."""
    start = at + FRAME.size
    if start > len(data):
        return None
    length, checksum = FRAME.unpack_from(data, at)
    if not 0 < length <= MAX_FRAME or start + length > len(data):
        return None
    payload = data[start : start + length]
    return payload if zlib.crc32(payload) == checksum else None


def examine(data: bytes) -> Contents:
    """Reads a whole segment file."""
    header = payload_at(data, len(MAGIC)) if data.startswith(MAGIC) else None
    if header is None:
        return Contents(None, 0, 0, 0, _has_frame(data, 0))
    first = at = len(MAGIC) + FRAME.size + len(header)
    events = 0
    while (payload := payload_at(data, at)) is not None:
        at += FRAME.size + len(payload)
        events += 1
    return Contents(header, first, at, events, _has_frame(data, at + 1))


def _has_frame(data: bytes, start: int) -> bool:
    """Whether a whole frame of an event begins anywhere from `start` on."""
    last = len(data) - FRAME.size
    for at in range(start, last):
        # Lengths are below 2^24, and an event begins with the tag of its timestamp: most offsets end here.
        if data[at + 3] == 0 and data[at + FRAME.size] == 0x0A and payload_at(data, at) is not None:
            return True
    return False
