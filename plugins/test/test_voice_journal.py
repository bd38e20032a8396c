"""openclone-voice-journal with real recordings of several formats, a real model and the real service."""

import subprocess
import sys

import pytest
from sounds import silence, speech, write_wav

WORDS = ("tried", "fail")


def convert(source, target, codec, rate):
    import av

    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        writer.metadata["creation_time"] = "2026-02-24T08:30:00Z"
        stream = writer.add_stream(codec, rate=rate, layout="mono")
        resampler = av.AudioResampler(format=stream.codec_context.format or "fltp", layout="mono", rate=rate)
        for frame in [*reader.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                writer.mux(stream.encode(piece))
        writer.mux(stream.encode(None))


@pytest.fixture
def inbox(user):
    directory = user / "inbox"
    directory.mkdir()
    return directory


def run(directory, model, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "openclone_audio.voice_journal", "--plugin", str(directory), "--model", str(model), *arguments],
        capture_output=True, text=True, timeout=240, check=False,
    )


def test_recordings_of_every_kind_become_entries_once_and_are_kept(service, plugin, inbox, model, user):
    wav = user / "note.wav"
    write_wav(wav, speech("beckett") + silence(1))
    convert(wav, inbox / "note.m4a", "aac", 44_100)
    convert(wav, inbox / "note.opus", "libopus", 48_000)
    convert(wav, inbox / "note.mp3", "mp3", 44_100)
    write_wav(inbox / "quiet.wav", silence(5))
    (inbox / "broken.m4a").write_bytes(b"no sound at all" * 100)
    (inbox / "readme.txt").write_text("not a recording")
    directory = plugin("openclone-voice-journal", language="en", inbox=inbox)

    done = run(directory, model, "--once")
    assert done.returncode == 0, done.stderr
    text = service.vault("Journal").lower()
    assert text.count("openclone-voice-journal") == 3, text
    assert all(word in text for word in WORDS), text
    # An iPhone's m4a says when it was recorded.
    assert "2026-02-24" in text
    assert sorted(path.name for path in (inbox / "done").iterdir()) == ["note.m4a", "note.mp3", "note.opus", "quiet.wav"]
    assert [path.name for path in (inbox / "unreadable").iterdir()] == ["broken.m4a"]
    assert "broken.m4a" in done.stderr
    assert (inbox / "readme.txt").exists()

    # The same recording again, under another name: stored once, kept twice.
    (inbox / "again.m4a").write_bytes((inbox / "done" / "note.m4a").read_bytes())
    assert run(directory, model, "--once").returncode == 0
    assert service.vault("Journal").lower() == text
    assert (inbox / "done" / "again.m4a").exists()


def test_dry_run_prints_and_changes_nothing(plugin, inbox, model, user):
    write_wav(inbox / "note.wav", speech("beckett"))
    done = run(plugin("openclone-voice-journal", language="en", inbox=inbox), model, "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "tried" in done.stdout.lower()
    assert [path.name for path in inbox.iterdir()] == ["note.wav"]


def test_a_missing_model_is_said_with_the_way_out(plugin, inbox, user):
    done = run(plugin("openclone-voice-journal", inbox=inbox), user / "nowhere", "--once")
    assert done.returncode == 1
    assert "no speech model" in done.stderr and "openclone.conf" in done.stderr


def test_it_is_off_until_it_is_switched_on(plugin, inbox, model):
    write_wav(inbox / "note.wav", speech("beckett"))
    done = run(plugin("openclone-voice-journal", openclone__enabled="false", inbox=inbox), model, "--once")
    assert done.returncode == 0 and "is off" in done.stdout
    assert [path.name for path in inbox.iterdir()] == ["note.wav"]
