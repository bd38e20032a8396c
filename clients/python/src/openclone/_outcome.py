"""What becomes of a package once it is answered: dealt with, sent again whole or in parts, or set aside."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import _dead_letter
from ._answers import Accepted, Answer, Denied, Refused
from ._spool import Package, Spool
from ._teller import Teller
from ._trouble import Trouble
from .errors import Clock, SpoolError, Unavailable


@dataclass
class Counts:
    """What became of events since the client was made; guarded by the spool's lock."""

    stored: int = 0
    skipped: int = 0
    rejected: int = 0
    dropped: int = 0


class Outcomes:
    """Deals with answers. Used by the sender's thread only."""

    def __init__(self, spool: Spool, dead_letter: Path, teller: Teller, trouble: Trouble) -> None:
        self.again: deque[Package] = deque()
        """Packages to be sent next, oldest first."""
        self.counts = Counts()
        self._spool = spool
        self._dead_letter = dead_letter
        self._teller = teller
        self._trouble = trouble

    def answered(self, package: Package, answer: Answer) -> None:
        """Deals with `package` as `answer` says."""
        if isinstance(answer, Accepted):
            self._accepted(package, answer)
        elif isinstance(answer, Refused):
            self._refused(package, answer)
        else:
            self.again.appendleft(package)
            if isinstance(answer, Denied):
                self._trouble.deny(answer)
            else:
                self._trouble.failed(Unavailable(answer.reason), answer.retry_after)

    def halve(self, package: Package) -> None:
        """Has both halves sent one after the other."""
        middle = len(package.events) // 2
        halves = package.events[:middle], package.events[middle:]
        self.again.extendleft(Package(package.segment, events) for events in reversed(halves))

    def _accepted(self, package: Package, answer: Accepted) -> None:
        with self._spool.lock:
            self.counts.stored += answer.stored
            self.counts.skipped += answer.skipped
            self._done(package, len(package.events))
        self._trouble.succeeded()

    def _done(self, package: Package, events: int) -> None:
        try:
            self._spool.done(package.segment, events)
        except SpoolError as error:
            # The file could not be deleted. After the next start the server skips what is in it.
            self._teller.lasting(error)

    def _refused(self, package: Package, answer: Refused) -> None:
        if answer.is_clock:
            self.again.appendleft(package)
            self._trouble.failed(Clock(f"this machine's clock is wrong: {answer.reason}"))
            return
        self._trouble.answered()
        named = {index: reasons for index, reasons in answer.events.items() if index < len(package.events)}
        if not named and len(package.events) > 1:
            self.halve(package)
            return
        self._set_aside(package, named or {0: [answer.reason]})

    def _set_aside(self, package: Package, faults: dict[int, list[str]]) -> None:
        """Sets the named events aside; the others are sent again."""
        kept: list[bytes] = []
        for index, event in enumerate(package.events):
            if index not in faults or not self._try_set_aside(package, event, faults[index]):
                kept.append(event)
        if kept:
            self.again.appendleft(Package(package.segment, kept))

    def _try_set_aside(self, package: Package, event: bytes, reasons: Sequence[str]) -> bool:
        try:
            rejected = _dead_letter.set_aside(self._dead_letter, package.segment.header, event, reasons)
        except SpoolError as error:
            self._trouble.failed(error)
            return False
        with self._spool.lock:
            self.counts.rejected += 1
            self._done(package, 1)
        self._teller.rejected(rejected)
        return True
