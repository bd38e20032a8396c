"""Reports what the plugin is doing, on a thread of its own: at each change, and before its heartbeat is due."""

from __future__ import annotations

import threading
import time
from typing import Any, Callable

import grpc

from . import _grpc
from ._key import Key
from ._notifier import Notifier
from .errors import InvalidOptions
from .testing import MemoryTransport
from .v1.access_service_pb2 import ReportHealthRequest, ReportHealthResponse

METHOD = "/openclone.v1.AccessService/ReportHealth"
STATES = {"capturing": 1, "paused": 2, "failing": 3, "stopped": 4}
"""Names of `HealthState`."""
MAX_REASON_BYTES = 256
_CALL_SECONDS = 5.0
_STOP_SECONDS = 1.0
_RETRY_SECONDS = (1.0, 60.0)


class Reporter:
    """Keeps the service informed once there is something to report."""

    def __init__(
        self, endpoint: str, key: Key, identity: tuple[str, str, str], heartbeat_seconds: int,
        queued: Callable[[], int], notifier: Notifier, memory: MemoryTransport | None, may_call: bool,
    ) -> None:
        self._endpoint = endpoint
        self._key = key
        self._identity = identity
        self._heartbeat = heartbeat_seconds
        self._queued = queued
        self._notifier = notifier
        self._memory = memory
        self._may_call = may_call
        self._changed = threading.Condition()
        self._state: tuple[str, str] | None = None
        self._is_news = False
        self._is_stopping = False
        self._last_capture = 0.0
        self._thread: threading.Thread | None = None

    def captured(self) -> None:
        """Something was captured now."""
        self._last_capture = time.time()

    def report(self, state: str, reason: str) -> None:
        """Reports a state from now on. Raises `InvalidOptions`."""
        if state not in STATES:
            raise InvalidOptions(f"state must be one of {', '.join(STATES)}")
        reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
        if self._memory is not None:
            self._memory.health.append((state, reason))
        with self._changed:
            self._is_news = self._is_news or self._state != (state, reason)
            self._state = (state, reason)
            if self._thread is None and self._may_call and not self._is_stopping:
                self._thread = threading.Thread(target=self._run, name="openclone-health", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def stop(self) -> None:
        """Reports that the plugin has ended, if it has reported before."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_SECONDS + 0.5)

    def _run(self) -> None:
        retry = _RETRY_SECONDS[0]
        wait: float | None = None
        while self._wait(wait):
            if self._call(_CALL_SECONDS):
                retry = _RETRY_SECONDS[0]
                wait = self._heartbeat or None
            else:
                wait = retry
                retry = min(2 * retry, _RETRY_SECONDS[1])
                self._is_news = True
        self._state = ("stopped", "")
        self._call(_STOP_SECONDS)

    def _wait(self, seconds: float | None) -> bool:
        """Waits for news or the next heartbeat; false when the client closes."""
        with self._changed:
            deadline = None if seconds is None else time.monotonic() + seconds
            is_retry = self._is_news and seconds is not None
            while not self._is_stopping:
                left = None if deadline is None else deadline - time.monotonic()
                if (self._is_news and not is_retry) or (left is not None and left <= 0):
                    self._is_news = False
                    return True
                self._changed.wait(left)
        return False

    def _call(self, timeout: float) -> bool:
        state, reason = self._state or ("capturing", "")
        plugin_id, version, device_id = self._identity
        request = ReportHealthRequest(
            plugin_id=plugin_id, plugin_version=version, device_id=device_id, state=STATES[state],  # type: ignore[arg-type]
            reason=reason, heartbeat_seconds=self._heartbeat, queued=self._queued(),
        )
        if self._last_capture:
            request.last_capture.FromMicroseconds(round(self._last_capture * 1e6))
        try:
            with _grpc.channel(self._endpoint) as channel:
                call: Any = channel.unary_unary(
                    METHOD, request_serializer=ReportHealthRequest.SerializeToString,
                    response_deserializer=ReportHealthResponse.FromString,
                )
                call(request, timeout=timeout, metadata=(("x-api-key", self._key.get()),))
        except (grpc.RpcError, InvalidOptions) as error:
            self._notifier.debug("the report of its health failed: %s", error)
            return False
        self._notifier.debug("reported %s", state)
        return True
