"""Settings of a plugin: `openclone.conf` beside `plugin.json`, with the defaults of its `config_schema`."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LINE = re.compile(r"\s*([A-Za-z][\w.-]*)\s*=\s*(.*?)\s*")
_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,), "integer": (int,), "number": (int, float), "string": (str,), "array": (list,), "object": (dict,),
}


class SettingsError(Exception):
    """A setting that cannot be used; the text names the file, the line and what to write instead."""


@dataclass(frozen=True)
class Manifest:
    """What `plugin.json` says of a plugin."""

    plugin_id: str
    version: str
    name: str
    sensitivity: str
    source_types: tuple[str, ...]
    schema: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """Reads `plugin.json` in `directory`. Raises `SettingsError`."""
        path = directory / "plugin.json"
        try:
            document = json.loads(path.read_text("utf-8-sig"))
            return cls(
                document["id"], document["version"], document["name"], document["sensitivity"],
                tuple(document["source_types"]), document.get("config_schema", {}),
            )
        except (OSError, ValueError, KeyError) as error:
            raise SettingsError(f"{path}: cannot be read: {error}") from error


class Settings:
    """The values in force. `settings["name"]` has the type that the schema names."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    @classmethod
    def read(cls, directory: Path, schema: dict[str, dict[str, Any]]) -> Settings:
        """Reads `openclone.conf` in `directory`; what it leaves out has its default. Raises `SettingsError`."""
        values = {name: entry.get("default") for name, entry in schema.items()}
        path = directory / "openclone.conf"
        try:
            text = path.read_text("utf-8-sig")
        except FileNotFoundError:
            return cls(values)
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path}: cannot be read: {error}") from error
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                name, value = _entry(f"{path}:{number}", line, schema)
                values[name] = value
        return cls(values)


def _entry(where: str, line: str, schema: dict[str, dict[str, Any]]) -> tuple[str, Any]:
    match = _LINE.fullmatch(line)
    if not match:
        raise SettingsError(f"{where}: write `name = value`")
    name, text = match.groups()
    if name not in schema:
        raise SettingsError(f"{where}: unknown setting {name}; known are {', '.join(sorted(schema))}")
    kind = schema[name].get("type", "string")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    is_valid = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not is_valid:
        raise SettingsError(f"{where}: {name} must be of type {kind}, such as {json.dumps(schema[name].get('default'))}")
    allowed = schema[name].get("enum")
    if allowed and value not in allowed:
        raise SettingsError(f"{where}: {name} must be one of {', '.join(map(str, allowed))}")
    return name, value


def state_home() -> Path:
    """The directory in which programs of this user keep their state."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")


def runtime_dir() -> Path:
    """A directory in memory that ends with the user's session. Raises `SettingsError` where there is none."""
    value = os.environ.get("XDG_RUNTIME_DIR")
    if not value or not Path(value).is_dir():
        raise SettingsError("XDG_RUNTIME_DIR is not set to a directory: sound is kept in memory only, so capture needs it")
    return Path(value)
