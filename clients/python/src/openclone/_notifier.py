"""Tells the plugin what happens behind its back: by its callbacks, or by the log."""

from __future__ import annotations

import logging
from typing import Any, Callable

from ._options import ErrorCallback, RecoveredCallback, Rejected, RejectedCallback
from .errors import OpenCloneError

logger = logging.getLogger("openclone")


class Notifier:
    """Calls `on_error`, `on_recovered` and `on_rejected`.

    A failure that lasts is reported once, until something has succeeded.
    """

    def __init__(
        self,
        on_error: ErrorCallback | None = None,
        on_rejected: RejectedCallback | None = None,
        on_recovered: RecoveredCallback | None = None,
        is_debugging: bool = False,
    ) -> None:
        self._on_error = on_error or _log_error
        self._on_rejected = on_rejected or _log_rejected
        self._on_recovered = on_recovered or _log_recovered
        self._reported: set[type[OpenCloneError]] = set()
        if is_debugging:
            _log_all()

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
        if self._reported:
            self._reported.clear()
            try:
                self._on_recovered()
            except Exception:
                logger.exception("a callback failed")

    def debug(self, text: str, *arguments: object) -> None:
        """Logs a step of the client's work, without anything that was captured."""
        logger.debug(text, *arguments)

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


def _log_recovered() -> None:
    logger.warning("the service accepts events again")


def _log_all() -> None:
    """Shows everything on standard error, unless the program has its own way of logging."""
    logger.setLevel(logging.DEBUG)
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s: %(message)s"))
        logger.addHandler(handler)
