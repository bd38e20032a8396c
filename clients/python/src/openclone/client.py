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

from . import _exit, _frames, _options
from ._options import ErrorCallback, Options, RejectedCallback
from ._sender import Sender
from ._spool import Spool
from ._state_dir import StateDir
from ._teller import Teller
from .errors import Closed, Dropped, NotEnabled, OpenCloneError, SpoolError, SpoolFull, Timeout
from .events import Data, Encoder, Event
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
        answer_timeout: float = 30.0,
        retry_base: float = 0.5,
        retry_cap: float = 60.0,
        on_error: ErrorCallback | None = None,
        on_rejected: RejectedCallback | None = None,
    ) -> None:
        self._open = False
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
            answer_timeout=answer_timeout,
            retry_base=retry_base,
            retry_cap=retry_cap,
            on_error=on_error,
            on_rejected=on_rejected,
        )
        self._max_batch_events = max_batch_events
        self._encoder = Encoder(source_type)
        self._teller = Teller(on_error, on_rejected)
        self._state = StateDir(self._options.state_dir)
        try:
            self._spool = Spool(self._state.spool, self._state.dead_letter, self._header(), spool_max_bytes)
        except BaseException:
            self._state.close()
            raise
        self._sender = Sender(self._options, self._spool, self._state.dead_letter, self._teller)
        self._changed = self._sender.changed
        self._stopped = threading.Event()
        self._open = True
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
        sent = self._queue(event, timestamp, raw_ref, may_wait=True)
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
        if not self._open:
            raise Closed("the client is closed")
        self._flush(timeout)

    def close(self, timeout: float = 30.0) -> None:
        """Flushes, then stops, whatever came of the flush; what was not sent is sent after the next start.

        Raises what `flush` raises. Closing twice does nothing.
        """
        with self._changed:
            if not self._open:
                return
            self._open = False
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
        self._open = False

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
        return self._queue(event, timestamp, raw_ref, may_wait=False)

    def _queue(
        self,
        event: Event | Data,
        timestamp: float | datetime | None,
        raw_ref: str | None,
        may_wait: bool,
    ) -> str | None:
        if not self._options.enabled:
            raise NotEnabled(
                f"{self._options.plugin_id} is not switched on: ask the user, then set enabled=True or "
                "OPENCLONE_ENABLED=true"
            )
        payload, ref = self._encoder.encode(event if isinstance(event, Event) else Event(event, timestamp, raw_ref))
        frame = _frames.frame(payload)
        if not self._open:
            raise Closed("the client is closed")
        dropped: int | None = 0
        with self._spool.lock:
            if not self._spool.fits(len(frame)):
                dropped = self._make_room(frame, may_wait)
                if dropped is None:
                    return None
            if not self._open:
                raise Closed("the client is closed")
            waiting = self._spool.append(frame)
            # The sender has to know of the first event, for its age, of the last of a batch, and of large ones.
            if waiting == 1 or waiting % self._max_batch_events == 0 or len(frame) > 10_000:
                self._changed.notify_all()
        if dropped:
            self._teller.error(Dropped(f"the spool was full: its {dropped} oldest events were deleted"))
        return ref

    def _make_room(self, frame: bytes, may_wait: bool) -> int | None:
        """Drops events or waits, as the options say. Gives how many were dropped, `None` if it would have to wait."""
        dropped = 0
        while not self._spool.fits(len(frame)):
            found = self._drop(frame)
            dropped += found
            if not found and not may_wait:
                return None
            if not found:
                self._wait_for_room(frame)
        return dropped

    def _drop(self, frame: bytes) -> int:
        """Makes room at once, if that is what the plugin wants; gives how many events that has cost."""
        if self._options.on_full == "reject" or not self._spool.could_fit(len(frame)):
            raise self._full()
        dropped = self._spool.drop_oldest() if self._options.on_full == "drop_oldest" else None
        self._sender.counts.dropped += dropped or 0
        return dropped or 0

    def _wait_for_room(self, frame: bytes) -> None:
        self._spool.seal()
        self._changed.notify_all()
        has_room = self._changed.wait_for(
            lambda: self._spool.fits(len(frame)) or not self._open, self._options.block_timeout
        )
        if not has_room:
            raise self._full()
        if not self._open:
            raise Closed("the client was closed while an event waited for room")

    def _full(self) -> SpoolFull:
        return SpoolFull(
            f"the spool has {self._spool.bytes} of {self._options.spool_max_bytes} bytes: {self._trouble()}"
        )

    def _flush(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        with self._changed:
            last = self._spool.seal()
            self._changed.notify_all()
        self._spool.sync()
        with self._changed:
            self._changed.wait_for(
                lambda: self._spool.is_done(last) or self._sender.denied is not None,
                max(0.0, deadline - time.monotonic()),
            )
            if self._spool.is_done(last):
                return
            if self._sender.denied is not None:
                raise self._sender.denied
            raise Timeout(f"{self._spool.queued} events were not sent within {timeout:g} s: {self._trouble()}")

    def _trouble(self) -> str:
        failure = self._sender.denied or self._sender.last_failure
        return f"{type(failure).__name__}: {failure}" if failure else "the server is slow"

    def _keep(self) -> None:
        """Syncs the spool every second, and looks after the sender."""
        while not self._stopped.wait(SYNC_SECONDS):
            self._sender.watch()
            try:
                self._spool.sync()
            except SpoolError as error:
                self._teller.lasting(error)

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
