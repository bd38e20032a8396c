"""Sends what a plugin captures into an OpenClone vault, each event exactly once.

    from openclone import Braindump, Client

    with Client(plugin_id="my-plugin", plugin_version="1.0.0", source_type="braindump") as client:
        client.send(Braindump(text="Hello!"))

`Client` is for threads, `AsyncClient` for asyncio. Events are queued on disk first and sent in the background, in
batches; `clients/README.md` of the repository says what is done about each failure. The generated messages and stubs
are in `openclone.v1`; `openclone.testing` has a service in memory, `openclone.consent` and `openclone.pause` the rules
that all capture plugins follow.
"""

from ._options import Rejected
from ._version import __version__
from .aio import AsyncClient
from .client import Client, Stats
from .errors import (
    AccessDenied,
    Clock,
    Closed,
    Damaged,
    Dropped,
    EventTooLarge,
    InvalidEvent,
    InvalidOptions,
    NotEnabled,
    OpenCloneError,
    SpoolError,
    SpoolFull,
    SpoolLocked,
    Timeout,
    Unavailable,
)
from .events import Data, Event, Payload, email, messaging
from .manifest import Manifest
from .v1.batch_pb2 import (
    Activity,
    AudioMic,
    AudioSystem,
    Braindump,
    Calendar,
    Email,
    Gps,
    Health,
    Journal,
    Messaging,
    Music,
    Notes,
    Photos,
    ScreenOcr,
    WebBrowsing,
)

__all__ = [
    "AccessDenied", "Activity", "AsyncClient", "AudioMic", "AudioSystem", "Braindump", "Calendar", "Client", "Clock",
    "Closed", "Damaged", "Data", "Dropped", "Email", "Event", "EventTooLarge", "Gps", "Health", "InvalidEvent",
    "InvalidOptions", "Journal", "Manifest", "Messaging", "Music", "NotEnabled", "Notes", "OpenCloneError", "Payload",
    "Photos", "Rejected", "ScreenOcr", "SpoolError", "SpoolFull", "SpoolLocked", "Stats", "Timeout", "Unavailable",
    "WebBrowsing", "__version__", "email", "messaging",
]
