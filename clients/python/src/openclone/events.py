"""Events and their typed payloads.

A payload is the message of the client's source type (`Braindump(text="…")`), or any JSON object as a mapping. Typed
messages and JSON of the same content are one to the vault.
"""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, Union

from . import _check, _json_form, _rules
from .errors import EventTooLarge, InvalidEvent
from .v1.batch_pb2 import (
    Activity,
    AudioMic,
    AudioSystem,
    Braindump,
    Calendar,
    Email,
    Gps,
    Health,
    Journal,
    Messaging,
    Music,
    Notes,
    Photos,
    ScreenOcr,
    WebBrowsing,
)
from .v1.batch_pb2 import Event as WireEvent

Payload = Union[
    AudioSystem, AudioMic, ScreenOcr, Journal, WebBrowsing, Music, Health, Calendar, Notes, Gps, Photos, Email,
    Messaging, Activity, Braindump,
]
"""The typed messages of the 15 source types."""

Data = Union[Payload, Mapping[str, Any]]

PAYLOADS: dict[str, Any] = {
    "audio_system": AudioSystem, "audio_mic": AudioMic, "screen_ocr": ScreenOcr, "journal": Journal,
    "web_browsing": WebBrowsing, "music": Music, "health": Health, "calendar": Calendar, "notes": Notes, "gps": Gps,
    "photos": Photos, "email": Email, "messaging": Messaging, "activity": Activity, "braindump": Braindump,
}
"""Source type to typed message."""

# No byte of an encoded event takes more than six in JSON, and the names of typed members add less than 200.
_SURELY_SMALL = (_rules.MAX_EVENT_JSON_BYTES - 400) // 6


SourceTypeName = Literal[
    "audio_system", "audio_mic", "screen_ocr", "journal", "web_browsing", "music", "health", "calendar", "notes", "gps",
    "photos", "email", "messaging", "activity", "braindump",
]
"""The 15 source types."""


class Event(NamedTuple):
    """One thing seen, heard, read or done."""

    data: Data
    """A typed payload of the client's source type, or any JSON object."""
    timestamp: float | datetime | None = None
    """When it was captured: Unix seconds, or a datetime (a naive one is local time); now if absent."""
    raw_ref: str | None = None
    """The plugin's own stable id, at most 256 bytes of UTF-8; a random UUID if absent. Sent twice, stored once."""
    source_type: SourceTypeName | None = None
    """What it is. Only needed for JSON objects of a client with several source types."""


def email(
    *, subject: str | None = None, sender: str | None = None, to: Iterable[str] = (), date: str | None = None
) -> Email:
    """The envelope of an e-mail; `sender` is the member `from`, which is a keyword of Python."""
    made = Email(subject=subject, to=to, date=date)
    if sender is not None:
        setattr(made, "from", sender)
    return made


def messaging(
    *, platform: str | None = None, sender: str | None = None, preview: str | None = None
) -> Messaging:
    """A chat message; `sender` is the member `from`, which is a keyword of Python."""
    made = Messaging(platform=platform, preview=preview)
    if sender is not None:
        setattr(made, "from", sender)
    return made


class Encoders:
    """One encoder for each source type of the client."""

    def __init__(self, source_types: tuple[str, ...]) -> None:
        self._encoders = {name: Encoder(name) for name in source_types}
        self._by_payload: dict[type, str] = {PAYLOADS[name]: name for name in source_types}
        self._only = source_types[0] if len(source_types) == 1 else None

    def encode(self, event: Event) -> tuple[bytes, str, str]:
        """Encodes `event`; gives the bytes, the `raw_ref` and the source type. Raises as `Encoder.encode`."""
        source_type = event.source_type or self._by_payload.get(type(event.data)) or self._only
        if source_type is None:
            names = ", ".join(self._encoders)
            raise InvalidEvent(f"source_type must be one of {names}, as this client has several")
        encoder = self._encoders.get(source_type)
        if encoder is None:
            raise InvalidEvent(f"source_type must be one of {', '.join(self._encoders)}, not {source_type}")
        return (*encoder.encode(event), source_type)


