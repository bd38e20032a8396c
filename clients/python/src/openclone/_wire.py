"""Batches put together from events that are encoded already.

In Protobuf the fields of a message may come in any order, and a message is the concatenation of its fields. So a batch
is the header of its segment (fields 1 to 5), a timestamp (field 6) and, for each event, the tag of field 7, a length
and the very bytes that stand in the spool: no event is decoded or encoded again on its way to the server.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from google.protobuf.timestamp_pb2 import Timestamp

_BATCH_TIMESTAMP = b"\x32"
_BATCH_EVENT = b"\x3a"
_REQUEST_SEQUENCE = b"\x08"
_REQUEST_BATCH = b"\x12"


def varint(value: int) -> bytes:
    """`value` (0 or more) as a base 128 varint."""
    if value < 0x80:
        return _SMALL[value]
    if value < 0x4000:
        return bytes((value & 0x7F | 0x80, value >> 7))
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


_SMALL = [bytes((value,)) for value in range(0x80)]


def encode_batch(header: bytes, events: Iterable[bytes], now: float | None = None) -> bytes:
    """Encodes a `Batch` made at `now` (Unix seconds)."""
    micros = round((time.time() if now is None else now) * 1e6)
    stamp = Timestamp(seconds=micros // 10**6, nanos=micros % 10**6 * 1000).SerializeToString()
    parts = [header, _BATCH_TIMESTAMP, varint(len(stamp)), stamp]
    for event in events:
        parts += (_BATCH_EVENT, varint(len(event)), event)
    return b"".join(parts)


def encode_request(sequence: int, batch: bytes) -> bytes:
    """Encodes an `IngestRequest`."""
    return b"".join((_REQUEST_SEQUENCE, varint(sequence), _REQUEST_BATCH, varint(len(batch)), batch))
