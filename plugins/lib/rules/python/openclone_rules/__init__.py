"""Decides what a capture plugin may look at: apps, windows and pages, by the shared `rules.json`."""

from __future__ import annotations

import ipaddress
import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

__all__ = ["ALWAYS_BLOCKED", "Rules", "normalise"]

ALWAYS_BLOCKED = frozenset(
    {"own", "unnamed", "untitled", "scheme", "password_managers", "private_windows", "secrets"}
)
"""Groups that no option of a plugin opens."""

_EXECUTABLE = re.compile(r"\.(?:exe|bin|app|desktop)$")
_REVERSE_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+){2,}")
_VERSION = re.compile(r"[ _-]?v?\d+(?:\.\d+)*$")


def normalise(text: str) -> str:
    """The form in which names and titles are compared: NFC, lower case, no blanks at either end."""
    return unicodedata.normalize("NFC", text).lower().strip()


class Rules:
    """The groups of `rules.json`, ready to be asked."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._apps = _normalised(document["apps"])
        self._titles = _normalised(document["window_titles"])
        self._domains = _normalised(document["domains"])
        self._words = tuple(document["domain_words"])
        self._schemes = frozenset(document["schemes"])
        self._local_names = frozenset(document["hosts"]["local_names"])
        self._local_suffixes = tuple(document["hosts"]["local_suffixes"])

    @classmethod
    def load(cls, path: Path | None = None) -> Rules:
        """Reads `path`, or the rules that this package brings along. Raises `OSError` or `ValueError`."""
        file = path or Path(__file__).with_name("rules.json")
        return cls(json.loads(file.read_text("utf-8")))

    def app_group(self, names: Iterable[str]) -> str | None:
        """The group of an app that is known by `names` (display name, binary, app id), or None."""
        candidates = {candidate for name in names for candidate in _app_names(name)}
        if not candidates:
            return "unnamed"
        return next((group for group, known in self._apps.items() if candidates & known), None)

    def title_group(self, title: str) -> str | None:
        """The group of a window with this title, or None. An empty title says nothing, so it is `untitled`."""
        text = normalise(title)
        if not text:
            return "untitled"
        return next((group for group, patterns in self._titles.items() if any(p in text for p in patterns)), None)

    def url_group(self, url: str) -> str | None:
        """The group of a page, or None."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").rstrip(".")
        except ValueError:
            return "scheme"
        if parts.scheme not in self._schemes or not host:
            return "scheme"
        if self._is_local(host):
            return "local"
        return self._domain_group(host)

    def _domain_group(self, host: str) -> str | None:
        labels = host.split(".")
        suffixes = {".".join(labels[start:]) for start in range(len(labels))}
        for group, domains in self._domains.items():
            if suffixes & domains:
                return group
        for label in labels[:-1]:
            word = next((word for word in self._words if label.endswith(word)), None)
            if word:
                return "mail" if word == "webmail" else "banks"
        return None

    def _is_local(self, host: str) -> bool:
        try:
            return not ipaddress.ip_address(host).is_global
        except ValueError:
            return host in self._local_names or host.endswith(self._local_suffixes) or "." not in host


def _normalised(groups: dict[str, list[str]]) -> dict[str, frozenset[str]]:
    return {group: frozenset(map(normalise, entries)) for group, entries in groups.items()}


def _app_names(name: str) -> set[str]:
    whole = normalise(name)
    if not whole:
        return set()
    base = _EXECUTABLE.sub("", re.split(r"[/\\]", whole)[-1])
    names = {whole, base}
    if _REVERSE_DOMAIN.fullmatch(base):
        names.add(base.rsplit(".", 1)[-1])
    return names | {_VERSION.sub("", each) for each in names}
