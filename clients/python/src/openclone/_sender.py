"""The thread that empties the spool.

It waits until a batch is due or an answer has come, deals with the answers, and sends while the window allows.
Packages without an answer are either in `_outstanding` (on the stream) or in `_again` (to be sent next, oldest first).
What other threads touch (`_inbox`, `counts`, the refusal) is guarded by the spool's lock, on which `changed` waits.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from pathlib import Path

from ._answers import Answer, Denied, Failed
from ._backoff import Backoff
from ._grpc import Stream
from ._http import JsonConnection, TooLarge
from ._options import Options
from ._outcome import Counts, Outcomes
from ._route import Route
from ._spool import Package, Spool
from ._teller import Teller, logger
from ._trouble import Trouble
from .errors import Damaged, SpoolError, Unavailable

WINDOW = 32
"""Batches on the stream without an answer."""


class Sender:
    """Sends what is due until it is told to stop."""

    def __init__(self, options: Options, spool: Spool, dead_letter: Path, teller: Teller) -> None:
        self.changed = threading.Condition(spool.lock)
        self.trouble = Trouble(Backoff(options.retry_base, options.retry_cap), teller, self.changed)
        self._outcomes = Outcomes(spool, dead_letter, teller, self.trouble)
        self._again = self._outcomes.again
        self._options = options
        self._spool = spool
        self._teller = teller
        self._route = Route(options.transport)
        self._inbox: deque[tuple[Stream, int | None, Answer]] = deque()
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

    @property
    def counts(self) -> Counts:
        """What became of events so far."""
        return self._outcomes.counts

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
                self.trouble.failed(Unavailable(f"{type(error).__name__}: {error}"))
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
            moments.append(max(due, self.trouble.not_before - now, 0.0))
        return min(moments, default=None)

    def _due_in(self) -> float | None:
        if self.trouble.denied is not None or len(self._outstanding) >= WINDOW:
            return None
        if self._again:
            return 0.0
        return self._spool.due_in(self._options.max_batch_events, self._options.max_batch_age)

    def _send_due(self) -> None:
        while not self._inbox and not self._posted and not self._is_stopping:
            with self.changed:
                if self._due_in() != 0.0 or time.monotonic() < self.trouble.not_before:
                    return
            try:
                package = self._again.popleft() if self._again else self._spool.take(self._options.max_batch_events)
            except SpoolError as error:
                self.trouble.failed(error)
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
            self._outcomes.halve(package)
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
            self._outcomes.answered(*self._posted.popleft())
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
                self._outcomes.answered(package, answer)
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
            self.trouble.deny(end)
        elif owed and isinstance(end, Failed):
            self._route.stream_ended(self._stream_answered)
            self.trouble.failed(Unavailable(end.reason), end.retry_after)

    def _close_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _tell_damage(self) -> None:
        while self._spool.damaged:
            copy = self._spool.damaged.pop(0)
            told = f"a segment of the spool was damaged: what could be read is sent, a copy of it is {copy}"
            self._teller.error(Damaged(told))

    def _announce(self) -> None:
        with self.changed:
            self.changed.notify_all()
