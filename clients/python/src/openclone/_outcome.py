"""What becomes of a package once it is acknowledged: dealt with, sent again whole or in parts, or set aside."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import _dead_letter
from ._failures import Failures
from ._notifier import Notifier
from ._responses import Accepted, Denied, InvalidBatch, Response
from ._spool import Package, Spool
from .errors import Clock, SpoolError, Unavailable


@dataclass
class Counts:
    """What became of events since the client was made; guarded by the spool's lock."""

    stored: int = 0
    skipped: int = 0
    rejected: int = 0
    dropped: int = 0


class Outcomes:
    """Deals with responses. Used by the sender's thread only."""

    def __init__(
        self, spool: Spool, dead_letter: Path, notifier: Notifier, failures: Failures, clock_retry: float
    ) -> None:
        self.again: deque[Package] = deque()
        """Packages to be sent next, oldest first."""
        self.parked: deque[tuple[float, Package]] = deque()
        """Packages that the service finds ahead of its clock, and when they are sent again (monotonic)."""
        self.counts = Counts()
        self._spool = spool
        self._dead_letter = dead_letter
        self._notifier = notifier
        self._failures = failures
        self._clock_retry = clock_retry

    def acknowledged(self, package: Package, response: Response) -> None:
        """Deals with `package` as `response` says."""
        if isinstance(response, Accepted):
            self._accepted(package, response)
        elif isinstance(response, InvalidBatch):
            self._invalid(package, response)
        else:
            self.again.appendleft(package)
            if isinstance(response, Denied):
                self._failures.deny(response)
            else:
                self._failures.failed(Unavailable(response.reason), response.retry_after)

    def halve(self, package: Package) -> None:
        """Has both halves sent one after the other."""
        middle = len(package.events) // 2
        halves = package.events[:middle], package.events[middle:]
        self.again.extendleft(Package(package.segment, events) for events in reversed(halves))

    def _accepted(self, package: Package, response: Accepted) -> None:
        with self._spool.lock:
            self.counts.stored += response.stored
            self.counts.skipped += response.skipped
            self._done(package, len(package.events))
        self._failures.succeeded()

    def _done(self, package: Package, events: int) -> None:
        try:
            self._spool.done(package.segment, events)
        except SpoolError as error:
            # The file could not be deleted. After the next start the server skips what is in it.
            self._notifier.lasting(error)

    def _invalid(self, package: Package, response: InvalidBatch) -> None:
        self._failures.acknowledged()
        if response.is_clock or response.ahead:
            self._park(package, response)
            return
        named = {index: reasons for index, reasons in response.events.items() if index < len(package.events)}
        if not named and len(package.events) > 1:
            self.halve(package)
            return
        self._set_aside(package, named or {0: [response.reason]})

    def _park(self, package: Package, response: InvalidBatch) -> None:
        """Keeps what is ahead of the service's clock; the rest of the batch is sent again."""
        ahead = package.events
        if not response.is_clock:
            ahead = [event for index, event in enumerate(package.events) if index in response.ahead]
            rest = [event for index, event in enumerate(package.events) if index not in response.ahead]
            if rest:
                self.again.appendleft(Package(package.segment, rest))
        self.parked.append((time.monotonic() + self._clock_retry, Package(package.segment, ahead)))
        self._failures.clock(
            Clock(
                f"the service finds {len(ahead)} events ahead of its clock ({response.reason}): set this machine's "
                f"clock; they are kept, and sent again every {self._clock_retry:g} s"
            )
        )

    def _set_aside(self, package: Package, violations: dict[int, list[str]]) -> None:
        """Sets the named events aside; the others are sent again."""
        kept: list[bytes] = []
        for index, event in enumerate(package.events):
            if index not in violations or not self._try_set_aside(package, event, violations[index]):
                kept.append(event)
        if kept:
            self.again.appendleft(Package(package.segment, kept))

    def _try_set_aside(self, package: Package, event: bytes, reasons: Sequence[str]) -> bool:
        try:
            rejected = _dead_letter.set_aside(self._dead_letter, package.segment.header, event, reasons)
        except SpoolError as error:
            self._failures.failed(error)
            return False
        with self._spool.lock:
            self.counts.rejected += 1
            self._done(package, 1)
        self._notifier.rejected(rejected)
        return True
