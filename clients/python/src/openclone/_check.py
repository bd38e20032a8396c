"""The rules that an event's time and data must keep, checked before it is queued: see `_rules`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _rules
from .errors import InvalidEvent


def check_time(timestamp: float, now: float) -> None:
    """Checks Unix seconds against the clock of this device. Raises `InvalidEvent`."""
    if timestamp < _rules.EARLIEST_SECONDS:
        raise InvalidEvent("timestamp must not be before 2020-01-01T00:00:00Z")
    if timestamp <= now + _rules.MAX_AHEAD_SECONDS:
        return
    is_milliseconds = _rules.EARLIEST_SECONDS <= timestamp / 1000 <= now + _rules.MAX_AHEAD_SECONDS
    hint = f"it is in seconds, and {timestamp:.0f} looks like milliseconds" if is_milliseconds else "it is in seconds"
    raise InvalidEvent(f"timestamp must not be more than 24 h ahead of this device's clock: {hint}")


def check_data(data: Any, depth: int = 1, path: str = "data") -> None:
    """Checks a JSON value and what is in it. Raises `InvalidEvent`."""
    if isinstance(data, str):
        _check_text(data, path)
    elif isinstance(data, (Mapping, list, tuple)):
        if depth > _rules.MAX_DATA_DEPTH:
            raise InvalidEvent(f"data must be at most {_rules.MAX_DATA_DEPTH} levels deep")
        if isinstance(data, Mapping):
            _check_members(data, path)
            for key, value in data.items():
                check_data(value, depth + 1, f"{path}.{key}"[:100])
        else:
            for value in data:
                check_data(value, depth + 1, path)


def check_payload(payload: Any) -> None:
    """Checks the strings of a typed payload. Raises `InvalidEvent`."""
    for field, value in payload.ListFields():
        for text in [value] if isinstance(value, str) else value if field.type == field.TYPE_STRING else ():
            _check_text(text, f"data.{field.name}")


def _check_members(data: Mapping[Any, Any], path: str) -> None:
    if len(data) > _rules.MAX_DATA_MEMBERS:
        raise InvalidEvent(f"{path} must have at most {_rules.MAX_DATA_MEMBERS} members, not {len(data)}")
    for key in data:
        size = _size(key) if isinstance(key, str) else 0
        if size > _rules.MAX_DATA_KEY_BYTES:
            raise InvalidEvent(f"a key in {path} must be at most {_rules.MAX_DATA_KEY_BYTES} bytes, not {size}")


def _check_text(text: str, path: str) -> None:
    size = _size(text)
    if size > _rules.MAX_DATA_STRING_BYTES:
        raise InvalidEvent(f"{path} must be at most {_rules.MAX_DATA_STRING_BYTES} bytes, not {size}")


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
