"""A service in memory, for the tests of plugins.

    from openclone import Braindump, Client
    from openclone.testing import MemoryTransport

    memory = MemoryTransport()
    with Client(plugin_id="my-plugin", plugin_version="1.0.0", source_type="braindump", transport=memory) as client:
        client.send(Braindump(text="Hello!"))
    assert memory.events[0].data == {"text": "Hello!"}

Nothing leaves the process and nothing is left on disk: the spool is a temporary directory, unless `state_dir` is given.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from typing import Any

from . import _json_form
from ._responses import Accepted, Failed, InvalidBatch, Response


@dataclass(frozen=True)
class StoredEvent:
    """An event as the service would have stored it."""

    source_type: str
    """Of the batch that it came in."""
    timestamp: float
    """Unix seconds."""
    raw_ref: str
    """The plugin's id of it."""
    data: dict[str, Any]
    """In JSON, whether it was sent as a typed payload or not."""


class MemoryTransport:
    """Takes the place of the service. Use one for each client."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        """What was stored, each event once."""
        self.batches: list[dict[str, Any]] = []
        """The accepted batches in their documented form."""
        self.health: list[tuple[str, str]] = []
        """State and reason of each report."""
        self.is_available = True
        """While false, every batch fails as if the service were away."""
        self.rejects: set[str] = set()
        """The `raw_ref`s of events that are rejected."""
        self.got_response = True
        self._lock = threading.Lock()
        self._known: set[tuple[str, str, str]] = set()

    def post(self, header: bytes, events: list[bytes]) -> Response:
        """Takes a batch from the client."""
        if not self.is_available:
            return Failed("the service in memory is not available")
        batch: dict[str, Any] = json.loads(_json_form.batch_json(header, events))
        rejected = {index: ["rejected by the test"] for index, event in enumerate(batch["events"])
                    if event["raw_ref"] in self.rejects}
        if rejected:
            return InvalidBatch("rejected by the test", rejected)
        with self._lock:
            self.batches.append(batch)
            stored = sum(self._store(batch, event) for event in batch["events"])
        return Accepted(stored, len(events) - stored)

    def close(self) -> None:
        """There is nothing to let go of."""

    def abort(self) -> None:
        """Nothing waits."""

    def _store(self, batch: dict[str, Any], event: dict[str, Any]) -> bool:
        identity = (batch["source_type"], batch["plugin_id"], event["raw_ref"])
        if identity in self._known:
            return False
        self._known.add(identity)
        self.events.append(StoredEvent(batch["source_type"], event["timestamp"], event["raw_ref"], event["data"]))
        return True
