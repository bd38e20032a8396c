"""The thread that empties the spool.

It waits until a batch is due or an answer has come, deals with the answers, and sends while the window allows.
Packages without an answer are either in `_outstanding` (on the stream) or in `_again` (to be sent next, oldest first).
What other threads touch (`_inbox`, `denied`, `counts`) is guarded by the spool's lock, on which `changed` waits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import _dead_letter
from ._answers import Accepted, Answer, Denied, Failed, Refused
from ._backoff import Backoff
from ._grpc import Stream
from ._http import JsonConnection, TooLarge
from ._options import Options
from ._route import Route
from ._spool import Package, Spool
from ._teller import Teller, logger
from .errors import AccessDenied, Clock, Damaged, OpenCloneError, SpoolError, Unavailable

WINDOW = 32
"""Batches on the stream without an answer."""
TELL_FAILURES = 3
"""Failures in a row after which the plugin is told; fewer are no news, as the next attempt may succeed."""


@dataclass
class Counts:
    """What became of events since the client was made."""

    stored: int = 0
    skipped: int = 0
    rejected: int = 0
    dropped: int = 0


class Sender:
    """Sends what is due until it is told to stop."""

    def __init__(self, options: Options, spool: Spool, dead_letter: Path, teller: Teller) -> None:
        self.changed = threading.Condition(spool.lock)
        self.denied: AccessDenied | None = None
        self.last_failure: OpenCloneError | None = None
        self.counts = Counts()
        self._options = options
        self._spool = spool
        self._dead_letter = dead_letter
        self._teller = teller
        self._route = Route(options.transport)
        self._backoff = Backoff(options.retry_base, options.retry_cap)
        self._not_before = 0.0
        self._inbox: deque[tuple[Stream, int | None, Answer]] = deque()
        self._again: deque[Package] = deque()
        self._outstanding: dict[int, Package] = {}
        self._posted: deque[tuple[Package, Answer]] = deque()
        self._sequence = 0
        self._stream: Stream | None = None
        self._stream_answered = False
        self._progress_at = 0.0
        self._json = JsonConnection(options.endpoint, options.api_key, options.answer_timeout)
        self._posting_since: float | None = None
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="openclone-sender", daemon=True)

    def start(self) -> None:
        """Begins to send."""
        self._thread.start()

    def stop(self) -> None:
        """Stops at once. What has no answer stays in the spool."""
        with self.changed:
            self._is_stopping = True
            self.changed.notify_all()
        self._json.abort()
        # A callback may close the client, on this very thread.
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=5.0)

    def watch(self) -> None:
        """Gives up a POST that takes too long; called now and then by another thread."""
        since = self._posting_since
        if since is not None and time.monotonic() - since > self._options.answer_timeout:
            self._json.abort()

    def _run(self) -> None:
        while self._wait():
            try:
                self._tell_damage()
                self._read_inbox()
                self._check_progress()
                self._send_due()
            except Exception as error:  # noqa: BLE001
                # Such as a thread that the system refuses to start. The plugin must not lose its sender over it.
                logger.exception("sending failed")
                self._failed(Unavailable(f"{type(error).__name__}: {error}"))
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
        """Seconds until there is something to do; `None` if only an answer or an event can bring it."""
        now = time.monotonic()
        moments = []
        if self._outstanding:
            moments.append(max(0.0, self._progress_at + self._options.answer_timeout - now))
        due = self._due_in()
        if due is not None:
            moments.append(max(due, self._not_before - now, 0.0))
        return min(moments, default=None)

    def _due_in(self) -> float | None:
        if self.denied is not None or len(self._outstanding) >= WINDOW:
            return None
        if self._again:
            return 0.0
        return self._spool.due_in(self._options.max_batch_events, self._options.max_batch_age)

    def _send_due(self) -> None:
        while not self._inbox and not self._posted and not self._is_stopping:
            with self.changed:
                if self._due_in() != 0.0 or time.monotonic() < self._not_before:
                    return
            try:
                package = self._again.popleft() if self._again else self._spool.take(self._options.max_batch_events)
            except SpoolError as error:
                self._failed(error)
                return
            if package is None:
                continue
            try:
                self._send(package)
            except Exception:
                self._again.appendleft(package)
                raise

    def _send(self, package: Package) -> None:
        # The stream that is open is used up first: it may owe answers.
        if self._stream is None and self._route.is_json():
            self._post(package)
            return
        if self._stream is None:
            self._stream = Stream(self._options.endpoint, self._options.api_key, self._deliver)
            self._stream_answered = False
        if not self._outstanding:
            self._progress_at = time.monotonic()
        self._sequence += 1
        self._stream.submit(self._sequence, package.segment.header, package.events)
        self._outstanding[self._sequence] = package

    def _post(self, package: Package) -> None:
        """The answer is dealt with as one of the stream is, in its turn."""
        self._posting_since = time.monotonic()
        try:
            answer = self._json.post(package.segment.header, package.events)
        except TooLarge:
            self._halve(package)
            return
        finally:
            self._posting_since = None
        self._route.posted(self._json.was_answered)
        self._posted.append((package, answer))

    def _deliver(self, stream: Stream, sequence: int | None, answer: Answer) -> None:
        with self.changed:
            self._inbox.append((stream, sequence, answer))
            self.changed.notify_all()

    def _read_inbox(self) -> None:
        if not self._inbox and not self._posted:
            return
        while self._posted:
            self._answered(*self._posted.popleft())
        while self._inbox:
            stream, sequence, answer = self._inbox.popleft()
            if stream is not self._stream:
                continue
            if sequence is None:
                self._lost(answer)
                continue
            self._progress_at = time.monotonic()
            self._stream_answered = True
            package = self._outstanding.pop(sequence, None)
            if package is not None:
                self._answered(package, answer)
        self._announce()

    def _check_progress(self) -> None:
        if self._outstanding and time.monotonic() - self._progress_at >= self._options.answer_timeout:
            self._lost(Failed(f"no answer within {self._options.answer_timeout:g} s"))

    def _lost(self, end: Answer) -> None:
        """The stream is over: what has no answer is sent again."""
        owed = [self._outstanding.pop(sequence) for sequence in sorted(self._outstanding)]
        self._again.extendleft(reversed(owed))
        self._close_stream()
        if isinstance(end, Denied):
            self._deny(end)
        elif owed and isinstance(end, Failed):
            self._route.stream_ended(self._stream_answered)
            self._failed(Unavailable(end.reason), end.retry_after)

    def _close_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _answered(self, package: Package, answer: Answer) -> None:
        if isinstance(answer, Accepted):
            self._accepted(package, answer)
        elif isinstance(answer, Refused):
            self._refused(package, answer)
        else:
            self._again.appendleft(package)
            if isinstance(answer, Denied):
                self._deny(answer)
            else:
                self._failed(Unavailable(answer.reason), answer.retry_after)

    def _accepted(self, package: Package, answer: Accepted) -> None:
        with self.changed:
            self.counts.stored += answer.stored
            self.counts.skipped += answer.skipped
            self._done(package, len(package.events))
            self.last_failure = None
        self._backoff.succeeded()
        self._teller.succeeded()

    def _done(self, package: Package, events: int) -> None:
        try:
            self._spool.done(package.segment, events)
        except SpoolError as error:
            # The file could not be deleted. After the next start the server skips what is in it.
            self._teller.lasting(error)

    def _refused(self, package: Package, answer: Refused) -> None:
        if answer.is_clock:
            self._again.appendleft(package)
            self._failed(Clock(f"this machine's clock is wrong: {answer.reason}"))
            return
        self._backoff.succeeded()
        named = {index: reasons for index, reasons in answer.events.items() if index < len(package.events)}
        if not named and len(package.events) > 1:
            self._halve(package)
            return
        self._set_aside(package, named or {0: [answer.reason]})

    def _halve(self, package: Package) -> None:
        middle = len(package.events) // 2
        halves = package.events[:middle], package.events[middle:]
        self._again.extendleft(Package(package.segment, events) for events in reversed(halves))

    def _set_aside(self, package: Package, faults: dict[int, list[str]]) -> None:
        """Sets the named events aside; the others are sent again."""
        kept: list[bytes] = []
        for index, event in enumerate(package.events):
            if index not in faults or not self._try_set_aside(package, event, faults[index]):
                kept.append(event)
        if kept:
            self._again.appendleft(Package(package.segment, kept))

    def _try_set_aside(self, package: Package, event: bytes, reasons: Sequence[str]) -> bool:
        try:
            rejected = _dead_letter.set_aside(self._dead_letter, package.segment.header, event, reasons)
        except SpoolError as error:
            self._failed(error)
            return False
        with self.changed:
            self.counts.rejected += 1
            self._done(package, 1)
        self._teller.rejected(rejected)
        return True

    def _deny(self, answer: Denied) -> None:
        denied = AccessDenied(
            f"the server refused the key ({answer.reason}): nothing is sent until the plugin starts again with a key "
            "that may send"
        )
        with self.changed:
            if self.denied is not None:
                return
            self.denied = denied
        self._teller.error(denied)
        self._announce()

    def _failed(self, error: Unavailable | Clock | SpoolError, retry_after: float = 0.0) -> None:
        """Waits before anything is sent again. What fails while waiting belongs to the same failure."""
        now = time.monotonic()
        self.last_failure = error
        if now >= self._not_before:
            self._not_before = now + self._backoff.failed(retry_after)
        else:
            self._not_before = max(self._not_before, now + retry_after)
        # A wrong clock and a full disk do not pass by themselves.
        if self._backoff.failures >= TELL_FAILURES or not isinstance(error, Unavailable):
            self._teller.lasting(error)

    def _tell_damage(self) -> None:
        while self._spool.damaged:
            copy = self._spool.damaged.pop(0)
            told = f"a segment of the spool was damaged: what could be read is sent, a copy of it is {copy}"
            self._teller.error(Damaged(told))

    def _announce(self) -> None:
        with self.changed:
            self.changed.notify_all()
