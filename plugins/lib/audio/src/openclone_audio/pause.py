"""The pause that all capture plugins on this machine obey: the file `openclone/pause` in the user's state directory.

The file exists while capture is paused. Its first line is the Unix time in seconds at which the pause ends; an empty file holds until
it is removed. A file that cannot be understood counts as a pause: when in doubt, nothing is captured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from .settings import state_home


@dataclass(frozen=True)
class Pause:
    """An interval without capture, in Unix seconds."""

    start: float
    end: float

    def overlaps(self, start: float, end: float) -> bool:
        """Whether something captured from `start` to `end` touches this pause."""
        return start <= self.end and end >= self.start


def pause_file() -> Path:
    """Where the pause is written."""
    return state_home() / "openclone" / "pause"


def current(now: float, path: Path | None = None) -> Pause | None:
    """The pause that applies at `now`, or None."""
    path = path or pause_file()
    try:
        start = path.stat().st_mtime
        text = path.read_text("utf-8", "replace").split("\n", 1)[0].strip()
    except FileNotFoundError:
        return None
    except OSError:
        return Pause(now, math.inf)
    end = _end(text)
    # A clock that was set back must not hide a pause that has just been set.
    return Pause(min(start, now), end) if now < end else None


def _end(text: str) -> float:
    try:
        return float(text) if text else math.inf
    except ValueError:
        return math.inf