class Encoder:
    """Checks and encodes events of one source type."""

    def __init__(self, source_type: str) -> None:
        self._source_type = source_type
        self._payload = PAYLOADS[source_type]
        fields = self._payload.DESCRIPTOR.fields
        self._doubles = tuple(field.name for field in fields if field.type == field.TYPE_DOUBLE)

    def encode(self, event: Event) -> tuple[bytes, str]:
        """Encodes `event`; gives the bytes and the `raw_ref`. Raises `InvalidEvent` or `EventTooLarge`."""
        made = WireEvent()
        micros = _micros(event.timestamp)
        made.timestamp.seconds = micros // 1_000_000
        made.timestamp.nanos = micros % 1_000_000 * 1000
        raw_ref = _raw_ref(event.raw_ref)
        made.raw_ref = raw_ref
        data = event.data
        if isinstance(data, self._payload):
            for name in self._doubles:
                if not math.isfinite(getattr(data, name)):
                    raise InvalidEvent(f"data.{name} must be a finite number")
            getattr(made, self._source_type).CopyFrom(data)
        else:
            made.json = self._json(data)
        try:
            payload = made.SerializeToString()
        except ValueError as error:
            raise InvalidEvent(f"data must be text in UTF-8: {error}") from None
        if len(payload) > _SURELY_SMALL:
            _check_size(made)
        if len(payload) > _rules.MAX_DATA_STRING_BYTES and made.WhichOneof("data") != "json":
            _check.check_payload(data)
        return payload, raw_ref

    def _json(self, data: Any) -> str:
        if not isinstance(data, Mapping):
            raise InvalidEvent(
                f"data must be {self._payload.__name__}, the message of source type {self._source_type}, or a mapping, "
                f"not {type(data).__name__}"
            )
        try:
            text = json.dumps(data if isinstance(data, dict) else dict(data), ensure_ascii=False, allow_nan=False,
                              separators=(",", ":"))
            size = len(text.encode())
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidEvent(f"data must be a JSON object: {error}") from None
        # A larger one is reported as too large.
        if size <= _rules.MAX_EVENT_JSON_BYTES:
            _check.check_data(data)
        return text


def _micros(timestamp: float | datetime | None) -> int:
    if timestamp is None:
        return time.time_ns() // 1000
    if isinstance(timestamp, datetime):
        timestamp = timestamp.timestamp()
    if isinstance(timestamp, bool) or not isinstance(timestamp, (int, float)):
        raise InvalidEvent(f"timestamp must be Unix seconds or a datetime, not {type(timestamp).__name__}")
    if not math.isfinite(timestamp):
        raise InvalidEvent("timestamp must be finite")
    _check.check_time(timestamp, time.time())
    return round(timestamp * 1_000_000)


def _raw_ref(raw_ref: str | None) -> str:
    if not raw_ref:
        return str(uuid.uuid4())
    if not isinstance(raw_ref, str):
        raise InvalidEvent(f"raw_ref must be a string, not {type(raw_ref).__name__}")
    try:
        size = len(raw_ref) if raw_ref.isascii() else len(raw_ref.encode())
    except UnicodeEncodeError:
        raise InvalidEvent("raw_ref must be text in UTF-8") from None
    if size > _rules.MAX_RAW_REF_BYTES:
        raise InvalidEvent(f"raw_ref must be at most {_rules.MAX_RAW_REF_BYTES} bytes, not {size}")
    return raw_ref


def _check_size(event: WireEvent) -> None:
    size = len(_json_form.event_json(event).encode())
    limit = _rules.MAX_EVENT_JSON_BYTES
    if size > limit:
        raise EventTooLarge(f"an event must be at most {limit} bytes of JSON, not {size}")
