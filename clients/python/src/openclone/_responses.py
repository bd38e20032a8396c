"""What the server says about a batch, the same for gRPC and JSON."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Union

import grpc
from google.rpc import error_details_pb2, status_pb2

from .v1.ingest_service_pb2 import IngestResponse


@dataclass(frozen=True)
class Accepted:
    """The batch is durable."""

    stored: int
    skipped: int


@dataclass(frozen=True)
class InvalidBatch:
    """The batch breaks a rule."""

    reason: str
    """For the batch as a whole."""
    events: Mapping[int, list[str]] = field(default_factory=dict)
    """What is wrong with single events; each reason names its event `events[0]`, as it is when set aside."""
    is_clock: bool = False
    """Whether the batch's own timestamp is at fault, so that this machine's clock is wrong."""
    ahead: frozenset[int] = frozenset()
    """Events whose timestamp is at fault. `send` has checked it, so the two clocks differ: the event is kept."""


@dataclass(frozen=True)
class Failed:
    """Nothing is known of the batch; it is to be sent again."""

    reason: str
    retry_after: float = 0.0
    """Seconds that the server asks to wait."""
    is_limit: bool = False
    """Whether the server has had too many requests (429)."""
    is_unreachable: bool = False
    """Whether nothing listens there: no evidence that a proxy breaks HTTP/2."""
    is_of_service: bool = False
    """Whether the service itself responded."""


@dataclass(frozen=True)
class Denied:
    """The key was rejected."""

    reason: str


Response = Union[Accepted, InvalidBatch, Failed, Denied]

# Codes of google.rpc.Code.
_INVALID_ARGUMENT, _PERMISSION_DENIED, _OUT_OF_RANGE, _UNAUTHENTICATED = 3, 7, 11, 16
_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}
_EVENT_FIELD = re.compile(r"events\[(\d+)\](.*)", re.DOTALL)
_UNREACHABLE = re.compile("Connection refused|No route to host|Network is unreachable")
# A wait beyond this is a mistake of whoever asks for it.
_LONGEST_WAIT = 86_400.0


def of_response(response: IngestResponse) -> Response:
    """The response in a response of the stream."""
    if response.WhichOneof("outcome") == "result":
        return Accepted(response.result.stored, response.result.skipped)
    return of_status(response.error)


def of_status(status: status_pb2.Status) -> Response:
    """The response in an error of gRPC."""
    reason = f"{_NAMES.get(status.code, status.code)}: {status.message}"
    if status.code in (_UNAUTHENTICATED, _PERMISSION_DENIED):
        return Denied(reason)
    if status.code in (_INVALID_ARGUMENT, _OUT_OF_RANGE):
        return _invalid(reason, _violations(status))
    return Failed(
        reason,
        retry_delay(status),
        is_unreachable=_UNREACHABLE.search(status.message) is not None,
        # Every error of the service has details; one of a proxy has none.
        is_of_service=len(status.details) > 0,
    )


def retry_delay(status: status_pb2.Status) -> float:
    """Seconds that the details ask to wait; 0 if they do not."""
    info = error_details_pb2.RetryInfo()
    for detail in status.details:
        if detail.Is(info.DESCRIPTOR) and detail.Unpack(info):
            return _bounded(info.retry_delay.seconds + info.retry_delay.nanos / 1e9)
    return 0.0


def of_http(code: int, headers: Mapping[str, str], body: bytes) -> Response:
    """The response in a response of HTTP; `headers` with lower-case names."""
    reason = f"HTTP {code}"
    if code == 200:
        return _accepted(body) or Failed("HTTP 200 without the counts of a service")
    if code in (401, 403):
        return Denied(reason + _sentence(body))
    if code in (400, 413, 422):
        return _invalid(reason + _sentence(body), _locations(body))
    return Failed(reason + _sentence(body), _retry_after(headers.get("retry-after")), is_limit=code == 429)


def _invalid(reason: str, violations: Iterable[tuple[str, str]]) -> InvalidBatch:
    events: dict[int, list[str]] = {}
    is_clock = False
    ahead = set()
    for path, sentence in violations:
        if found := _EVENT_FIELD.fullmatch(path):
            if found.group(2) == ".timestamp":
                ahead.add(int(found.group(1)))
            events.setdefault(int(found.group(1)), []).append(f"events[0]{found.group(2)}: {sentence}")
        is_clock |= path == "timestamp"
    return InvalidBatch(reason, events, is_clock, frozenset(ahead))


def _violations(status: status_pb2.Status) -> list[tuple[str, str]]:
    request = error_details_pb2.BadRequest()
    found = []
    for detail in status.details:
        if detail.Is(request.DESCRIPTOR) and detail.Unpack(request):
            found += [(violation.field, violation.description) for violation in request.field_violations]
    return found


def _locations(body: bytes) -> list[tuple[str, str]]:
    detail = _detail(body)
    if not isinstance(detail, list):
        return []
    named = [entry for entry in detail if isinstance(entry, dict) and isinstance(entry.get("loc"), list)]
    return [(_path(entry["loc"]), str(entry.get("msg", "invalid"))) for entry in named]


def _path(loc: list[Any]) -> str:
    path = ""
    for step in loc[1:] if loc[:1] == ["body"] else loc:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    return path


def _sentence(body: bytes) -> str:
    detail = _detail(body)
    if isinstance(detail, list):
        return "".join(f"; {path}: {sentence}" for path, sentence in _locations(body)[:3])
    return f": {detail[:200]}" if isinstance(detail, str) else ""


def _detail(body: bytes) -> Any:
    response = _parse(body)
    return response.get("detail") if isinstance(response, dict) else None


def _accepted(body: bytes) -> Accepted | None:
    response = _parse(body)
    if not isinstance(response, dict):
        return None
    stored, skipped = response.get("stored"), response.get("skipped")
    return Accepted(stored, skipped) if type(stored) is int and type(skipped) is int else None


def _parse(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _retry_after(value: str | None) -> float:
    if value is None:
        return 0.0
    try:
        return _bounded(float(value))
    except ValueError:
        pass
    try:
        return _bounded(email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_WAIT) if seconds == seconds else 0.0
