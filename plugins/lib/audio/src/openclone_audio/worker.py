"""The process that turns waiting segments into events: `python -m openclone_audio.worker DIRECTORY`.

It is started by a plugin, which writes a line to its standard input for each segment that it has put into the store; the end of the
input ends it, after the segments that wait. It runs at the lowest priority on one thread. A segment is deleted once its
text is in the spool, so the death of this process at any moment loses and doubles nothing.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from openclone import AudioMic, AudioSystem, Client, InvalidEvent
from openclone.events import SourceTypeName

from . import pause
from .echo import Utterances
from .segments import SegmentStore, Waiting
from .transcriber import ModelError, Text, Transcriber

log = logging.getLogger("openclone.audio")

EXIT_NO_MODEL = 4


@dataclass(frozen=True)
class Job:
    """What the worker is started with, as JSON in the environment variable `OPENCLONE_AUDIO_JOB`: no key is in it."""

    plugin_id: str
    plugin_version: str
    source_type: SourceTypeName
    segments: str
    """Directory of the segments."""
    model: str
    """Directory of the model."""
    language: str
    """A code such as `en`; empty detects it."""
    utterances: str
    """File of what apps said last, by which the microphone knows an echo."""
    dry_run: bool = False
    """Print what would be sent."""

    def environment(self) -> dict[str, str]:
        """The environment that hands it over."""
        return {**os.environ, "OPENCLONE_AUDIO_JOB": json.dumps(asdict(self))}

    @classmethod
    def from_environment(cls) -> Job:
        """What was handed over."""
        return cls(**json.loads(os.environ["OPENCLONE_AUDIO_JOB"]))


class Worker:
    """Turns segments into events, one after the other."""

    def __init__(
        self,
        job: Job,
        transcribe: Callable[[bytes], Text | None],
        send: Callable[[Any, float, str], object],
    ) -> None:
        self._store = SegmentStore(Path(job.segments))
        self._utterances = Utterances(Path(job.utterances))
        self._is_mic = job.source_type == "audio_mic"
        self._transcribe = transcribe
        self._send = send

    def work_off(self) -> int:
        """Processes what waits and returns how many segments that were."""
        count = 0
        for waiting in self._store.waiting():
            self._process(waiting)
            count += 1
        return count

    def _process(self, waiting: Waiting) -> None:
        held = pause.current(time.time())
        if held and held.overlaps(waiting.start, waiting.end):
            waiting.remove()
            return
        text = self._transcribe(waiting.pcm())
        if text and not self._is_echo(waiting, text):
            try:
                self._send(self._payload(waiting, text), waiting.start, waiting.raw_ref)
            except InvalidEvent as error:
                log.warning("a segment cannot be sent and is dropped: %s", error)
            if not self._is_mic:
                self._utterances.add(waiting.start, waiting.end, text.text)
        waiting.remove()

    def _is_echo(self, waiting: Waiting, text: Text) -> bool:
        return self._is_mic and self._utterances.has_like(waiting.start, waiting.end, text.text)

    def _payload(self, waiting: Waiting, text: Text) -> Any:
        duration = round(waiting.duration, 1)
        if self._is_mic:
            return AudioMic(text=text.text, duration=duration, confidence=text.confidence)
        return AudioSystem(text=text.text, duration=duration, app_name=waiting.app_name, confidence=text.confidence)


def main() -> int:
    """Runs until standard input ends."""
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.INFO)
    os.nice(19)
    job = Job.from_environment()
    try:
        transcriber = Transcriber(Path(job.model), job.language)
    except ModelError as error:
        log.error("%s", error)
        return EXIT_NO_MODEL
    if job.dry_run:
        _run(Worker(job, transcriber.transcribe, print_event))
        return 0
    with Client(plugin_id=job.plugin_id, plugin_version=job.plugin_version, source_type=job.source_type, enabled=True) as client:
        def send(payload: Any, timestamp: float, raw_ref: str) -> None:
            client.send(payload, timestamp=timestamp, raw_ref=raw_ref)

        _run(Worker(job, transcriber.transcribe, send))
    return 0


def _run(worker: Worker) -> None:
    worker.work_off()
    for _ in sys.stdin:
        worker.work_off()
    worker.work_off()


def print_event(payload: Any, timestamp: float, raw_ref: str) -> None:
    """Shows what would be sent, as a line of JSON."""
    fields = {field.name: value for field, value in payload.ListFields()}
    print(json.dumps({"timestamp": timestamp, "raw_ref": raw_ref, "data": fields}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
