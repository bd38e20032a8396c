"""The API key, and where a renewed one comes from."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Callable

from .errors import InvalidOptions

_KEY = re.compile(r"[!-~]+")
_ASK_FIRST, _ASK_LAST = 1.0, 60.0
"""Seconds between two questions for another key after one was rejected; doubled each time."""

Provider = Callable[[], str]


class Key:
    """Gives the key for each connection. Its repr never shows it."""

    def __init__(self, given: str | Provider | None, file: str | os.PathLike[str] | None) -> None:
        """Takes what the plugin gave, else what the environment has. Raises `InvalidOptions`."""
        environment = os.environ.get("OPENCLONE_API_KEY") or os.environ.get("API_KEY")
        file = file or (None if given or environment else os.environ.get("OPENCLONE_API_KEY_FILE"))
        if callable(given):
            self._provider: Provider | None = given
        elif file and not given:
            self._provider = lambda: _read(Path(file))
        else:
            self._provider = None
        self.is_renewable = self._provider is not None
        self._value = "" if self._provider else str(given or environment or "")
        self._ask_at = 0.0
        self._pause = _ASK_FIRST
        self.used = self.get()
        """The key of the last connection."""

    def get(self) -> str:
        """The key for a connection. Raises `InvalidOptions` if there is none."""
        try:
            key = self._provider() if self._provider else self._value
        except Exception as error:  # noqa: BLE001
            raise InvalidOptions(f"the key cannot be had: {error}") from None
        if not isinstance(key, str) or _KEY.fullmatch(key) is None:
            raise InvalidOptions(
                "api_key must be set, or OPENCLONE_API_KEY, API_KEY or OPENCLONE_API_KEY_FILE in the environment, to "
                "printable ASCII"
            )
        self.used = key
        return key

    def rejected(self) -> None:
        """The server has rejected the key."""
        self._pause = _ASK_FIRST
        self._ask_at = time.monotonic()

    def is_renewed(self) -> bool:
        """Whether there is another key than the one rejected; asks now and then only."""
        if not self.is_renewable or time.monotonic() < self._ask_at:
            return False
        self._ask_at = time.monotonic() + self._pause
        self._pause = min(2 * self._pause, _ASK_LAST)
        before = self.used
        try:
            return self.get() != before
        except InvalidOptions:
            return False

    def __repr__(self) -> str:
        return "<key>"


def _read(path: Path) -> str:
    return path.read_text("utf-8").strip()
