"""From sound to text: filters against invented text, echoes, the worker's rules. With a stand-in for the model."""

import math
import time
from dataclasses import dataclass

import pytest
from openclone import InvalidEvent

from openclone_audio import pause
from openclone_audio.echo import Utterances, is_like
from openclone_audio.segmenter import Segment
from openclone_audio.segments import SegmentStore
from openclone_audio.transcriber import Text, is_believed, joined, repeats
from openclone_audio.worker import Job, Worker


@dataclass
class Piece:
    text: str
    avg_logprob: float = -0.2
    no_speech_prob: float = 0.1
    compression_ratio: float = 1.2
    start: float = 0.0
    end: float = 1.0


@pytest.mark.parametrize(
    ("piece", "believed"),
    [
        (Piece("We ship on Friday."), True),
        (Piece(" you", avg_logprob=-1.4, no_speech_prob=0.8), False),
        (Piece("Thank you.", avg_logprob=-0.4, no_speech_prob=0.8), True),
        (Piece("la la", compression_ratio=2.5), False),
        (Piece("..."), False),
        (Piece("Subtitles by the community. " * 3), False),
        (Piece("Мы выпускаем в пятницу."), True),
    ],
)
def test_what_is_believed(piece, believed):
    assert is_believed(piece) is believed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no no no", False),
        ("no no no no no", True),
        ("it was the best of times, it was the worst of times, it was the age of wisdom", False),
        ("thanks for watching this video thanks for watching this video thanks for watching this video", True),
        ("", False),
    ],
)
def test_repetition(text, found):
    assert repeats(text) is found


def test_confidence_is_weighted_by_time():
    text = joined([Piece(" One ", avg_logprob=0.0, end=3.0), Piece("two.", avg_logprob=math.log(0.5), start=3.0, end=4.0)])
    assert text == Text("One two.", 0.875)
    assert joined([Piece(" you", avg_logprob=-2, no_speech_prob=0.9)]) is None


def test_echo_is_found_by_words_and_time(tmp_path):
    said = Utterances(tmp_path / "utterances")
    said.add(100.0, 110.0, "The release is planned for the end of October.")
    assert said.has_like(101.0, 109.0, "the release is planned for the end of october")
    assert said.has_like(112.0, 114.0, "planned for the end of October")
    assert not said.has_like(120.0, 125.0, "The release is planned for the end of October.")
    assert not said.has_like(101.0, 109.0, "I do not agree with that date at all")
    assert not said.has_like(101.0, 109.0, "October")
    assert (tmp_path / "utterances").stat().st_mode & 0o077 == 0
    assert not is_like("", "")


@pytest.fixture
def job(tmp_path):
    return Job("openclone-linux-audio", "0.1.0", "audio_system", str(tmp_path / "segments"), "", "", str(tmp_path / "utterances"))


def put(job, start=None, app="Google Meet"):
    segment = Segment(start or time.time() - 60, b"\1\0" * 16_000)
    SegmentStore_of(job).put(job.plugin_id, app, segment)
    return segment


def SegmentStore_of(job):  # noqa: N802
    from pathlib import Path

    return SegmentStore(Path(job.segments))


def test_worker_sends_then_deletes(job):
    segment = put(job)
    sent = []

    def send(payload, timestamp, raw_ref):
        assert list(SegmentStore_of(job).waiting()), "the sound is deleted before its text is queued"
        sent.append((payload.text, payload.app_name, timestamp, raw_ref))

    assert Worker(job, lambda _: Text("Hello.", 0.9), send).work_off() == 1
    assert sent[0][:3] == ("Hello.", "Google Meet", segment.start)
    assert list(SegmentStore_of(job).waiting()) == []


def test_worker_that_dies_while_sending_leaves_the_segment(job):
    put(job)

    def send(*_):
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        Worker(job, lambda _: Text("Hello.", 0.9), send).work_off()
    assert len(list(SegmentStore_of(job).waiting())) == 1


def test_event_that_can_never_be_sent_does_not_stop_the_others(job):
    put(job, time.time() - 60)
    put(job, time.time() - 30)
    calls = []

    def send(*_):
        calls.append(1)
        if len(calls) == 1:
            raise InvalidEvent("no")

    assert Worker(job, lambda _: Text("Hello.", 0.9), send).work_off() == 2
    assert len(calls) == 2 and not list(SegmentStore_of(job).waiting())


def test_sound_of_a_pause_never_becomes_text(job):
    path = pause.pause_file()
    path.parent.mkdir(parents=True)
    path.write_text("")
    put(job, time.time())
    heard = []
    Worker(job, lambda pcm: heard.append(pcm), lambda *_: None).work_off()
    assert heard == [] and not list(SegmentStore_of(job).waiting())


def test_silence_is_deleted_and_nothing_is_sent(job):
    put(job)
    Worker(job, lambda _: None, lambda *_: pytest.fail("sent")).work_off()
    assert not list(SegmentStore_of(job).waiting())
