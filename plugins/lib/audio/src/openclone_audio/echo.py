"""Tells what the microphone hears from the loudspeakers: the same words at the same time as an app's.

What apps said in the last minutes is in a file in memory that the plugin for apps writes and the one for the microphone reads.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import re
from pathlib import Path

NEAR = 3.0
"""Seconds by which an echo may be before or after."""
ALIKE = 0.8
"""Similarity, 0 to 1, from which two texts are one."""
KEPT = 300.0
"""Seconds for which an utterance is remembered."""
_WORD = re.compile(r"\w+")


class Utterances:
    """What apps said lately."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, start: float, end: float, text: str) -> None:
        """Remembers an utterance, and forgets old ones. A file that cannot be written costs echoes, no events."""
        kept = [entry for entry in self._entries() if entry[1] > end - KEPT]
        lines = "".join(json.dumps(entry) + "\n" for entry in [*kept, (start, end, text)])
        part = self._path.with_suffix(".part")
        with contextlib.suppress(OSError):
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                file.write(lines)
            part.replace(self._path)

    def has_like(self, start: float, end: float, text: str) -> bool:
        """Whether an app said about this at about this time."""
        near = [entry for entry in self._entries() if entry[0] - NEAR <= end and start <= entry[1] + NEAR]
        said = " ".join(entry[2] for entry in near)
        return is_like(text, said) or any(is_like(text, entry[2]) for entry in near)

    def _entries(self) -> list[tuple[float, float, str]]:
        entries = []
        with contextlib.suppress(OSError):
            for line in self._path.read_text("utf-8").splitlines():
                with contextlib.suppress(ValueError):
                    start, end, text = json.loads(line)
                    entries.append((float(start), float(end), str(text)))
        return entries


def is_like(text: str, said: str) -> bool:
    """Whether most words of `text` occur in `said`, in this order. Texts of fewer than three words never do."""
    words, others = (_WORD.findall(each.lower()) for each in (text, said))
    if len(words) < 3 or not others:
        return False
    blocks = difflib.SequenceMatcher(None, words, others, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(words) >= ALIKE
