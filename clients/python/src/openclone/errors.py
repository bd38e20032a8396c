"""What goes wrong. Every error is an `OpenCloneError`; none of them ever contains the API key."""

from __future__ import annotations


class OpenCloneError(Exception):
    """The base of all errors of this package."""


class InvalidOptions(OpenCloneError, ValueError):
    """An option breaks a rule of the batch. No client is made."""


class NotEnabled(OpenCloneError):
    """The plugin is not switched on; the message says how to do it. The event was not queued."""


class InvalidEvent(OpenCloneError, ValueError):
    """The event can never be taken: its timestamp, `raw_ref` or data break a rule. It was not queued."""


class EventTooLarge(InvalidEvent):
    """The event's documented JSON form is over 1,000,000 bytes. It was not queued."""


class SpoolFull(OpenCloneError):
    """The spool has reached `spool_max_bytes`. The event was not queued."""


class SpoolError(OpenCloneError):
    """The disk fails: full, read-only, or no permission. The event was not queued."""


class SpoolLocked(OpenCloneError):
    """Another client uses the state directory. No client is made."""


class AccessDenied(OpenCloneError):
    """The server rejected the key. Sending has stopped; what is queued stays in the spool for the next start."""


class Timeout(OpenCloneError, TimeoutError):
    """`flush` or `close` took longer than allowed; says what the last failure was. The events stay in the spool."""


class Closed(OpenCloneError):
    """`send` after `close`. The event was not queued."""


class Unavailable(OpenCloneError):
    """Reported to `on_error` only: the service has not been reached several times in a row. Sending goes on trying."""


class Clock(OpenCloneError):
    """Reported to `on_error` only: this machine's clock is wrong, so batches are rejected. Sending goes on trying."""


class Damaged(OpenCloneError):
    """Reported to `on_error` only: a segment of the spool was damaged; a copy of it is in `dead-letter/`."""


class Dropped(OpenCloneError):
    """Reported to `on_error` only: the spool was full, and its oldest events were deleted (`on_full="drop_oldest"`)."""
