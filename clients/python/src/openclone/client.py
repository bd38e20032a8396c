"""The client: queues events on disk and sends them from a thread of its own."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from . import _exit, _options, _paths, consent, pause
from ._device import device_id
from ._health import Reporter
from ._key import Key, Provider
from ._notifier import Notifier, logger
from ._options import (
    ErrorCallback,
    OnFull,
    Options,
    PlatformName,
    RecoveredCallback,
    RejectedCallback,
    TransportName,
)
from ._queue import Queue
from ._sender import Sender
from ._spool import Spool
from ._state_dir import StateDir
from .errors import Closed, OpenCloneError, SpoolError, Timeout
from .events import Data, Event, SourceTypeName
from .manifest import SWITCH, Manifest
from .testing import MemoryTransport
from .v1.batch_pb2 import Batch

HealthStateName = Literal["capturing", "paused", "failing", "stopped"]
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

    @classmethod
    def from_manifest(cls, directory: str | os.PathLike[str] | None = None, **options: Any) -> Client:
        """A client of the plugin in `directory`: its id, version, source types and settings.

        Reads `plugin.json` and `openclone.conf`. `directory` is `OPENCLONE_PLUGIN_DIR`, else the working directory, if
        absent. `options` are those of `Client`, and take precedence. Raises as `Client`.
        """
        manifest = Manifest.read(directory)
        config = manifest.config()
        given: dict[str, Any] = {
            "plugin_id": manifest.plugin_id, "plugin_version": manifest.version, "source_types": manifest.source_types,
            "heartbeat_seconds": manifest.heartbeat_seconds,
        } | options
        client = cls(**given, _manifest=manifest, _is_on=config.get(SWITCH))
        client._config = config
        return client

    def __init__(
        self,
        *,
        plugin_id: str,
        plugin_version: str,
        source_type: SourceTypeName | None = None,
        source_types: Sequence[SourceTypeName] = (),
        platform: PlatformName | None = None,
        endpoint: str | None = None,
        api_key: str | Provider | None = None,
        api_key_file: str | os.PathLike[str] | None = None,
        enabled: bool | None = None,
        state_dir: str | os.PathLike[str] | None = None,
        max_batch_events: int = 100,
        max_batch_age: float | None = None,
        spool_max_bytes: int = 512 * 1024 * 1024,
        on_full: OnFull = "block",
        block_timeout: float = 30.0,
        transport: TransportName | MemoryTransport = "auto",
        response_timeout: float = 30.0,
        retry_base: float = 0.5,
        retry_cap: float = 60.0,
        clock_retry: float = 3600.0,
        heartbeat_seconds: int = 0,
        debug: bool | None = None,
        on_error: ErrorCallback | None = None,
        on_rejected: RejectedCallback | None = None,
        on_recovered: RecoveredCallback | None = None,
        _manifest: Manifest | None = None,
        _is_on: object = None,
    ) -> None:
        self._manifest = _manifest
        self._config: Mapping[str, Any] = {}
        memory = transport if isinstance(transport, MemoryTransport) else None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        names: tuple[str, ...] = (source_type,) if source_type is not None else tuple(source_types)
        if enabled is None and memory is None:
            why_off = consent.why_off(plugin_id, names, _manifest, _is_on)
        else:
            why_off = f"{plugin_id} is not switched on: enabled is False" if enabled is False else None
        options = Options(
            endpoint=endpoint or os.environ.get("OPENCLONE_ENDPOINT") or "http://127.0.0.1:8000",
            key=Key("memory" if memory and not api_key else api_key, api_key_file),
            plugin_id=plugin_id,
            plugin_version=plugin_version,
            source_types=names,
            platform=_options.default_platform() if platform is None else platform,
            why_off=why_off,
            state_dir=_options.default_state_dir(plugin_id) if state_dir is None else Path(state_dir),
            max_batch_events=max_batch_events,
            max_batch_age=max_batch_age,
            spool_max_bytes=spool_max_bytes,
            on_full=on_full,
            block_timeout=block_timeout,
            transport="json" if isinstance(transport, MemoryTransport) else transport,
            response_timeout=response_timeout,
            retry_base=retry_base,
            retry_cap=retry_cap,
            clock_retry=clock_retry,
            heartbeat_seconds=heartbeat_seconds,
        )
        shared = _paths.state_home()
        if memory is not None and state_dir is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="openclone-")
            shared = Path(self._temporary.name)
            options = replace(options, state_dir=shared / "state")
        self._options = options
        self._notifier = Notifier(
            on_error, on_rejected, on_recovered, bool(os.environ.get("OPENCLONE_DEBUG")) if debug is None else debug
        )
        self._device_id = device_id(shared)
        self._state = StateDir(options.state_dir)
        try:
            headers = {name: self._header(name) for name in names}
            self._spool = Spool(self._state.spool, self._state.dead_letter, headers, spool_max_bytes)
        except BaseException:
            self._state.close()
            raise
        self._sender = Sender(options, self._spool, self._state.dead_letter, self._notifier, memory)
        identity = (plugin_id, plugin_version, self._device_id)
        self._reporter = Reporter(
            options.endpoint, options.key, identity, heartbeat_seconds, lambda: self._spool.queued, self._notifier,
            memory, memory is None and options.transport != "json",
        )
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
        if heartbeat_seconds and self.enabled:
            self._reporter.report("capturing", "")
        _exit.watch(self)

    @property
    def manifest(self) -> Manifest | None:
        """What `from_manifest` has read."""
        return self._manifest

    @property
    def config(self) -> Mapping[str, Any]:
        """The plugin's settings that `from_manifest` has read, checked against its `config_schema`."""
        return self._config

    @property
    def enabled(self) -> bool:
        """Whether the plugin is switched on and has the consent that it needs."""
        return self._options.why_off is None

    @property
    def why_disabled(self) -> str | None:
        """Why `send` would raise `NotEnabled`, and what to do about it; `None` if it would not."""
        return self._options.why_off

    def is_paused(self) -> bool:
        """Whether the user has paused capture on this machine. Ask once a second; capture nothing during a pause."""
        return pause.current() is not None

    def report_health(self, state: HealthStateName, reason: str = "") -> None:
        """Reports what the plugin is doing, now and every `heartbeat_seconds`, over gRPC.

        `reason` is a sentence without anything that was captured. Returns at once. Raises `InvalidOptions`.
        """
        self._reporter.report(state, reason)

    def send(
        self,
        event: Event | Data,
        *,
        timestamp: float | datetime | None = None,
        raw_ref: str | None = None,
        source_type: SourceTypeName | None = None,
    ) -> str:
        """Queues an event, on disk, and returns its `raw_ref`. A crash of the plugin does not lose it any more.

        `event` is an `Event`, or its data: a typed payload of one of the client's source types or any JSON object, with
        `timestamp` (Unix seconds or a datetime; now if absent), `raw_ref` (a random UUID if absent) and `source_type`
        (only for JSON objects of a client with several) beside it.

        Raises `NotEnabled`, `InvalidEvent`, `EventTooLarge`, `SpoolFull`, `SpoolError` or `Closed`.
        """
        made = event if isinstance(event, Event) else Event(event, timestamp, raw_ref, source_type)
        sent = self._queue.queue(made, may_wait=True)
        self._reporter.captured()
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
        """The id of this device, made once for all plugins of this user."""
        return self._device_id

    def forget(self) -> None:
        """Takes the client out of use without touching its files: for the child after a fork."""
        self._queue.is_open = False

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and _exit.is_interruption(kind):
            self.close_quickly()
            return
        try:
            self.close()
        except OpenCloneError:
            # What went wrong first is the news; the events are in the spool.
            if error is None:
                raise

    def __repr__(self) -> str:
        return f"<openclone.Client {self._options!r}>"

    def try_send(self, event: Event) -> str | None:
        """As `send`, but gives `None` where `send` would wait for room."""
        sent = self._queue.queue(event, may_wait=False)
        if sent is not None:
            self._reporter.captured()
        return sent

    def close_quickly(self) -> None:
        """Closes within 2 s, as after Ctrl-C, and says what stays queued."""
        try:
            self.close(_exit.FLUSH_SECONDS)
        except OpenCloneError as error:
            logger.warning("%s", error)
        self.tell_queued()

    def tell_stopped(self) -> None:
        """Says to the service that the plugin ends, and to the user what stays queued."""
        self._reporter.stop()
        self.tell_queued()

    def tell_queued(self) -> None:
        """Says what stays queued, if anything does."""
        if self._spool.queued and self._temporary is None:
            logger.warning(
                "%d events stay queued in %s and are sent after the next start", self._spool.queued, self._state.path
            )

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
        self._reporter.stop()
        self._sender.stop()
        self._spool.close()
        self._state.close()
        if self._temporary is not None:
            self._temporary.cleanup()
        _exit.unwatch(self)

    def _header(self, source_type: str) -> bytes:
        return Batch(
            source_type=_options.SOURCE_TYPES[source_type],  # type: ignore[arg-type]
            platform=_options.PLATFORMS[self._options.platform],  # type: ignore[arg-type]
            device_id=self._device_id,
            plugin_id=self._options.plugin_id,
            plugin_version=self._options.plugin_version,
        ).SerializeToString()
