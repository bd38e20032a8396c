"""Tells the plugin what happens behind its back: by its callbacks, or by the log."""

from __future__ import annotations

import logging
from typing import Any, Callable

from ._options import ErrorCallback, Rejected, RejectedCallback
from .errors import OpenCloneError

logger = logging.getLogger("openclone")


class Notifier:
    """Calls `on_error` and `on_rejected`. A failure that lasts is reported once, until something has succeeded."""

    def __init__(self, on_error: ErrorCallback | None, on_rejected: RejectedCallback | None) -> None:
        self._on_error = on_error or _log_error
        self._on_rejected = on_rejected or _log_rejected
        self._reported: set[type[OpenCloneError]] = set()

    def error(self, error: OpenCloneError) -> None:
        """Tells it now."""
        _call(self._on_error, error)

    def lasting(self, error: OpenCloneError) -> None:
        """Tells it unless one of its kind was reported since the last success."""
        if type(error) not in self._reported:
            self._reported.add(type(error))
            self.error(error)

    def succeeded(self) -> None:
        """What lasted is over."""
        self._reported.clear()

    def rejected(self, rejected: Rejected) -> None:
        """Tells of an event that was set aside."""
        _call(self._on_rejected, rejected)


def _call(callback: Callable[[Any], None], argument: Any) -> None:
    try:
        callback(argument)
    except Exception:
        # The plugin's own fault; sending goes on.
        logger.exception("a callback failed")


def _log_error(error: OpenCloneError) -> None:
    logger.warning("%s: %s", type(error).__name__, error)


def _log_rejected(rejected: Rejected) -> None:
    logger.warning("event %r set aside in %s: %s", rejected.raw_ref, rejected.path, "; ".join(rejected.reasons))
