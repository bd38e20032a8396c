"""Segments that wait to become text: files in a directory in memory, readable by the user alone.

A segment is two files, `<name>.pcm` and `<name>.json`; the second is renamed into place last, so a segment without it is one whose
writing was interrupted, and is removed at the next start.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from .segmenter import RATE, SAMPLE, Segment


@dataclass(frozen=True)
class Waiting:
    """A segment in the store."""

    path: Path
    app_name: str
    start: float
    """Unix seconds."""
    duration: float
    """Seconds."""
    raw_ref: str

    @property
    def end(self) -> float:
        """Unix seconds."""
        return self.start + self.duration

    def pcm(self) -> bytes:
        """The sound. Raises `OSError`."""
        return self.path.with_suffix(".pcm").read_bytes()

    def remove(self) -> None:
        """Deletes the sound, then what is known of it."""
        for suffix in (".pcm", ".json"):
            with contextlib.suppress(FileNotFoundError):
                self.path.with_suffix(suffix).unlink()


class SegmentStore:
    """The directory of one plugin. One process puts, another takes."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        directory.chmod(0o700)

    def put(self, plugin_id: str, app_name: str, segment: Segment) -> Path:
        """Keeps a segment. Raises `OSError`; then nothing of it is left."""
        raw_ref = reference(plugin_id, app_name, segment)
        path = self.directory / f"{int(segment.start * 1000):014d}-{raw_ref[:12]}.json"
        entry = {"app_name": app_name, "start": segment.start, "duration": segment.duration, "raw_ref": raw_ref}
        part = path.with_suffix(".part")
        try:
            _write(path.with_suffix(".pcm"), segment.pcm)
            _write(part, json.dumps(entry).encode())
            part.rename(path)
        except OSError:
            for suffix in (".pcm", ".part"):
                with contextlib.suppress(OSError):
                    path.with_suffix(suffix).unlink()
            raise
        return path

    def waiting(self) -> Iterator[Waiting]:
        """What waits, oldest first. A file that cannot be understood is left out."""
        for path in sorted(self.directory.glob("*.json")):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                entry = json.loads(path.read_text("utf-8"))
                yield Waiting(path, entry["app_name"], entry["start"], entry["duration"], entry["raw_ref"])

    def backlog(self) -> float:
        """Seconds of sound that wait."""
        sizes = (path.stat().st_size for path in self.directory.glob("*.pcm"))
        return sum(sizes) / (RATE * SAMPLE)

    def remove_fragments(self) -> None:
        """Removes what an interrupted `put` or `remove` left. Only where nobody else puts."""
        for path in self.directory.iterdir():
            if path.suffix == ".part" or (path.suffix == ".pcm" and not path.with_suffix(".json").exists()):
                path.unlink()


def reference(*parts: object) -> str:
    """The `raw_ref` of something: the first 32 hex digits of BLAKE3 over its parts."""
    hasher = blake3()
    for part in parts:
        if isinstance(part, Segment):
            data = part.pcm + repr(round(part.start, 3)).encode()
        else:
            data = part if isinstance(part, bytes) else str(part).encode()
        hasher.update(len(data).to_bytes(8, "little") + data)
    return hasher.hexdigest()[:32]


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
