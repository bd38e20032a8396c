"""What keeps the sender from sending: a failure to wait out, or a key that was rejected."""

from __future__ import annotations

import threading
import time

from ._backoff import Backoff
from ._key import Key
from ._notifier import Notifier
from ._responses import Denied
from .errors import AccessDenied, Clock, OpenCloneError, SpoolError, Unavailable

TELL_FAILURES = 3
"""Failures in a row after which the plugin is reported; fewer are no news, as the next attempt may succeed."""


class Failures:
    """Waits after failures, and remembers the last one. `changed` is notified of a refusal."""

    def __init__(self, backoff: Backoff, notifier: Notifier, changed: threading.Condition, key: Key) -> None:
        self.denied: AccessDenied | None = None
        """The refusal, which is for good unless there is another key."""
        self.not_before = 0.0
        """When to send again (monotonic)."""
        self._last: OpenCloneError | None = None
        self._backoff = backoff
        self._notifier = notifier
        self._changed = changed
        self._key = key

    def failed(self, error: Unavailable | SpoolError, retry_after: float = 0.0) -> None:
        """Waits before anything is sent again. What fails while waiting belongs to the same failure."""
        now = time.monotonic()
        self._last = error
        if now >= self.not_before:
            self.not_before = now + self._backoff.failed(retry_after)
        else:
            self.not_before = max(self.not_before, now + retry_after)
        # A wrong clock and a full disk do not pass by themselves.
        if self._backoff.failures >= TELL_FAILURES or not isinstance(error, Unavailable):
            self._notifier.lasting(error)

    def clock(self, error: Clock) -> None:
        """Remembers that the clocks differ; other events are sent on."""
        self._last = error
        self._notifier.lasting(error)

    def acknowledged(self) -> None:
        """The server is there, even if it rejects the batch."""
        self._backoff.succeeded()

    def succeeded(self) -> None:
        """A batch was accepted: what lasted is over."""
        self._last = None
        self._backoff.succeeded()
        self._notifier.succeeded()

    def deny(self, response: Denied) -> None:
        """Ends sending until there is another key."""
        cure = "there is another key" if self._key.is_renewable else "the plugin starts again with a key that may send"
        denied = AccessDenied(f"the server rejected the key ({response.reason}): nothing is sent until {cure}")
        self._key.rejected()
        with self._changed:
            if self.denied is not None:
                return
            self.denied = denied
            self._changed.notify_all()
        self._notifier.lasting(denied)

    def look_for_another_key(self) -> None:
        """Goes on if the key was rejected and there is another one now."""
        if self.denied is not None and self._key.is_renewed():
            with self._changed:
                self.denied = None
                self._last = None
                self._changed.notify_all()

    def __str__(self) -> str:
        failure = self.denied or self._last
        return f"{type(failure).__name__}: {failure}" if failure else "the server is slow"
