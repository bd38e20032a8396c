"""The id of this device: one for all plugins of a user, made once."""

from __future__ import annotations

import os
import re
import time
import uuid
from pathlib import Path

from ._state_dir import make_private
from .errors import InvalidOptions, SpoolError

_TEST_DEVICE = re.compile(r"test-[a-z0-9-]{1,59}")
_EMPTY_SECONDS = 1.0
"""A file that stays empty for so long was made by a program that died before it wrote."""


def device_id(directory: Path) -> str:
    """The id kept in `directory`; made if there is none. Raises `InvalidOptions` or `SpoolError`."""
    path = directory / "device-id"
    try:
        make_private(directory)
        return _read(path) or _make(path)
    except OSError as error:
        raise SpoolError(f"cannot use {path}: {error.strerror or error}") from None


def _make(path: Path) -> str:
    """Makes the file; of several programs that start at once the first wins."""
    made = str(uuid.uuid4())
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path) or _make(path)
    try:
        os.write(file, f"{made}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    return made


def _read(path: Path) -> str | None:
    deadline = time.monotonic() + _EMPTY_SECONDS
    while True:
        try:
            kept = path.read_text("ascii", "replace").strip()
        except FileNotFoundError:
            return None
        if kept:
            break
        if time.monotonic() > deadline:
            path.unlink(missing_ok=True)
            return None
        time.sleep(0.02)
    if not _is_device_id(kept):
        raise InvalidOptions(f"{path} is no UUID of version 4: put the old one back, or delete the file")
    return kept


def _is_device_id(value: str) -> bool:
    if _TEST_DEVICE.fullmatch(value):
        return True
    try:
        return uuid.UUID(value).version == 4
    except ValueError:
        return False
