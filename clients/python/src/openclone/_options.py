"""Options of a client: their defaults and rules."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Literal
from urllib.parse import urlsplit

from ._key import Key
from .errors import InvalidOptions, OpenCloneError
from .v1 import batch_pb2

ErrorCallback = Callable[[OpenCloneError], None]
RecoveredCallback = Callable[[], None]
PlatformName = Literal["macos", "windows", "linux", "ios", "android", "web"]
OnFull = Literal["block", "reject", "drop_oldest"]
TransportName = Literal["auto", "grpc", "json"]

# The source types whose plugins stay silent until someone has switched them on: sensitivity HIGH and CRITICAL.
SENSITIVE = frozenset({"audio_mic", "health", "email", "messaging"})

_SEMVER_NUMBER = r"(?:0|[1-9]\d*)"
_SEMVER_PART = rf"(?:{_SEMVER_NUMBER}|\d*[a-zA-Z-][0-9a-zA-Z-]*)"
_SEMVER = re.compile(
    rf"{_SEMVER_NUMBER}\.{_SEMVER_NUMBER}\.{_SEMVER_NUMBER}"
    rf"(?:-{_SEMVER_PART}(?:\.{_SEMVER_PART})*)?(?:\+[0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*)?",
    re.ASCII,
)
_PLUGIN_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Rejected:
    """An event that the server rejected and that was set aside."""

    raw_ref: str
    """The event's id."""
    reasons: tuple[str, ...]
    """What is wrong with it, each as `events[0].timestamp: must not be …`."""
    path: Path
    """The file in `dead-letter/`; after repair `openclone ingest FILE` sends it."""


RejectedCallback = Callable[[Rejected], None]


@dataclass(frozen=True)
class Options:
    """What a client was made with, defaults filled in. Its repr leaves the key out."""

    endpoint: str
    key: Key
    plugin_id: str
    plugin_version: str
    source_types: tuple[str, ...]
    platform: str
    why_off: str | None
    """Why the plugin may not send, if so."""
    state_dir: Path
    max_batch_events: int
    max_batch_age: float | None
    spool_max_bytes: int
    on_full: str
    block_timeout: float
    transport: str
    response_timeout: float
    retry_base: float
    retry_cap: float
    clock_retry: float
    heartbeat_seconds: int

    def __post_init__(self) -> None:
        self._check_batch_fields()
        self._check_connection()
        _require(type(self.max_batch_events) is int and 1 <= self.max_batch_events <= 500,
                 "max_batch_events must be 1 to 500")
        _require(type(self.spool_max_bytes) is int and self.spool_max_bytes > 0, "spool_max_bytes must be above 0")
        _require(self.on_full in ("block", "reject", "drop_oldest"), "on_full must be block, reject or drop_oldest")
        _require(0 < self.response_timeout < 10**9, "response_timeout must be a number of seconds above 0")
        for name in ("block_timeout", "retry_base", "retry_cap", "clock_retry"):
            _require(0 <= getattr(self, name) < 10**9, f"{name} must be a number of seconds, 0 or more")
        _require(self.max_batch_age is None or 0 <= self.max_batch_age < 10**9,
                 "max_batch_age must be a number of seconds, 0 or more")
        _require(self.heartbeat_seconds == 0 or 60 <= self.heartbeat_seconds <= 86_400,
                 "heartbeat_seconds must be 60 to 86400, or 0")

    def _check_batch_fields(self) -> None:
        is_known = bool(self.source_types) and all(name in SOURCE_TYPES for name in self.source_types)
        _require(is_known, f"source_type must be one of {', '.join(SOURCE_TYPES)}")
        _require(len(set(self.source_types)) == len(self.source_types), "source_types must name each one once")
        _require(self.platform in PLATFORMS, f"platform must be one of {', '.join(PLATFORMS)}")
        _require(len(self.plugin_id) <= 64 and _PLUGIN_ID.fullmatch(self.plugin_id) is not None,
                 "plugin_id must be kebab-case, 1 to 64 of a-z, 0-9 and -")
        # The service's own limit of bytes.
        _require(len(self.plugin_version) <= 256 and _SEMVER.fullmatch(self.plugin_version) is not None,
                 "plugin_version must be SemVer 2.0, such as 1.0.0")

    def _check_connection(self) -> None:
        _require(self.transport in ("auto", "grpc", "json"), "transport must be auto, grpc or json")
        try:
            parts = urlsplit(self.endpoint)
            port = parts.port
        except ValueError:
            raise InvalidOptions("endpoint must be http://HOST:PORT or https://HOST:PORT") from None
        is_plain = parts.path in ("", "/") and not (parts.username or parts.password or parts.query or parts.fragment)
        _require(parts.scheme in ("http", "https") and bool(parts.hostname) and is_plain and port != 0,
                 "endpoint must be http://HOST:PORT or https://HOST:PORT, and nothing more")

    def __repr__(self) -> str:
        names = ",".join(self.source_types)
        return f"plugin_id={self.plugin_id!r}, source_type={names!r}, endpoint={self.endpoint!r}"


def _names(enum: object, prefix: str) -> dict[str, int]:
    values: dict[str, int] = dict(enum.items())  # type: ignore[attr-defined]
    return {name[len(prefix):].lower(): number for name, number in values.items() if number != 0}


SOURCE_TYPES = _names(batch_pb2.SourceType, "SOURCE_TYPE_")
"""The 15 source types: name in JSON to number in the contract."""
PLATFORMS = _names(batch_pb2.Platform, "PLATFORM_")
"""The six platforms, likewise."""


def default_platform() -> str:
    """The platform of this machine."""
    if sys.platform == "darwin":
        return "macos"
    if sys.platform in ("win32", "cygwin"):
        return "windows"
    if sys.platform == "ios":
        return "ios"
    if sys.platform == "android" or hasattr(sys, "getandroidapilevel"):
        return "android"
    return "web" if sys.platform == "emscripten" else "linux"


def default_state_dir(plugin_id: str) -> Path:
    """`OPENCLONE_STATE`, else a directory of the plugin's own in the home directory."""
    value = os.environ.get("OPENCLONE_STATE")
    return Path(value) if value else Path.home() / ".openclone-plugins" / plugin_id


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise InvalidOptions(message)
