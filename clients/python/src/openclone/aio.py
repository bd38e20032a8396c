"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any

from .client import Client, Stats
from .errors import OpenCloneError
from .events import Data, Event


class AsyncClient:
    """A `Client` whose calls do not hold up the event loop.

    Takes the same options. Queueing is an append to a file and happens at once; only where `send` has to wait for room,
    and in `flush` and `close`, does a thread wait in its place. `on_error` and `on_rejected` are called on the client's
    own thread: hand them to the loop with `loop.call_soon_threadsafe`.
    """

    def __init__(self, **options: Any) -> None:
        self._client = Client(**options)

    async def send(
        self,
        event: Event | Data,
        *,
        timestamp: float | datetime | None = None,
        raw_ref: str | None = None,
    ) -> str:
        """As `Client.send`."""
        sent = self._client.try_send(event, timestamp, raw_ref)
        if sent is not None:
            return sent
        return await asyncio.to_thread(self._client.send, event, timestamp=timestamp, raw_ref=raw_ref)

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
        try:
            await self.close()
        except OpenCloneError:
            if error is None:
                raise

    def __repr__(self) -> str:
        return repr(self._client).replace("openclone.Client", "openclone.AsyncClient", 1)
