"""`plugin.json` and `openclone.conf`: what a plugin is, and how its user has set it up."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._options import SENSITIVE, SOURCE_TYPES
from .errors import InvalidOptions

LEVELS = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
"""Levels of sensitivity, from least to most."""
SWITCH = "openclone.enabled"
"""The setting that switches a plugin on."""
_CRITICAL = frozenset({"email", "messaging"})
_LINE = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*=\s*(.*?)\s*")
_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,), "integer": (int,), "number": (int, float), "string": (str,), "array": (list,),
    "object": (dict,),
}


@dataclass(frozen=True)
class Manifest:
    """What `plugin.json` says of a plugin."""

    directory: Path
    """Where it stands, beside `openclone.conf`."""
    plugin_id: str
    """Kebab-case."""
    version: str
    """SemVer."""
    name: str
    """For people."""
    source_types: tuple[str, ...]
    """What the plugin writes."""
    sensitivity: str
    """`LOW`, `MEDIUM`, `HIGH` or `CRITICAL`: as declared, and at least that of its source types."""
    heartbeat_seconds: int
    """How often it reports that it works; 0 if not."""
    config_schema: Mapping[str, Mapping[str, Any]]
    """The settings: each with `type`, and perhaps `default`, `enum`, `minimum` and `maximum`."""

    @classmethod
    def read(cls, where: str | os.PathLike[str] | None = None) -> Manifest:
        """Reads `plugin.json` in the directory `where`.

        `where` is `OPENCLONE_PLUGIN_DIR`, else the working directory, if absent. Raises `InvalidOptions`.
        """
        directory = Path(where or os.environ.get("OPENCLONE_PLUGIN_DIR") or ".")
        path = directory / "plugin.json"
        try:
            document = json.loads(path.read_text("utf-8-sig"))
        except (OSError, ValueError) as error:
            raise InvalidOptions(f"{path}: cannot be read: {error}") from None
        if not isinstance(document, dict):
            raise InvalidOptions(f"{path}: must be a JSON object")
        return cls(
            directory,
            _member(path, document, "id", str),
            _member(path, document, "version", str),
            _member(path, document, "name", str),
            _source_types(path, document),
            _sensitivity(path, document),
            _member(path, document, "heartbeat_seconds", int, 0),
            _schema(path, document),
        )

    @property
    def needs_consent(self) -> bool:
        """Whether the user has to agree before it captures anything: `HIGH` and `CRITICAL`."""
        return LEVELS.index(self.sensitivity) >= LEVELS.index("HIGH")

    def config(self) -> dict[str, Any]:
        """The settings in `openclone.conf`; what it leaves out has its default. Raises `InvalidOptions`."""
        values = {name: setting["default"] for name, setting in self.config_schema.items() if "default" in setting}
        path = self.directory / "openclone.conf"
        try:
            text = path.read_text("utf-8-sig")
        except FileNotFoundError:
            return values
        except (OSError, ValueError) as error:
            raise InvalidOptions(f"{path}: cannot be read: {error}") from None
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                name, value = self._setting(f"{path}:{number}", line)
                values[name] = value
        return values

    def _setting(self, where: str, line: str) -> tuple[str, Any]:
        match = _LINE.fullmatch(line)
        if match is None:
            raise InvalidOptions(f"{where}: write `name = value`")
        name, text = match.groups()
        setting = self.config_schema.get(name)
        if setting is None:
            known = ", ".join(sorted(self.config_schema))
            raise InvalidOptions(f"{where}: there is no setting {name}; the settings are {known}")
        return name, _value(f"{where}: {name}", text, setting)


def _member(path: Path, document: dict[str, Any], name: str, kind: type, default: Any = None) -> Any:
    value = document.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise InvalidOptions(f"{path}: {name} is missing or not of its type; openclone plugins lint says more")
    return value


def _source_types(path: Path, document: dict[str, Any]) -> tuple[str, ...]:
    names = _member(path, document, "source_types", list)
    if not names or any(name not in SOURCE_TYPES for name in names):
        raise InvalidOptions(f"{path}: source_types must be a list of names out of {', '.join(SOURCE_TYPES)}")
    return tuple(names)


def _sensitivity(path: Path, document: dict[str, Any]) -> str:
    declared = _member(path, document, "sensitivity", str)
    if declared not in LEVELS:
        raise InvalidOptions(f"{path}: sensitivity must be one of {', '.join(LEVELS)}")
    names = set(document["source_types"])
    least = "CRITICAL" if names & _CRITICAL else "HIGH" if names & SENSITIVE else "LOW"
    return str(max(declared, least, key=LEVELS.index))


def _schema(path: Path, document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    schema: dict[str, dict[str, Any]] = _member(path, document, "config_schema", dict, {})
    for name, setting in schema.items():
        if not isinstance(setting, dict) or setting.get("type") not in _TYPES:
            raise InvalidOptions(f"{path}: config_schema.{name} must have a type out of {', '.join(_TYPES)}")
    return schema


def _value(where: str, text: str, setting: Mapping[str, Any]) -> Any:
    kind = setting["type"]
    value = _parsed(text, kind)
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, _TYPES[kind]) or (kind != "boolean" and isinstance(value, bool)):
        raise InvalidOptions(f"{where} must be of type {kind}, such as {json.dumps(setting.get('default'))}")
    if "enum" in setting and value not in setting["enum"]:
        raise InvalidOptions(f"{where} must be one of {', '.join(map(str, setting['enum']))}")
    if kind in ("integer", "number"):
        if value < setting.get("minimum", value):
            raise InvalidOptions(f"{where} must be at least {setting['minimum']}")
        if value > setting.get("maximum", value):
            raise InvalidOptions(f"{where} must be at most {setting['maximum']}")
    return value


def _parsed(text: str, kind: str) -> Any | None:
    """A value is JSON; quotes around a string may be left out."""
    if kind == "string" and not text.startswith('"'):
        return text
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except ValueError:
        return None
