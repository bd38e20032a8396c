"""Speech to text by faster-whisper, with the filters that keep invented text out.

Whisper invents words in silence and music, so its own voice detection is mandatory, and what is left passes three filters: segments
that it doubts itself, text that repeats itself (a high compression ratio), and the same words three times in a row.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_WORD = re.compile(r"\w+(?:['’]\w+)*")


class ModelError(Exception):
    """The model cannot be loaded; the text says what to do."""


@dataclass(frozen=True)
class Text:
    """What was said."""

    text: str
    confidence: float
    """0 to 1: the mean probability of a token."""


class _Piece(Protocol):
    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    start: float
    end: float


class Transcriber:
    """A loaded model: one thread, int8, greedy search."""

    def __init__(self, model: Path, language: str | None = None) -> None:
        """Loads the model in directory `model`; `language` is a code such as `en`, None detects it. Raises `ModelError`."""
        if not (model / "model.bin").is_file():
            raise ModelError(
                f"{model}: no speech model (model.bin) there; get a CTranslate2 Whisper model, such as Systran/faster-whisper-base, "
                "and set `model` in openclone.conf to its directory"
            )
        from faster_whisper import WhisperModel

        try:
            self._model = WhisperModel(str(model), device="cpu", compute_type="int8", cpu_threads=1)
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelError(f"{model}: the speech model cannot be loaded: {error}") from error
        self._language = language or None

    def transcribe(self, sound: bytes | Path) -> Text | None:
        """The text of 16 kHz mono PCM, or of a file of any format that FFmpeg reads; None if nobody speaks."""
        pieces, _ = self._model.transcribe(
            _samples(sound) if isinstance(sound, bytes) else str(sound),
            language=self._language,
            beam_size=1,
            vad_filter=True,
            condition_on_previous_text=False,
        )
        return joined(pieces)


def joined(pieces: Iterable[_Piece]) -> Text | None:
    """The text of the pieces that are believed."""
    believed = [piece for piece in pieces if is_believed(piece)]
    text = " ".join(" ".join(piece.text.split()) for piece in believed).strip()
    if not text:
        return None
    total = sum(max(piece.end - piece.start, 0.01) for piece in believed)
    confidence = sum(math.exp(min(piece.avg_logprob, 0.0)) * max(piece.end - piece.start, 0.01) for piece in believed) / total
    return Text(text, round(confidence, 3))


def is_believed(piece: _Piece) -> bool:
    """Whether a piece is what somebody said, rather than what the model made up."""
    if not _WORD.search(piece.text):
        return False
    if piece.no_speech_prob > 0.6 and piece.avg_logprob < -1:
        return False
    return piece.compression_ratio <= 2.4 and not repeats(piece.text)


def repeats(text: str) -> bool:
    """Whether a run of four or more words occurs three times in a row, or one word five times."""
    words = [word.lower() for word in _WORD.findall(text)]
    for size in range(1, len(words) // 3 + 1):
        times = 5 if size < 4 else 3
        for start in range(len(words) - size * times + 1):
            run = words[start : start + size]
            if all(words[start + size * n : start + size * (n + 1)] == run for n in range(1, times)):
                return True
    return False


def _samples(pcm: bytes) -> Any:
    import numpy

    return numpy.frombuffer(pcm, dtype=numpy.int16).astype(numpy.float32) / 32768.0
