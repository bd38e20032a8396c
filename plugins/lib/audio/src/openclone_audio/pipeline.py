"""Takes segments from capture to the worker, and sees to it that a worker runs.

Backlog is bounded: when more than `MOST_BACKLOG` seconds of sound wait, capture stops with a warning until half of it is worked
off, rather than dropping anything silently.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable

from .segmenter import Segment
from .segments import SegmentStore
from .worker import EXIT_NO_MODEL, Job

log = logging.getLogger("openclone.audio")

MOST_BACKLOG = 30 * 60.0
"""Seconds of sound that may wait."""
RESTART_AFTER = 5.0
"""Seconds until a worker that died is started again."""


class Pipeline:
    """Where captured segments go. Used by several threads; `on_failed` is called if no worker can run."""

    def __init__(self, job: Job, store: SegmentStore, on_failed: Callable[[str], None]) -> None:
        self._job = job
        self._store = store
        self._lock = threading.Lock()
        self._worker: subprocess.Popen[str] | None = None
        self._closing = threading.Event()
        self._is_full = False
        self._on_failed = on_failed
        store.remove_fragments()
        self._thread = threading.Thread(target=self._keep_running, name="worker", daemon=True)
        self._thread.start()

    def put(self, app_name: str, segment: Segment) -> None:
        """Keeps a segment and wakes the worker."""
        try:
            self._store.put(self._job.plugin_id, app_name, segment)
        except OSError as error:
            log.error("%s: a segment of %.0f s cannot be kept: %s", self._store.directory, segment.duration, error)
            return
        self._wake()

    def may_capture(self) -> bool:
        """Whether there is room for more."""
        backlog = self._store.backlog()
        if not self._is_full and backlog > MOST_BACKLOG:
            self._is_full = True
            log.warning("%.0f minutes of sound wait to become text: capture stops until half of it is done", backlog / 60)
        elif self._is_full and backlog < MOST_BACKLOG / 2:
            self._is_full = False
            log.warning("capture goes on")
        return not self._is_full

    def close(self, timeout: float) -> None:
        """Lets the worker finish what waits, for `timeout` seconds; what is left is processed after the next start."""
        self._closing.set()
        with self._lock:
            worker = self._worker
            if worker and worker.stdin:
                worker.stdin.close()
        if worker:
            try:
                worker.wait(timeout)
            except subprocess.TimeoutExpired:
                worker.terminate()
        self._thread.join(2)

    def _wake(self) -> None:
        with self._lock:
            if self._worker and self._worker.stdin and not self._worker.stdin.closed:
                try:
                    self._worker.stdin.write("\n")
                    self._worker.stdin.flush()
                except OSError:
                    pass  # It died; the next one processes what waits.

    def _keep_running(self) -> None:
        while not self._closing.is_set():
            worker = subprocess.Popen(
                [sys.executable, "-m", "openclone_audio.worker"],
                stdin=subprocess.PIPE, text=True, env=self._job.environment(),
            )
            with self._lock:
                self._worker = worker
            code = worker.wait()
            if self._closing.is_set():
                return
            if code == EXIT_NO_MODEL:
                self._on_failed("the speech model cannot be loaded")
                return
            log.warning("the process that turns sound into text ended with %d: starting it again", code)
            self._closing.wait(RESTART_AFTER)
