"""Where programs of this user keep their state."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def state_home() -> Path:
    """The directory shared by all plugins of this user: device id, consent, pause."""
    value = os.environ.get("XDG_STATE_HOME")
    if value:
        return Path(value) / "openclone"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "openclone"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "openclone"
    return Path.home() / ".local" / "state" / "openclone"
