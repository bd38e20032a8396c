"""Cuts a stream of sound at pauses of speech.

Input is 16 kHz mono PCM of 16 bits in any portions; output are segments of `SHORTEST` to `LONGEST` seconds that hold speech. WebRTC's
voice detection is a cheap gate; Whisper's own decides later what really is speech.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import webrtcvad

RATE = 16_000
"""Samples a second."""
SAMPLE = 2
"""Bytes a sample."""
FRAME_SECONDS = 0.03
FRAME = int(RATE * FRAME_SECONDS) * SAMPLE
SHORTEST = 5.0
"""A segment ends at the first pause after this many seconds of it."""
LONGEST = 30.0
"""A segment ends after this many seconds, pause or not."""
PAUSE = 0.6
"""Seconds without speech that are a pause."""
LONG_PAUSE = 3.0
"""Seconds without speech that end a segment however short it is."""
PRE_ROLL = 0.3
"""Seconds before the first speech that belong to a segment, so that no first syllable is cut off."""
LEAST_SPEECH = 0.3
"""Seconds of speech below which a segment is noise."""


@dataclass(frozen=True)
class Segment:
    """A piece of sound that holds speech."""

    start: float
    """Unix seconds at which its first sample was captured."""
    pcm: bytes

    @property
    def duration(self) -> float:
        """Seconds."""
        return len(self.pcm) / (RATE * SAMPLE)

    @property
    def end(self) -> float:
        """Unix seconds of its last sample."""
        return self.start + self.duration


class Segmenter:
    """One stream of sound. `feed` gives the segments that a portion completes, `flush` the one under way."""

    def __init__(self, aggressiveness: int = 2) -> None:
        self._vad = webrtcvad.Vad(aggressiveness)
        self._rest = b""
        self._pre_roll: deque[bytes] = deque(maxlen=round(PRE_ROLL / FRAME_SECONDS))
        self._reset()

    def feed(self, pcm: bytes, end: float) -> Iterator[Segment]:
        """Takes a portion whose last sample was captured at `end`."""
        pcm = self._rest + pcm
        time = end - len(pcm) / (RATE * SAMPLE)
        whole = len(pcm) - len(pcm) % FRAME
        for at in range(0, whole, FRAME):
            segment = self._frame(pcm[at : at + FRAME], time + at / (RATE * SAMPLE))
            if segment:
                yield segment
        self._rest = pcm[whole:]

    def flush(self) -> Segment | None:
        """Ends the segment under way; None if it holds no speech."""
        frames, start, speech = self._frames, self._start, self._speech
        self._reset()
        if speech * FRAME_SECONDS < LEAST_SPEECH:
            return None
        return Segment(start, b"".join(frames))

    def discard(self) -> None:
        """Forgets everything that is buffered."""
        self._rest = b""
        self._pre_roll.clear()
        self._reset()

    def _reset(self) -> None:
        self._frames: list[bytes] = []
        self._start = 0.0
        self._speech = 0
        self._silence = 0

    def _frame(self, frame: bytes, time: float) -> Segment | None:
        is_speech = self._vad.is_speech(frame, RATE)
        if not self._frames:
            if not is_speech:
                self._pre_roll.append(frame)
                return None
            self._start = time - len(self._pre_roll) * FRAME_SECONDS
            self._frames = list(self._pre_roll)
            self._pre_roll.clear()
        self._frames.append(frame)
        self._speech += is_speech
        self._silence = 0 if is_speech else self._silence + 1
        return self.flush() if self._is_complete() else None

    def _is_complete(self) -> bool:
        length, silence = len(self._frames) * FRAME_SECONDS, self._silence * FRAME_SECONDS
        return length >= LONGEST or silence >= LONG_PAUSE or (length >= SHORTEST and silence >= PAUSE)
