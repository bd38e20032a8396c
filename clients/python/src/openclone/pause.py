"""The pause that all capture plugins on this machine obey: a file in the user's state directory.

It exists while capture is paused. Its first line is the Unix time in seconds at which the pause ends; an empty file
holds until it is removed. A file that cannot be understood counts as a pause: when in doubt, nothing is captured.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path

from . import _paths


@dataclass(frozen=True)
class Pause:
    """An interval without capture, in Unix seconds."""

    start: float
    """When it began."""
    end: float
    """When it ends; infinite if nobody has said."""

    def overlaps(self, start: float, end: float) -> bool:
        """Whether something captured from `start` to `end` touches this pause."""
        return start <= self.end and end >= self.start


def pause_file() -> Path:
    """Where the pause is written."""
    return _paths.state_home() / "pause"


def current(now: float | None = None, path: Path | None = None) -> Pause | None:
    """The pause that applies at `now`, or `None`. A plugin asks once a second, and captures nothing during a pause."""
    now = time.time() if now is None else now
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
        end = float(text) if text else math.inf
    except ValueError:
        return math.inf
    return math.inf if math.isnan(end) else end
