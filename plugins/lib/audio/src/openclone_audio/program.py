"""What the programs of all audio plugins have in common: options, the check that they are switched on, signals."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from openclone.events import SourceTypeName

from . import consent
from .pipeline import Pipeline
from .segments import SegmentStore
from .settings import Manifest, Settings, SettingsError, runtime_dir
from .worker import Job

log = logging.getLogger("openclone.audio")


@dataclass(frozen=True)
class Program:
    """A plugin that is switched on."""

    directory: Path
    manifest: Manifest
    settings: Settings
    arguments: argparse.Namespace

    def job(self, source_type: SourceTypeName) -> Job:
        """What its worker does. Raises `SettingsError`."""
        base = runtime_dir() / "openclone-audio"
        base.mkdir(mode=0o700, exist_ok=True)
        return Job(
            plugin_id=self.manifest.plugin_id,
            plugin_version=self.manifest.version,
            source_type=source_type,
            segments=str(base / self.manifest.plugin_id),
            model=str(Path(self.arguments.model or self.settings["model"]).expanduser()),
            language=self.settings["language"],
            utterances=str(base / "utterances"),
            dry_run=self.arguments.dry_run,
        )

    def pipeline(self, source_type: SourceTypeName, stop: Stop) -> Pipeline:
        """The path of its segments. Raises `SettingsError`."""
        job = self.job(source_type)
        return Pipeline(job, SegmentStore(Path(job.segments)), stop.fail)


class Stop:
    """Set by SIGTERM and SIGINT, or by a failure that ends the program."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._callback: Callable[[], object] = lambda: None
        self.is_failure = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._set())

    def on_set(self, callback: Callable[[], object]) -> None:
        """Calls `callback` when it is set: on a signal's handler, or any thread."""
        self._callback = callback

    def _set(self) -> None:
        self._event.set()
        self._callback()

    def fail(self, reason: str) -> None:
        """Ends the program with an error."""
        log.error("%s", reason)
        self.is_failure = True
        self._set()

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until it is set, or for `seconds`; whether it is."""
        return self._event.wait(seconds)

    def is_set(self) -> bool:
        """Whether the program ends."""
        return self._event.is_set()


def parser(description: str, plugin_id: str) -> argparse.ArgumentParser:
    """The options of every audio plugin."""
    parser = argparse.ArgumentParser(prog=plugin_id, description=description)
    default = os.environ.get("OPENCLONE_PLUGIN_DIR") or Path.home() / ".openclone" / "plugins" / plugin_id
    parser.add_argument("--plugin", type=Path, default=Path(default), metavar="DIR",
                        help="directory of plugin.json and openclone.conf (default: %(default)s)")
    parser.add_argument("--model", metavar="DIR", help="directory of the speech model, instead of the setting `model`")
    parser.add_argument("--dry-run", action="store_true", help="print what would be sent, and send nothing")
    parser.add_argument("--consent", action="store_true", help="ask for consent, and exit")
    return parser


def start(parser: argparse.ArgumentParser, arguments: list[str] | None) -> Program:
    """Reads options and settings; exits if the plugin is off (0), wrongly set up (1) or lacks consent (3)."""
    logging.basicConfig(format="%(name)s: %(message)s", level=logging.INFO)
    parsed = parser.parse_args(arguments)
    try:
        manifest = Manifest.read(parsed.plugin)
        settings = Settings.read(parsed.plugin, manifest.schema)
    except SettingsError as error:
        sys.exit(f"{parser.prog}: {error}")
    if parsed.consent:
        sys.exit(0 if consent.ask(manifest) else consent.EXIT_NO_CONSENT)
    if not settings["openclone.enabled"]:
        print(f"{parser.prog} is off: set openclone.enabled = true in {parsed.plugin / 'openclone.conf'}")
        sys.exit(0)
    if not consent.is_given(manifest):
        print(f"{parser.prog}: captures {manifest.sensitivity} data and needs your consent: run {parser.prog} --consent",
              file=sys.stderr)
        sys.exit(consent.EXIT_NO_CONSENT)
    return Program(parsed.plugin, manifest, settings, parsed)
