"""What happens to open clients when the program ends.

At exit they are closed. SIGTERM, as long as its default action stands, first has them flushed and then does what it
would have done; a second one ends the program at once. SIGINT raises KeyboardInterrupt, which leads to the exit. After
a signal the program ends within 2 s and says what stays queued.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import weakref
from typing import Any, Protocol

from .errors import OpenCloneError

EXIT_SECONDS = 10.0
"""How long an exit may be held up; what is not sent by then stays in the spool."""
FLUSH_SECONDS = 1.2
"""The same after a signal; closing takes up to half a second more."""


class Closable(Protocol):
    """An open client."""

    def flush(self, timeout: float = ...) -> None:
        """Sends what is queued."""

    def close(self, timeout: float = ...) -> None:
        """Flushes and stops."""

    def close_quickly(self) -> None:
        """Flushes and stops within 2 s."""

    def tell_stopped(self) -> None:
        """Says to the service that the plugin ends, and to the user what stays queued."""

    def forget(self) -> None:
        """Takes it out of use in a child process, which shares files with its parent but no threads."""


_open: weakref.WeakSet[Any] = weakref.WeakSet()


def watch(client: Closable) -> None:
    """Closes `client` at exit. Handles SIGTERM if nobody else does and this is the main thread."""
    _open.add(client)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _on_sigterm)


def unwatch(client: Closable) -> None:
    """Leaves it alone from now on."""
    _open.discard(client)


def is_interruption(kind: type[BaseException] | None) -> bool:
    """Whether the program ends because its user has said so: Ctrl-C, which asyncio turns into a cancelled task."""
    return kind is not None and (issubclass(kind, KeyboardInterrupt) or kind.__name__ == "CancelledError")


def _at_exit() -> None:
    if is_interruption(getattr(sys, "last_type", None)):
        closings = [threading.Thread(target=client.close_quickly) for client in list(_open)]
        for closing in closings:
            closing.start()
        for closing in closings:
            closing.join()
    for client in list(_open):
        with contextlib.suppress(OpenCloneError):
            client.close(EXIT_SECONDS)


def _on_sigterm(number: int, _frame: object) -> None:
    signal.signal(number, signal.SIG_DFL)
    # Not here, as the main thread may hold the spool's lock at this moment.
    threading.Thread(target=_flush_and_end, args=(number,), name="openclone-exit").start()


def _flush_and_end(number: int) -> None:
    flushes = [threading.Thread(target=_flush, args=(client,)) for client in list(_open)]
    for flush in flushes:
        flush.start()
    for flush in flushes:
        flush.join()
    os.kill(os.getpid(), number)


def _flush(client: Closable) -> None:
    with contextlib.suppress(OpenCloneError):
        client.flush(FLUSH_SECONDS)
    client.tell_stopped()


def _after_fork() -> None:
    for client in list(_open):
        client.forget()
    _open.clear()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
