"""The thread that empties the spool.

It waits until a batch is due or a response has come, deals with the responses, and sends while the window allows.
Packages without a response are either in `_outstanding` (on the stream) or in `_again` (to be sent next, oldest first).
What other threads touch (`_inbox`, `counts`, the refusal) is guarded by the spool's lock, on which `changed` waits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path

from ._backoff import Backoff
from ._failures import Failures
from ._grpc import Stream
from ._http import JsonConnection, TooLarge
from ._notifier import Notifier, logger
from ._options import Options
from ._outcome import Counts, Outcomes
from ._responses import Denied, Failed, Response
from ._route import STREAM_AGE, Route
from ._spool import Package, Spool
from .errors import Damaged, InvalidOptions, SpoolError, Unavailable
from .testing import MemoryTransport

WINDOW = 32
"""Batches on the stream without a response."""
MAX_PARKED = 32
"""Batches kept because of the clock, beyond which nothing more is taken from the spool."""
MAX_BATCH_EVENTS = 500
"""Events in a batch of the detour over JSON, where requests are limited."""


class Sender:
    """Sends what is due until it is told to stop."""

    def __init__(
        self, options: Options, spool: Spool, dead_letter: Path, notifier: Notifier, memory: MemoryTransport | None
    ) -> None:
        self.changed = threading.Condition(spool.lock)
        self.failures = Failures(Backoff(options.retry_base, options.retry_cap), notifier, self.changed, options.key)
        self._outcomes = Outcomes(spool, dead_letter, notifier, self.failures, options.clock_retry)
        self._again = self._outcomes.again
        self._options = options
        self._spool = spool
        self._notifier = notifier
        self._route = Route("json" if memory else options.transport)
        self._inbox: deque[tuple[Stream, int | None, Response]] = deque()
        self._outstanding: dict[int, Package] = {}
        self._posted: deque[tuple[Package, Response]] = deque()
        self._sequence = 0
        self._stream: Stream | None = None
        self._stream_got_response = False
        self._progress_at = 0.0
        self._json = memory or JsonConnection(options.endpoint, options.key, options.response_timeout)
        self._posting_since: float | None = None
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="openclone-sender", daemon=True)

    @property
    def counts(self) -> Counts:
        """What became of events so far."""
        return self._outcomes.counts

    def start(self) -> None:
        """Begins to send."""
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Stops at once, within `timeout`. What has no response stays in the spool."""
        with self.changed:
            self._is_stopping = True
            self.changed.notify_all()
        self._json.abort()
        # A callback may close the client, on this very thread.
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def watch(self) -> None:
        """Gives up a POST that takes too long, and looks for another key; called now and then by another thread."""
        self.failures.look_for_another_key()
        since = self._posting_since
        if since is not None and time.monotonic() - since > self._options.response_timeout:
            self._json.abort()

    def _run(self) -> None:
        while self._wait():
            try:
                self._tell_damage()
                self._read_inbox()
                self._check_progress()
                self._send_due()
            except InvalidOptions as error:
                self.failures.failed(Unavailable(str(error)))
            except Exception as error:  # noqa: BLE001
                # Such as a thread that the system refuses to start. The plugin must not lose its sender over it.
                logger.exception("sending failed")
                self.failures.failed(Unavailable(f"{type(error).__name__}: {error}"))
        self._close_stream()
        self._json.close()

    def _wait(self) -> bool:
        with self.changed:
            while not self._is_stopping:
                delay = 0.0 if self._inbox or self._posted or self._spool.damaged else self._next_in()
                if delay == 0.0:
                    return True
                self.changed.wait(delay)
        return False

    def _next_in(self) -> float | None:
        """Seconds until there is something to do; `None` if only a response or an event can bring it."""
        now = time.monotonic()
        deadlines = []
        if self._outstanding:
            deadlines.append(max(0.0, self._progress_at + self._options.response_timeout - now))
        due = self._due_in()
        if due is not None:
            deadlines.append(max(due, self.failures.not_before - now, 0.0))
        return min(deadlines, default=None)

    def _due_in(self) -> float | None:
        if self.failures.denied is not None or len(self._outstanding) >= WINDOW:
            return None
        if self._again:
            return 0.0
        parked = self._outcomes.parked
        retry = max(0.0, parked[0][0] - time.monotonic()) if parked else None
        if len(parked) >= MAX_PARKED:
            return retry
        due = self._spool.due_in(self._options.max_batch_events, self._age())
        return min((wait for wait in (retry, due) if wait is not None), default=None)

    def _age(self) -> float:
        """How long the first event of a batch waits for others."""
        if self._options.max_batch_age is not None:
            return self._options.max_batch_age
        return STREAM_AGE if self._stream is not None else self._route.max_age()

    def _take(self) -> Package | None:
        if self._again:
            return self._again.popleft()
        parked = self._outcomes.parked
        if parked and time.monotonic() >= parked[0][0]:
            return parked.popleft()[1]
        is_detour = self._stream is None and self._route.is_detour()
        full = self._options.max_batch_events
        return self._spool.take(MAX_BATCH_EVENTS if is_detour else full, full, self._age())

    def _send_due(self) -> None:
        while not self._inbox and not self._posted and not self._is_stopping:
            with self.changed:
                if self._due_in() != 0.0 or time.monotonic() < self.failures.not_before:
                    return
            try:
                package = self._take()
            except SpoolError as error:
                self.failures.failed(error)
                return
            if package is None:
                continue
            try:
                self._send(package)
            except Exception:
                self._again.appendleft(package)
                raise

    def _send(self, package: Package) -> None:
        # The stream that is open is used up first: it may owe responses.
        if self._stream is None and self._route.is_json():
            self._post(package)
            return
        if self._stream is None:
            self._notifier.debug("opening a stream to %s", self._options.endpoint)
            self._stream = Stream(self._options.endpoint, self._options.key, self._deliver)
            self._stream_got_response = False
        if not self._outstanding:
            self._progress_at = time.monotonic()
        self._sequence += 1
        self._notifier.debug("batch %d: %d events on the stream", self._sequence, len(package.events))
        self._stream.submit(self._sequence, package.segment.header, package.events)
        self._outstanding[self._sequence] = package

    def _post(self, package: Package) -> None:
        """The response is dealt with as one of the stream is, in its turn."""
        self._posting_since = time.monotonic()
        self._notifier.debug("posting %d events", len(package.events))
        try:
            response = self._json.post(package.segment.header, package.events)
        except TooLarge:
            self._outcomes.halve(package)
            return
        finally:
            self._posting_since = None
        self._route.posted(self._json.got_response, isinstance(response, Failed) and response.is_limit)
        self._notifier.debug("response: %s", type(response).__name__)
        self._posted.append((package, response))

    def _deliver(self, stream: Stream, sequence: int | None, response: Response) -> None:
        with self.changed:
            self._inbox.append((stream, sequence, response))
            self.changed.notify_all()

    def _read_inbox(self) -> None:
        if not self._inbox and not self._posted:
            return
        while self._posted:
            self._outcomes.acknowledged(*self._posted.popleft())
        while self._inbox:
            stream, sequence, response = self._inbox.popleft()
            if stream is not self._stream:
                continue
            if sequence is None:
                self._lost(response)
                continue
            self._progress_at = time.monotonic()
            self._stream_got_response = True
            package = self._outstanding.pop(sequence, None)
            if package is not None:
                self._notifier.debug("batch %d: %s", sequence, type(response).__name__)
                self._outcomes.acknowledged(package, response)
        self._announce()

    def _check_progress(self) -> None:
        if self._outstanding and time.monotonic() - self._progress_at >= self._options.response_timeout:
            self._lost(Failed(f"no response within {self._options.response_timeout:g} s"))

    def _lost(self, end: Response) -> None:
        """The stream is over: what has no response is sent again."""
        self._notifier.debug("the stream has ended: %s", getattr(end, "reason", end))
        unacknowledged = [self._outstanding.pop(sequence) for sequence in sorted(self._outstanding)]
        self._again.extendleft(reversed(unacknowledged))
        self._close_stream()
        if isinstance(end, Denied):
            self.failures.deny(end)
        elif unacknowledged and isinstance(end, Failed):
            if not end.is_unreachable:
                self._route.stream_ended(self._stream_got_response or end.is_of_service)
            self.failures.failed(Unavailable(end.reason), end.retry_after)

    def _close_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _tell_damage(self) -> None:
        while self._spool.damaged:
            copy = self._spool.damaged.pop(0)
            reported = f"a segment of the spool was damaged: what could be read is sent, a copy of it is {copy}"
            self._notifier.error(Damaged(reported))

    def _announce(self) -> None:
        with self.changed:
            self.changed.notify_all()
