"""The directory that a plugin keeps between its starts: spool, dead letters, lock."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from . import _owner
from .errors import SpoolError, SpoolLocked


class StateDir:
    """An open state directory; no other client can use it until it is closed."""

    def __init__(self, path: Path) -> None:
        """Makes the directory if it is missing. Raises `SpoolError` or `SpoolLocked`."""
        self.path = path.absolute()
        self.spool = self.path / "spool"
        self.dead_letter = self.path / "dead-letter"
        try:
            make_private(self.path)
            self._owner: Path | None = None
            self._pid = os.getpid()
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                self._prepare()
            except BaseException:
                self.close()
                raise
        except OSError as error:
            raise SpoolError(f"cannot use the state directory {self.path}: {error.strerror or error}") from None

    def close(self) -> None:
        """Lets others use it. The copy of a forked child leaves the owner's file alone."""
        if self._owner is not None and self._pid == os.getpid():
            with contextlib.suppress(OSError):
                self._owner.unlink()
            self._owner = None
        if self._lock != -1:
            os.close(self._lock)
            self._lock = -1

    def _prepare(self) -> None:
        self.path.chmod(0o700)
        if _try_lock(self._lock):
            self._owner = _owner.claim(self.path / "owners")
        if self._owner is None:
            raise SpoolLocked(f"another client uses {self.path}: end it, or give each its own state_dir")
        self.spool.mkdir(mode=0o700, exist_ok=True)
        self.dead_letter.mkdir(mode=0o700, exist_ok=True)


def make_private(path: Path) -> None:
    """Makes a directory, and those above it that are missing, for their owner alone."""
    if not path.parent.exists():
        make_private(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


def write_new(path: Path, content: bytes) -> None:
    """Writes a file for its owner alone, whole or not at all. Raises `OSError`."""
    temporary = path.with_name(f".{path.name}.tmp")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(file, "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(file)
    temporary.replace(path)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
