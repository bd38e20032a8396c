"""The spool: segments that are cut off or damaged anywhere, disks that refuse, what is sent and what is kept."""

import errno
import os
import pathlib
import tempfile
import unittest
from unittest import mock

from openclone import _frames
from openclone._frames import MAGIC, frame
from openclone._spool import Spool
from openclone.errors import SpoolError
from openclone.v1.batch_pb2 import Batch, Event

HEADER = Batch(source_type="SOURCE_TYPE_BRAINDUMP", plugin_id="p").SerializeToString()
OTHER = b"the batch of another source type"


def event(number, size=0):
    made = Event(raw_ref=f"e{number}", json='{"text":"%s"}' % ("x" * size))
    made.timestamp.seconds = 1_700_000_000 + number
    return made.SerializeToString()


class Directory(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = pathlib.Path(directory.name, "spool")
        self.dead = pathlib.Path(directory.name, "dead-letter")
        self.path.mkdir()
        self.dead.mkdir()

    def spool(self, max_bytes=10**9):
        return Spool(self.path, self.dead, {"braindump": HEADER, "notes": OTHER}, max_bytes)

    def drain(self, spool):
        found = []
        while (package := spool.take(7)) is not None:
            found += package.events
            spool.done(package.segment, len(package.events))
        return found

    def files(self):
        return sorted(path.name for path in self.path.iterdir())


EVENTS = [event(number) for number in range(4)]
FILE = MAGIC + frame(HEADER) + b"".join(map(frame, EVENTS))
# Where the header and each event end.
ENDS = [len(MAGIC + frame(HEADER) + b"".join(map(frame, EVENTS[:count]))) for count in range(5)]


class FramesTest(unittest.TestCase):
    def read(self, data):
        found, events = _frames.examine(data), []
        at = found.first
        while at < found.end:
            payload = _frames.payload_at(data, at)
            events.append(payload)
            at += 8 + len(payload)
        return found, events

    def test_cut_off_at_every_byte(self):
        for length in range(len(FILE) + 1):
            found, events = self.read(FILE[:length])
            whole = sum(end <= length for end in ENDS[1:])
            self.assertEqual(events, EVENTS[:whole], length)
            self.assertEqual(found.header is not None, length >= ENDS[0], length)
            self.assertFalse(found.is_damaged, length)

    def test_every_flipped_bit_is_noticed(self):
        for at in range(len(FILE)):
            for bit in range(8):
                data = bytearray(FILE)
                data[at] ^= 1 << bit
                found, events = self.read(bytes(data))
                whole = max((count for count, end in enumerate(ENDS) if end <= at), default=-1)
                self.assertEqual(events, EVENTS[: max(whole, 0)], (at, bit))
                # Whatever stands behind the last event that is hit is lost, and that must be reported.
                self.assertEqual(found.is_damaged, at < ENDS[3], (at, bit))

    def test_a_frame_is_as_described(self):
        self.assertEqual(frame(b"123456789"), b"\x09\0\0\0" + (0xCBF43926).to_bytes(4, "little") + b"123456789")


class SpoolTest(Directory):
    def test_what_is_appended_comes_out_in_order_and_is_deleted(self):
        spool = self.spool()
        for number in range(20):
            spool.append(frame(event(number)), "braindump")
        self.assertEqual((spool.queued, self.files()), (20, ["0000000000000001.seg"]))
        self.assertEqual(self.drain(spool), [event(number) for number in range(20)])
        self.assertEqual((spool.queued, spool.bytes, self.files()), (0, 0, []))

    def test_a_file_has_the_documented_form_and_mode(self):
        spool = self.spool()
        spool.append(frame(event(1)), "braindump")
        (path,) = self.path.iterdir()
        self.assertEqual(path.read_bytes(), MAGIC + frame(HEADER) + frame(event(1)))
        self.assertEqual(path.stat().st_size, spool.bytes)
        if os.name == "posix":
            self.assertEqual(path.stat().st_mode & 0o777, 0o600)

    def test_the_next_start_sends_what_is_left_from_the_segment_s_beginning(self):
        first = self.spool()
        for number in range(10):
            first.append(frame(event(number)), "braindump")
        package = first.take(4)
        first.done(package.segment, 4)
        first.close()
        second = self.spool()
        second.append(frame(event(10)), "braindump")
        self.assertEqual(second.queued, 11)
        self.assertEqual(self.drain(second), [event(number) for number in range(11)])
        self.assertEqual(self.files(), [])

    def test_segments_end_at_a_quarter_of_a_small_spool(self):
        spool = self.spool(max_bytes=4000)
        for number in range(30):
            spool.append(frame(event(number, size=60)), "braindump")
        self.assertGreater(len(self.files()), 2)
        self.assertTrue(all(path.stat().st_size <= 1000 for path in self.path.iterdir()))
        self.assertEqual(len(self.drain(spool)), 30)

    def test_a_batch_is_bounded_in_events_and_bytes(self):
        spool = self.spool()
        for number in range(12):
            spool.append(frame(event(number, size=150_000)), "braindump")
        sizes = []
        while (package := spool.take(500)) is not None:
            sizes.append(len(package.events))
        self.assertEqual(sizes, [6, 6])

    def test_the_oldest_segment_that_is_not_being_sent_is_dropped(self):
        spool = self.spool()
        for number in range(9):
            spool.append(frame(event(number)), "braindump")
            if number % 3 == 2:
                spool.seal()
        sending = spool.take(2)
        self.assertEqual(spool.drop_oldest(), 3)
        spool.done(sending.segment, 2)
        left = self.drain(spool)
        self.assertEqual(left, [event(number) for number in (2, 6, 7, 8)])
        self.assertEqual((spool.queued, spool.bytes, spool.drop_oldest()), (0, 0, None))

    def test_damage_in_the_middle_is_copied_and_reported(self):
        first = self.spool()
        for number in range(6):
            first.append(frame(event(number)), "braindump")
        first.close()
        (path,) = self.path.iterdir()
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        second = self.spool()
        self.assertEqual(second.damaged, [self.dead / path.name])
        self.assertEqual((self.dead / path.name).read_bytes(), data)
        left = self.drain(second)
        self.assertEqual(left, [event(number) for number in range(len(left))])
        self.assertTrue(0 < len(left) < 6)
        # Numbers begin anew in an empty spool; the copy stays.
        path.write_bytes(data)
        self.assertEqual(self.spool().damaged, [self.dead / f"{path.stem}-2.seg"])
        self.assertEqual(len(list(self.dead.iterdir())), 2)

    def test_a_write_that_is_cut_off_is_taken_back(self):
        spool = self.spool()
        spool.append(frame(event(0)), "braindump")
        write = os.write
        with mock.patch("os.write", lambda file, data: full_after(write, file, data)), self.assertRaises(SpoolError):
            spool.append(frame(event(1)), "braindump")
        self.assertEqual(spool.queued, 1)
        spool.append(frame(event(2)), "braindump")
        spool.close()
        again = self.spool()
        self.assertEqual((again.damaged, self.drain(again)), ([], [event(0), event(2)]))

    def test_a_disk_that_refuses_a_new_segment_leaves_nothing_behind(self):
        spool = self.spool()
        write = os.write
        with mock.patch("os.write", lambda file, data: full_after(write, file, data)), self.assertRaises(SpoolError):
            spool.append(frame(event(1)), "braindump")
        self.assertEqual((spool.queued, spool.bytes, self.files()), (0, 0, []))
        spool.append(frame(event(2)), "braindump")
        self.assertEqual(self.drain(spool), [event(2)])

    def test_each_source_type_fills_its_own_segment(self):
        spool = self.spool()
        for number in range(3):
            spool.append(frame(event(number)), "braindump")
            self.assertEqual(spool.append(frame(event(10 + number)), "notes"), number + 1)
        self.assertEqual(len(self.files()), 2)
        spool.append(frame(event(13)), "notes")
        # The fuller one is due, although the other is older; then neither is.
        package = spool.take(4, 4, 60.0)
        self.assertEqual((package.segment.header, len(package.events)), (OTHER, 4))
        self.assertGreater(spool.due_in(4, 60.0), 0.0)
        spool.seal()
        self.assertEqual(spool.take(4, 4, 60.0).segment.header, HEADER)

    def test_what_another_sdk_has_left_of_a_source_type_is_sent(self):
        other = self.path.with_name("spool-notes")
        other.mkdir()
        (other / "0000000000000003.seg").write_bytes(FILE)
        spool = self.spool()
        self.assertEqual(spool.queued, len(EVENTS))
        self.assertEqual(self.drain(spool), EVENTS)
        self.assertEqual(list(other.iterdir()), [])

    def test_due_when_full_old_or_sealed(self):
        spool = self.spool()
        self.assertIsNone(spool.due_in(3, 60.0))
        spool.append(frame(event(0)), "braindump")
        self.assertTrue(59.0 < spool.due_in(3, 60.0) <= 60.0)
        self.assertEqual(spool.due_in(1, 60.0), 0.0)
        self.assertEqual(spool.due_in(3, 0.0), 0.0)
        spool.seal()
        self.assertEqual(spool.due_in(3, 60.0), 0.0)


def full_after(write, file, data):
    """Writes half of it the first time, and finds the disk full the second."""
    if len(data) > 40:
        return write(file, data[: len(data) // 2 + 1])
    raise OSError(errno.ENOSPC, "No space left on device")


if __name__ == "__main__":
    unittest.main()
