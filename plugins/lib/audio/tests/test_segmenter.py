import pytest
from sounds import RATE, noise, silence, speech

from openclone_audio.segmenter import LONGEST, Segmenter

START = 1_750_000_000.0


def cut(pcm, portion=3200):
    segmenter = Segmenter()
    segments = []
    for at in range(0, len(pcm), portion):
        piece = pcm[at : at + portion]
        segments += segmenter.feed(piece, START + (at + len(piece)) / (RATE * 2))
    last = segmenter.flush()
    return segments + ([last] if last else [])


def test_ten_minutes_of_silence_make_no_segment():
    assert cut(silence(600)) == []


def test_quiet_noise_makes_no_segment():
    assert cut(noise(30, level=20)) == []


def test_speech_is_cut_at_pauses_and_nothing_of_it_is_lost():
    pcm = silence(1) + speech() + silence(4)
    segments = cut(pcm)
    assert len(segments) > 1
    assert all(segment.duration <= LONGEST + 0.1 for segment in segments)
    # Segments follow one another: what lies between two of them is silence, at most the pre-roll is in both.
    for before, after in zip(segments, segments[1:]):
        assert after.start >= before.end - 0.01
    assert sum(segment.duration for segment in segments) > len(speech()) / (RATE * 2) * 0.9


def test_start_is_the_time_of_the_first_sample():
    segment = cut(silence(10) + speech("beckett") + silence(4))[0]
    assert segment.start == pytest.approx(START + 10, abs=0.6)
    at = round((segment.start - START) * RATE) * 2
    assert (silence(10) + speech("beckett"))[at : at + 3200] == segment.pcm[:3200]


@pytest.mark.parametrize("portion", [2, 640, 959, 100_000])
def test_portions_do_not_matter(portion):
    pcm = silence(1) + speech("beckett") + silence(4)
    assert [s.pcm for s in cut(pcm, portion - portion % 2)] == [s.pcm for s in cut(pcm)]


def test_discarded_sound_is_in_no_segment():
    segmenter = Segmenter()
    list(segmenter.feed(speech("beckett"), START + 20))
    segmenter.discard()
    assert segmenter.flush() is None
