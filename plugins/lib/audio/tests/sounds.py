"""Sounds for tests: human speech from a package, noise and silence made here."""

import random
import struct
import wave
from pathlib import Path

RATE = 16_000


def speech(name="two_cities"):
    """16 kHz mono PCM of a recording that the package `moonshine-voice` brings along."""
    import av
    import moonshine_voice

    path = Path(moonshine_voice.__file__).parent / "assets" / f"{name}.wav"
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    out = b""
    with av.open(str(path)) as container:
        for frame in [*container.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                out += bytes(piece.planes[0])[: piece.samples * 2]
    return out


def silence(seconds):
    return bytes(int(RATE * seconds) * 2)


def noise(seconds, level=300, seed=1):
    chance = random.Random(seed)
    count = int(RATE * seconds)
    return struct.pack(f"<{count}h", *(int(chance.gauss(0, level)) for _ in range(count)))


def write_wav(path, pcm):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
