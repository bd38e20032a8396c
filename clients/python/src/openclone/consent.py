"""Whether a plugin is switched on, and whether the user has agreed to it.

Plugins of sensitivity HIGH and CRITICAL need both: `openclone.enabled = true` and a typed "yes", which `openclone
plugins enable` keeps with what it was given to. Consent is void when the plugin's sensitivity rises or its major
version changes.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from . import _paths
from ._options import SENSITIVE
from .errors import InvalidOptions
from .manifest import LEVELS, SWITCH, Manifest

EXIT_NOT_ENABLED = 3
"""The exit status of a plugin that is not switched on or lacks consent: it is not started again."""

_NO_IDS = frozenset({"0", "1", "true", "false", "yes", "no", "on", "off"})


def consent_file(plugin_id: str) -> Path:
    """Where consent to a plugin is kept."""
    return _paths.state_home() / "consent" / f"{plugin_id}.json"


def is_given(manifest: Manifest) -> bool:
    """Whether the user has agreed to this plugin as it is now."""
    if not manifest.needs_consent:
        return True
    try:
        given = json.loads(consent_file(manifest.plugin_id).read_text("utf-8"))
        return bool(
            LEVELS.index(given["sensitivity"]) >= LEVELS.index(manifest.sensitivity)
            and _major(given["version"]) == _major(manifest.version)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def ask(manifest: Manifest) -> bool:
    """Asks on the terminal, and keeps a "yes"."""
    print(f"{manifest.name} captures {', '.join(manifest.source_types)} (sensitivity {manifest.sensitivity}).")  # noqa: T201
    print("Recording other people without their consent is illegal in many places.")  # noqa: T201
    if input('Type "yes" to agree: ').strip() != "yes":
        return False
    give(manifest)
    return True


def give(manifest: Manifest) -> None:
    """Keeps the user's consent. Raises `OSError`."""
    path = consent_file(manifest.plugin_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    entry = {"sensitivity": manifest.sensitivity, "version": manifest.version, "given": int(time.time())}
    path.write_text(json.dumps(entry) + "\n", "utf-8")


def why_off(plugin_id: str, source_types: tuple[str, ...], manifest: Manifest | None, is_on: object) -> str | None:
    """Why the plugin may not send, and what to do about it; `None` if it may. Raises `InvalidOptions`.

    `is_on` is the setting `openclone.enabled`, if there is a manifest.
    """
    is_named = plugin_id in _named()
    if manifest is None:
        if is_named or not SENSITIVE.intersection(source_types):
            return None
        return (f"{plugin_id} is not switched on: ask the user, then set enabled=True or OPENCLONE_ENABLED={plugin_id}")
    if not is_named and is_on is not True:
        return (f"{plugin_id} is not switched on: run openclone plugins enable {plugin_id}, or set {SWITCH} = true in "
                f"{manifest.directory / 'openclone.conf'}")
    if not is_given(manifest):
        return (f"{plugin_id} captures {manifest.sensitivity} data and has no consent: run openclone plugins enable "
                f"{plugin_id}")
    return None


def _named() -> frozenset[str]:
    """The plugins that `OPENCLONE_ENABLED` switches on."""
    names = frozenset(name.strip() for name in os.environ.get("OPENCLONE_ENABLED", "").split(",")) - {""}
    for name in names:
        if name.lower() in _NO_IDS:
            raise InvalidOptions(f"OPENCLONE_ENABLED lists ids of plugins, such as my-plugin,other-plugin, not {name}")
    return names


def _major(version: str) -> str:
    return version.split(".", 1)[0]
