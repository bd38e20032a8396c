"""Which process uses a state directory: the rule that the SDKs of all languages share.

Every client creates `owners/<pid>-<start>-<random>` with O_EXCL, then lists the directory: if the file of another
client whose process is alive is there, it removes its own and fails. Of two clients that open at the same time at least
one sees the other. `start` is the start time in `/proc/<pid>/stat`, or 0 where the system has none: it tells a process
from an earlier one with the same id. A file of this process belongs to another client in it.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import sys
import time
from pathlib import Path

_NAME = re.compile(r"(\d{1,10})-(\d{1,20})-[0-9a-f]{16}")
_STAT = "/proc/{}/stat"
# Two clients that open at the same time may both give way.
_ATTEMPTS = 3
_PAUSE = 0.05


def claim(directory: Path) -> Path | None:
    """Claims the state directory that contains `directory`; `None` if another client holds it. Raises `OSError`."""
    directory.mkdir(mode=0o700, exist_ok=True)
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(random.random() * _PAUSE)
        own = directory / f"{os.getpid()}-{_start_of(os.getpid()) or 0}-{os.urandom(8).hex()}"
        os.close(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        if not _has_other(directory, own):
            return own
        own.unlink(missing_ok=True)
    return None


def _has_other(directory: Path, own: Path) -> bool:
    """Whether another client is alive; removes the files of those that are not."""
    found = False
    for path in directory.iterdir():
        name = _NAME.fullmatch(path.name)
        if path == own or name is None:
            continue
        if _is_alive(int(name.group(1)), int(name.group(2))):
            found = True
        else:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
    return found


def _is_alive(pid: int, start: int) -> bool:
    current = _start_of(pid)
    return current is not None and (current == start or 0 in (current, start))


def _start_of(pid: int) -> int | None:
    """When the process was started, in ticks; 0 if the system does not say, `None` if there is no such process."""
    if not Path(_STAT.format("self")).exists():
        return 0 if _exists(pid) else None
    try:
        stat = Path(_STAT.format(pid)).read_bytes()
    except OSError:
        return None
    # The name in parentheses may have spaces in it.
    fields = stat.rsplit(b")", 1)[1].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


if sys.platform == "win32":
    import ctypes

    def _exists(pid: int) -> bool:
        query, still_active = 0x1000, 259
        handle = ctypes.windll.kernel32.OpenProcess(query, False, pid)
        if not handle:
            return False
        code = ctypes.c_ulong()
        ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        ctypes.windll.kernel32.CloseHandle(handle)
        return code.value == still_active

else:

    def _exists(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True
