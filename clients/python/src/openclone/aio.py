"""The client for asyncio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterable, Iterable, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any

from . import _exit
from .client import Client, HealthStateName, Stats
from .errors import OpenCloneError
from .events import Data, Event, SourceTypeName
from .manifest import Manifest


class AsyncClient:
    """A `Client` whose calls do not hold up the event loop.

    Takes the same options. Queueing is an append to a file and happens at once; only where `send` has to wait for room,
    and in `flush` and `close`, does a thread wait in its place. `on_error` and `on_rejected` are called on the client's
    own thread: hand them to the loop with `loop.call_soon_threadsafe`.
    """

    def __init__(self, **options: Any) -> None:
        self._client = Client(**options)

    @classmethod
    def from_manifest(cls, directory: str | os.PathLike[str] | None = None, **options: Any) -> AsyncClient:
        """As `Client.from_manifest`."""
        made = cls.__new__(cls)
        made._client = Client.from_manifest(directory, **options)
        return made

    @property
    def manifest(self) -> Manifest | None:
        """As `Client.manifest`."""
        return self._client.manifest

    @property
    def config(self) -> Mapping[str, Any]:
        """As `Client.config`."""
        return self._client.config

    @property
    def enabled(self) -> bool:
        """As `Client.enabled`."""
        return self._client.enabled

    @property
    def why_disabled(self) -> str | None:
        """As `Client.why_disabled`."""
        return self._client.why_disabled

    def is_paused(self) -> bool:
        """As `Client.is_paused`."""
        return self._client.is_paused()

    def report_health(self, state: HealthStateName, reason: str = "") -> None:
        """As `Client.report_health`."""
        self._client.report_health(state, reason)

    async def send(
        self,
        event: Event | Data,
        *,
        timestamp: float | datetime | None = None,
        raw_ref: str | None = None,
        source_type: SourceTypeName | None = None,
    ) -> str:
        """As `Client.send`."""
        made = event if isinstance(event, Event) else Event(event, timestamp, raw_ref, source_type)
        sent = self._client.try_send(made)
        if sent is not None:
            return sent
        return await asyncio.to_thread(self._client.send, made)

    async def send_all(self, events: AsyncIterable[Event | Data] | Iterable[Event | Data]) -> int:
        """Queues what an iterator, asynchronous or not, yields; returns how many events that were."""
        count = 0
        if isinstance(events, AsyncIterable):
            async for event in events:
                await self.send(event)
                count += 1
            return count
        for event in events:
            await self.send(event)
            count += 1
        return count

    async def flush(self, timeout: float = 30.0) -> None:
        """As `Client.flush`."""
        await asyncio.to_thread(self._client.flush, timeout)

    async def close(self, timeout: float = 30.0) -> None:
        """As `Client.close`."""
        await asyncio.to_thread(self._client.close, timeout)

    def stats(self) -> Stats:
        """As `Client.stats`."""
        return self._client.stats()

    @property
    def device_id(self) -> str:
        """As `Client.device_id`."""
        return self._client.device_id

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and _exit.is_interruption(kind):
            await asyncio.to_thread(self._client.close_quickly)
            return
        try:
            await self.close()
        except OpenCloneError:
            if error is None:
                raise

    def __repr__(self) -> str:
        return repr(self._client).replace("openclone.Client", "openclone.AsyncClient", 1)
