"""How long to wait after a failure: exponential, with full jitter."""

from __future__ import annotations

import random
from typing import Callable


class Backoff:
    """Counts failures in a row and says how long to wait after each."""

    def __init__(self, base: float, cap: float, rand: Callable[[], float] = random.random) -> None:
        self._base = base
        self._cap = cap
        self._random = rand
        self.failures = 0

    def failed(self, at_least: float = 0.0) -> float:
        """Seconds to wait now: 0 to `min(cap, base * 2^failures)`, and never less than the server asks for."""
        # Beyond 2^64 any base but 0 is over any cap.
        bound = min(self._cap, self._base * 2.0 ** min(self.failures, 64))
        self.failures += 1
        return max(self._random() * bound, at_least)

    def succeeded(self) -> None:
        """Begins anew."""
        self.failures = 0
