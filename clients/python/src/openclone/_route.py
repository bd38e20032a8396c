"""Which way the next batch goes: over the stream, or to the JSON endpoint."""

from __future__ import annotations

import time
from typing import Callable

# Attempts in a row without a response to any batch, after which the other way is tried.
_MAX_FAILURES = 2
_JSON_SECONDS = 300.0
STREAM_AGE, POST_AGE, LONGEST_AGE = 5.0, 15.0, 240.0
"""Seconds that the first event of a batch waits for others, unless the plugin says how long: requests are limited."""


class Route:
    """With `auto`, JSON when the stream has failed twice and JSON gets a response; the stream again after 5 minutes.

    A refused connection says nothing about HTTP/2 and is not reported here. Requests over JSON are limited, streams are
    not: a 429 ends the detour.
    """

    def __init__(self, transport: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = transport
        self._clock = clock
        self._failures_in_a_row = 0
        self._json_until: float | None = None
        self._post_age = POST_AGE

    def max_age(self) -> float:
        """How long the first event of a batch waits for others."""
        return self._post_age if self.is_json() else STREAM_AGE

    def is_detour(self) -> bool:
        """Whether JSON takes the place of the stream."""
        return self._transport == "auto" and self.is_json()

    def is_json(self) -> bool:
        """Whether the next batch goes to the JSON endpoint."""
        if self._transport != "auto":
            return self._transport == "json"
        if self._json_until is not None:
            if self._clock() < self._json_until:
                return True
            self._json_until = None
        return self._failures_in_a_row >= _MAX_FAILURES

    def stream_ended(self, got_response: bool) -> None:
        """Tells that a stream is over, and whether any batch was acknowledged on it."""
        self._failures_in_a_row = 0 if got_response else self._failures_in_a_row + 1

    def posted(self, got_response: bool, is_limit: bool = False) -> None:
        """Tells that a batch was posted, whether the service responded at all, and whether it has had too many."""
        if is_limit:
            self._post_age = min(2 * self._post_age, LONGEST_AGE)
            self._failures_in_a_row = 0
            self._json_until = None
            return
        if self._json_until is None:
            self._failures_in_a_row = 0
            if got_response:
                self._json_until = self._clock() + _JSON_SECONDS
