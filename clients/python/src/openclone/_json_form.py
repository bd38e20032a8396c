"""The documented JSON of events and batches, from their encoded form.

Moments are written with microseconds, which is what the service keeps; data that came as JSON is copied as it is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from .v1.batch_pb2 import Batch, Event, Platform, SourceType

_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def event_json(event: Event) -> str:
    """An event: `timestamp`, `data` and `raw_ref`."""
    micros = event.timestamp.seconds * 10**6 + event.timestamp.nanos // 1000
    return f'{{"timestamp":{_seconds(micros)},"data":{_data(event)},"raw_ref":{_dump(event.raw_ref)}}}'


def batch_json(
    header: bytes, events: Iterable[bytes], rejected: Iterable[str] | None = None, now: float | None = None
) -> bytes:
    """A batch made at `now` (Unix seconds) of encoded events; `rejected` is one member more."""
    batch = Batch.FromString(header)
    members = {
        "source_type": SourceType.Name(batch.source_type)[len("SOURCE_TYPE_"):].lower(),
        "platform": Platform.Name(batch.platform)[len("PLATFORM_"):].lower(),
        "device_id": batch.device_id,
        "plugin_id": batch.plugin_id,
        "plugin_version": batch.plugin_version,
    }
    stamp = _seconds(round((time.time() if now is None else now) * 10**6))
    listed = ",".join(event_json(Event.FromString(event)) for event in events)
    more = "" if rejected is None else f',"rejected":{_dump(list(rejected))}'
    return f'{_dump(members)[:-1]},"timestamp":{stamp},"events":[{listed}]{more}}}'.encode()


def _data(event: Event) -> str:
    kind = event.WhichOneof("data")
    if kind is None or kind == "json":
        return event.json or "{}"
    payload = getattr(event, kind)
    return _dump({field.name: _plain(value) for field, value in payload.ListFields()})


def _plain(value: Any) -> Any:
    # Only strings repeat in payloads.
    return value if isinstance(value, (str, int, float)) else list(value)


def _seconds(micros: int) -> str:
    return f"{micros // 10**6}.{micros % 10**6:06}"
