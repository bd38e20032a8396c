"""The documented endpoint as one would first write it in Python, doing the same durable work: validation, exact dedup by
the same id, Markdown appended to the daily file, everything on the disk before the answer.

What it does not do: redaction, escaping beyond line breaks, tenants, recovery of a file that was cut off by a crash.
"""

import hashlib
import os
import pathlib
import sqlite3
import threading
import time
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import FastAPI, Header, HTTPException
from pydantic import BaseModel, Field

HOME = pathlib.Path(os.environ["PEER_HOME"])
KEY = os.environ["API_KEY"]
OLDEST = 1_577_836_800.0

Moment = Annotated[float, Field(ge=OLDEST, allow_inf_nan=False)]
SourceType = Literal[
    "audio_system", "audio_mic", "screen_ocr", "journal", "web_browsing", "music", "health", "calendar",
    "notes", "gps", "photos", "email", "messaging", "activity", "braindump",
]


class Event(BaseModel):
    timestamp: Moment
    data: dict[str, Any]
    raw_ref: Annotated[str, Field(max_length=256)] | None = None


class Batch(BaseModel):
    source_type: SourceType
    platform: Literal["macos", "windows", "linux", "ios", "android", "web"]
    device_id: UUID
    plugin_id: Annotated[str, Field(max_length=64, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    plugin_version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+")]
    timestamp: Moment
    events: Annotated[list[Event], Field(min_length=1, max_length=500)]


def database() -> sqlite3.Connection:
    connection = sqlite3.connect(HOME / "seen.db", check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS seen (id BLOB PRIMARY KEY) WITHOUT ROWID")
    return connection


app = FastAPI()
seen = database()
writing = threading.Lock()


def event_id(batch: Batch, event: Event) -> bytes:
    ref = event.raw_ref or repr((event.timestamp, sorted(event.data.items())))
    return hashlib.blake2b(f"{batch.source_type}\0{batch.plugin_id}\0{ref}".encode(), digest_size=16).digest()


def item(batch: Batch, event: Event, identity: bytes) -> str:
    moment = datetime.fromtimestamp(event.timestamp)
    text = str(event.data.get("text", "")).replace("\n", "\n  ")
    fields = " ".join(f"[{name}:: {value}]" for name, value in event.data.items() if name != "text")
    return (
        f"- **{moment:%H:%M:%S}** {text} {fields} [ref:: {event.raw_ref or ''}] "
        f"[via:: {batch.plugin_id}@{batch.plugin_version}] ^oc-{identity.hex()}\n"
    )


@app.post("/api/v1/ingest")
def ingest(batch: Batch, x_api_key: Annotated[str | None, Header()] = None) -> dict[str, Any]:
    if x_api_key != KEY:
        raise HTTPException(401, "Invalid or missing X-API-Key")
    path = HOME / "vault" / "Audio" / time.strftime("%Y-%m-%d.md")
    with writing:
        seen.execute("BEGIN IMMEDIATE")
        entries = []
        for event in batch.events:
            identity = event_id(batch, event)
            if seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (identity,)).rowcount:
                entries.append(item(batch, event, identity))
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(entries))
            file.flush()
            os.fsync(file.fileno())
        seen.execute("COMMIT")
    return {"stored": len(entries), "skipped": len(batch.events) - len(entries), "file": f"Audio/{path.name}"}
