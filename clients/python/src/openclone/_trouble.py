"""What keeps the sender from sending: a failure to wait out, or a key that was refused."""

from __future__ import annotations

import threading
import time

from ._answers import Denied
from ._backoff import Backoff
from ._teller import Teller
from .errors import AccessDenied, Clock, OpenCloneError, SpoolError, Unavailable

TELL_FAILURES = 3
"""Failures in a row after which the plugin is told; fewer are no news, as the next attempt may succeed."""


class Trouble:
    """Waits after failures, and remembers the last one. `changed` is notified of a refusal."""

    def __init__(self, backoff: Backoff, teller: Teller, changed: threading.Condition) -> None:
        self.denied: AccessDenied | None = None
        """The refusal, which is for good."""
        self.not_before = 0.0
        """When to send again (monotonic)."""
        self._last: OpenCloneError | None = None
        self._backoff = backoff
        self._teller = teller
        self._changed = changed

    def failed(self, error: Unavailable | Clock | SpoolError, retry_after: float = 0.0) -> None:
        """Waits before anything is sent again. What fails while waiting belongs to the same failure."""
        now = time.monotonic()
        self._last = error
        if now >= self.not_before:
            self.not_before = now + self._backoff.failed(retry_after)
        else:
            self.not_before = max(self.not_before, now + retry_after)
        # A wrong clock and a full disk do not pass by themselves.
        if self._backoff.failures >= TELL_FAILURES or not isinstance(error, Unavailable):
            self._teller.lasting(error)

    def answered(self) -> None:
        """The server is there, even if it refuses the batch."""
        self._backoff.succeeded()

    def succeeded(self) -> None:
        """A batch was accepted: what lasted is over."""
        self._last = None
        self._backoff.succeeded()
        self._teller.succeeded()

    def deny(self, answer: Denied) -> None:
        """Ends sending for good."""
        denied = AccessDenied(
            f"the server refused the key ({answer.reason}): nothing is sent until the plugin starts again with a key "
            "that may send"
        )
        with self._changed:
            if self.denied is not None:
                return
            self.denied = denied
            self._changed.notify_all()
        self._teller.error(denied)

    def __str__(self) -> str:
        failure = self.denied or self._last
        return f"{type(failure).__name__}: {failure}" if failure else "the server is slow"
