import stat

import pytest

from openclone_audio.segmenter import Segment
from openclone_audio.segments import SegmentStore, reference


@pytest.fixture
def store(tmp_path):
    return SegmentStore(tmp_path / "segments")


def test_what_is_put_waits_in_order_until_it_is_removed(store):
    store.put("p", "Meet", Segment(2_000.5, b"\1\0" * 16_000))
    store.put("p", "Meet", Segment(1_000.5, b"\2\0" * 16_000))
    first, second = store.waiting()
    assert (first.start, second.start) == (1_000.5, 2_000.5)
    assert first.pcm() == b"\2\0" * 16_000
    assert store.backlog() == 2.0
    first.remove()
    assert [w.start for w in store.waiting()] == [2_000.5]


def test_only_the_user_may_read_sound(store):
    path = store.put("p", "Meet", Segment(1.0, b"\1\0"))
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    for each in (path, path.with_suffix(".pcm")):
        assert stat.S_IMODE(each.stat().st_mode) == 0o600


def test_fragments_of_an_interrupted_put_are_removed_and_nothing_else(store):
    kept = store.put("p", "Meet", Segment(1.0, b"\1\0"))
    (store.directory / "00000000002000-aaaa.pcm").write_bytes(b"\1\0")
    (store.directory / "00000000003000-bbbb.part").write_bytes(b"{")
    store.remove_fragments()
    assert sorted(p.name for p in store.directory.iterdir()) == sorted([kept.name, kept.with_suffix(".pcm").name])


def test_a_segment_put_again_is_the_same_event(store):
    segment = Segment(12.25, b"\7\0" * 100)
    store.put("p", "Meet", segment)
    store.put("p", "Meet", segment)
    (only,) = store.waiting()
    assert len(only.raw_ref) == 32


def test_references_tell_parts_apart():
    assert reference("ab", "c") != reference("a", "bc")
    assert reference(Segment(1.0, b"x")) != reference(Segment(2.0, b"x"))
