"""The client: queues events on disk and sends them from a thread of its own."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from . import _exit, _options
from ._notifier import Notifier
from ._options import ErrorCallback, Options, RejectedCallback
from ._queue import Queue
from ._sender import Sender
from ._spool import Spool
from ._state_dir import StateDir
from .errors import Closed, OpenCloneError, SpoolError, Timeout
from .events import Data, Event
from .v1.batch_pb2 import Batch

SYNC_SECONDS = 1.0
"""At the latest after this time, what was sent is safe from a failure of the whole machine."""


@dataclass(frozen=True)
class Stats:
    """What became of events since the client was made; `queued` and `spool_bytes` are of this moment."""

    queued: int
    """Events that wait: neither acknowledged nor set aside."""
    stored: int
    """Events that are new in the vault."""
    skipped: int
    """Events that the vault had before."""
    rejected: int
    """Events set aside in `dead-letter/`."""
    dropped: int
    """Events deleted because the spool was full (`on_full="drop_oldest"`)."""
    spool_bytes: int
    """Size of the spool on disk."""


class Client:
    """Sends the events of one plugin. Safe to use from several threads.

    The options are described in `clients/README.md`; times are in seconds. `on_error` is called with an
    `OpenCloneError`, `on_rejected` with a `Rejected`, on a thread of the client's: they must not wait for the client.

    Raises `InvalidOptions`, `SpoolLocked` or `SpoolError`.
    """

    def __init__(
        self,
        *,
        plugin_id: str,
        plugin_version: str,
        source_type: str,
        platform: str | None = None,
        endpoint: str | None = None,
        api_key: str | None = None,
        enabled: bool | None = None,
        state_dir: str | os.PathLike[str] | None = None,
        max_batch_events: int = 100,
        max_batch_age: float = 60.0,
        spool_max_bytes: int = 512 * 1024 * 1024,
        on_full: str = "block",
        block_timeout: float = 30.0,
        transport: str = "auto",
        response_timeout: float = 30.0,
        retry_base: float = 0.5,
        retry_cap: float = 60.0,
        clock_retry: float = 3600.0,
        on_error: ErrorCallback | None = None,
        on_rejected: RejectedCallback | None = None,
    ) -> None:
        self._options = Options(
            endpoint=endpoint or os.environ.get("OPENCLONE_ENDPOINT") or "http://127.0.0.1:8000",
            api_key=api_key or os.environ.get("OPENCLONE_API_KEY") or os.environ.get("API_KEY") or "",
            plugin_id=plugin_id,
            plugin_version=plugin_version,
            source_type=source_type,
            platform=_options.default_platform() if platform is None else platform,
            enabled=_options.default_enabled(source_type) if enabled is None else enabled,
            state_dir=_options.default_state_dir(plugin_id) if state_dir is None else Path(state_dir),
            max_batch_events=max_batch_events,
            max_batch_age=max_batch_age,
            spool_max_bytes=spool_max_bytes,
            on_full=on_full,
            block_timeout=block_timeout,
            transport=transport,
            response_timeout=response_timeout,
            retry_base=retry_base,
            retry_cap=retry_cap,
            clock_retry=clock_retry,
            on_error=on_error,
            on_rejected=on_rejected,
        )
        self._notifier = Notifier(on_error, on_rejected)
        self._state = StateDir(self._options.state_dir)
        try:
            self._spool = Spool(self._state.spool, self._state.dead_letter, self._header(), spool_max_bytes)
        except BaseException:
            self._state.close()
            raise
        self._sender = Sender(self._options, self._spool, self._state.dead_letter, self._notifier)
        self._changed = self._sender.changed
        self._queue = Queue(
            self._options,
            self._spool,
            self._changed,
            self._sender.counts,
            self._notifier,
            self._sender.failures.__str__,
        )
        self._stopped = threading.Event()
        self._sender.start()
        threading.Thread(target=self._keep, name="openclone-keeper", daemon=True).start()
        _exit.watch(self)

    def send(
        self,
        event: Event | Data,
        *,
        timestamp: float | datetime | None = None,
        raw_ref: str | None = None,
    ) -> str:
        """Queues an event, on disk, and returns its `raw_ref`. A crash of the plugin does not lose it any more.

        `event` is an `Event`, or its data: a typed payload of the client's source type or any JSON object, with
        `timestamp` (Unix seconds or a datetime; now if absent) and `raw_ref` (a random UUID if absent) beside it.

        Raises `NotEnabled`, `InvalidEvent`, `EventTooLarge`, `SpoolFull`, `SpoolError` or `Closed`.
        """
        sent = self._queue.queue(event, timestamp, raw_ref, may_wait=True)
        return sent or ""

    def send_all(self, events: Iterable[Event | Data]) -> int:
        """Queues events in turn and returns how many; raises what `send` raises, at the first that fails."""
        count = 0
        for event in events:
            self.send(event)
            count += 1
        return count

    def flush(self, timeout: float = 30.0) -> None:
        """Sends what is queued now; returns when each event is acknowledged or set aside.

        Raises `Timeout`, `AccessDenied`, `SpoolError` or `Closed`.
        """
        if not self._queue.is_open:
            raise Closed("the client is closed")
        self._flush(timeout)

    def close(self, timeout: float = 30.0) -> None:
        """Flushes, then stops, whatever came of the flush; what was not sent is sent after the next start.

        Raises what `flush` raises. Closing twice does nothing.
        """
        with self._changed:
            if not self._queue.is_open:
                return
            self._queue.is_open = False
        try:
            self._flush(timeout)
        finally:
            self._stop()

    def stats(self) -> Stats:
        """What has become of the events so far."""
        with self._changed:
            counts = self._sender.counts
            return Stats(self._spool.queued, counts.stored, counts.skipped, counts.rejected, counts.dropped,
                         self._spool.bytes)

    @property
    def device_id(self) -> str:
        """The id of this device, made once and kept in the state directory."""
        return self._state.device_id

    def forget(self) -> None:
        """Takes the client out of use without touching its files: for the child after a fork."""
        self._queue.is_open = False

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except OpenCloneError:
            # What went wrong first is the news; the events are in the spool.
            if error is None:
                raise

    def __repr__(self) -> str:
        return f"<openclone.Client {self._options!r}>"

    def try_send(
        self, event: Event | Data, timestamp: float | datetime | None, raw_ref: str | None
    ) -> str | None:
        """As `send`, but gives `None` where `send` would wait for room."""
        return self._queue.queue(event, timestamp, raw_ref, may_wait=False)

    def _flush(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with self._changed:
            last = self._spool.seal()
            self._changed.notify_all()
        self._spool.sync()
        with self._changed:
            self._changed.wait_for(
                lambda: self._spool.is_done(last) or self._sender.failures.denied is not None,
                max(0.0, deadline - time.monotonic()),
            )
            if self._spool.is_done(last):
                return
            if self._sender.failures.denied is not None:
                raise self._sender.failures.denied
            raise Timeout(f"{self._spool.queued} events were not sent within {timeout:g} s: {self._sender.failures}")

    def _keep(self) -> None:
        """Syncs the spool every second, and looks after the sender."""
        while not self._stopped.wait(SYNC_SECONDS):
            self._sender.watch()
            try:
                self._spool.sync()
            except SpoolError as error:
                self._notifier.lasting(error)

    def _stop(self) -> None:
        self._stopped.set()
        self._sender.stop()
        self._spool.close()
        self._state.close()
        _exit.unwatch(self)

    def _header(self) -> bytes:
        return Batch(
            source_type=_options.SOURCE_TYPES[self._options.source_type],  # type: ignore[arg-type]
            platform=_options.PLATFORMS[self._options.platform],  # type: ignore[arg-type]
            device_id=self._state.device_id,
            plugin_id=self._options.plugin_id,
            plugin_version=self._options.plugin_version,
        ).SerializeToString()
