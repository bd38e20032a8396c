"""Events that the server rejected, each as a documented JSON batch that `openclone ingest` takes after repair."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from . import _json_form
from ._options import Rejected
from ._state_dir import write_new
from .errors import SpoolError
from .v1.batch_pb2 import Event


def set_aside(directory: Path, header: bytes, event: bytes, reasons: Sequence[str]) -> Rejected:
    """Writes `event` to its file; `reasons` name it as `events[0]`. Raises `SpoolError`."""
    raw_ref = Event.FromString(event).raw_ref
    path = directory / f"{hashlib.sha256(raw_ref.encode()).hexdigest()[:32]}.json"
    try:
        write_new(path, _json_form.batch_json(header, [event], rejected=reasons))
    except OSError as error:
        raise SpoolError(f"cannot set an event aside in {path}: {error.strerror or error}") from None
    return Rejected(raw_ref, tuple(reasons), path)
