"""The way of an event from the plugin into the spool, and what is done when that is full."""

from __future__ import annotations

import threading
from collections.abc import Callable

from . import _frames
from ._notifier import Notifier
from ._options import Options
from ._outcome import Counts
from ._spool import Spool
from .errors import Closed, Dropped, NotEnabled, SpoolFull
from .events import Encoders, Event

_LARGE = 10_000


class Queue:
    """Checks, encodes and queues events. `changed`, which waits on the spool's lock, is notified of what is due."""

    def __init__(
        self, options: Options, spool: Spool, changed: threading.Condition, counts: Counts, notifier: Notifier,
        failures: Callable[[], str],
    ) -> None:
        self.is_open = True
        self._options = options
        self._max_batch_events = options.max_batch_events
        self._encoders = Encoders(options.source_types)
        self._spool = spool
        self._changed = changed
        self._counts = counts
        self._notifier = notifier
        self._failures = failures

    def queue(self, event: Event, may_wait: bool) -> str | None:
        """Queues an event and gives its `raw_ref`; `None` where it would have to wait for room, but may not."""
        if self._options.why_off is not None:
            raise NotEnabled(self._options.why_off)
        payload, ref, source_type = self._encoders.encode(event)
        frame = _frames.frame(payload)
        # Before the lock, which after a fork nobody may ever let go.
        self._check_open()
        if not self._spool.fits(len(frame)) and not self._make_room(frame, may_wait):
            return None
        with self._spool.lock:
            while not self._spool.fits(len(frame)):
                # Another thread was faster.
                if not self._make_room(frame, may_wait):
                    return None
            self._check_open()
            waiting = self._spool.append(frame, source_type)
            # The sender has to know of the first event, for its age, of the last of a batch, and of large ones.
            if waiting == 1 or waiting % self._max_batch_events == 0 or len(frame) > _LARGE:
                self._changed.notify_all()
        return ref

    def _check_open(self) -> None:
        if not self.is_open:
            raise Closed("the client is closed")

    def _make_room(self, frame: bytes, may_wait: bool) -> bool:
        """Drops events or waits, as the options say; whether there is room now. Raises `SpoolFull` or `Closed`."""
        dropped = 0
        try:
            with self._spool.lock:
                while not self._spool.fits(len(frame)):
                    found = self._drop(frame)
                    dropped += found
                    if not found and not may_wait:
                        return False
                    if not found:
                        self._wait_for_room(frame)
            return True
        finally:
            if dropped:
                self._notifier.error(Dropped(f"the spool was full: its {dropped} oldest events were deleted"))

    def _drop(self, frame: bytes) -> int:
        """Makes room at once, if that is what the plugin wants; gives how many events that has cost."""
        if self._options.on_full == "reject" or not self._spool.could_fit(len(frame)):
            raise self._full()
        if self._options.on_full != "drop_oldest":
            return 0
        dropped = self._spool.drop_oldest() or 0
        self._counts.dropped += dropped
        self._changed.notify_all()
        return dropped

    def _wait_for_room(self, frame: bytes) -> None:
        self._spool.seal()
        self._changed.notify_all()
        has_room = self._changed.wait_for(
            lambda: self._spool.fits(len(frame)) or not self.is_open, self._options.block_timeout
        )
        if not has_room:
            raise self._full()
        self._check_open()

    def _full(self) -> SpoolFull:
        limit = self._options.spool_max_bytes
        return SpoolFull(f"the spool has {self._spool.bytes} of {limit} bytes: {self._failures()}")
