"""Consent to plugins of sensitivity HIGH and CRITICAL: a typed "yes", kept with what it was given to.

It is void when the plugin's sensitivity rises or its major version changes, since something else would then be captured.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from .settings import Manifest, state_home

NEEDS_CONSENT = ("HIGH", "CRITICAL")
EXIT_NO_CONSENT = 3


def consent_file(plugin_id: str) -> Path:
    """Where consent to a plugin is kept."""
    return state_home() / "openclone" / "consent" / f"{plugin_id}.json"


def is_given(manifest: Manifest) -> bool:
    """Whether the user agreed to this plugin as it is now."""
    if manifest.sensitivity not in NEEDS_CONSENT:
        return True
    try:
        given = json.loads(consent_file(manifest.plugin_id).read_text("utf-8"))
        return bool(given["sensitivity"] == manifest.sensitivity and _major(given["version"]) == _major(manifest.version))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def ask(manifest: Manifest) -> bool:
    """Asks on the terminal, and keeps a "yes"."""
    print(f"{manifest.name} captures {', '.join(manifest.source_types)} (sensitivity {manifest.sensitivity}).")
    print("Recording other people without their consent is illegal in many places.")
    if input('Type "yes" to agree: ').strip() != "yes":
        return False
    path = consent_file(manifest.plugin_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    entry = {"sensitivity": manifest.sensitivity, "version": manifest.version, "given": int(time.time())}
    path.write_text(json.dumps(entry) + "\n", "utf-8")
    return True


def _major(version: str) -> str:
    return version.split(".", 1)[0]
