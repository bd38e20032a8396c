package dev.openclone.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class SegmentScanTest {
  private static final int EVENTS = 4;

  /** Where the first frame and each event's frame end. */
  private final List<Integer> ends = new ArrayList<>();

  private byte[] segment() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(Segment.start(Samples.HEADER));
    ends.add(out.size());
    for (int index = 0; index < EVENTS; ++index) {
      out.writeBytes(Samples.frame(Samples.thought("e" + index)));
      ends.add(out.size());
    }
    return out.toByteArray();
  }

  @Test
  void aWholeSegmentIsReadToItsEnd() {
    byte[] bytes = segment();
    SegmentScan scan = SegmentScan.of(bytes);
    assertEquals(new SegmentScan(Samples.HEADER, EVENTS, ends.get(0), bytes.length, bytes.length, false), scan);
  }

  @Test
  void cutOffAnywhereItGivesWhatIsWhole() {
    byte[] bytes = segment();
    for (int length = 0; length < bytes.length; ++length) {
      SegmentScan scan = SegmentScan.of(Arrays.copyOf(bytes, length));
      int cut = length;
      long whole = ends.stream().filter(end -> end <= cut).count() - 1;
      assertEquals(Math.max(0, whole), scan.count(), "cut off at " + length);
      assertFalse(scan.damaged(), "cut off at " + length);
      if (whole >= 0) {
        assertEquals(ends.get((int) whole).longValue(), scan.end(), "cut off at " + length);
      } else {
        assertNull(scan.header(), "cut off at " + length);
      }
    }
  }

  @Test
  void everyFlippedBitEndsTheReadingAtItsFrame() {
    byte[] bytes = segment();
    for (int bit = 0; bit < bytes.length * 8; ++bit) {
      byte[] flipped = bytes.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      int at = bit / 8;
      int frame = (int) ends.stream().filter(end -> end <= at).count();
      SegmentScan scan = SegmentScan.of(flipped);
      assertEquals(Math.max(0, frame - 1), scan.count(), "bit " + bit);
      // Behind all but the last frame whole ones follow.
      assertEquals(frame < EVENTS, scan.damaged(), "bit " + bit);
    }
  }

  @Test
  void zerosBehindTheLastFrameAreNoFrames() {
    byte[] bytes = segment();
    SegmentScan scan = SegmentScan.of(Arrays.copyOf(bytes, bytes.length + 4096));
    assertEquals(EVENTS, scan.count());
    assertEquals(bytes.length, scan.end());
    assertFalse(scan.damaged());
  }

  @Test
  void aFrameIsLengthChecksumAndPayload() {
    byte[] frame = Frame.of("123456789".getBytes());
    // The check value of CRC-32 (IEEE) is cbf43926.
    byte[] head = {9, 0, 0, 0, 0x26, 0x39, (byte) 0xf4, (byte) 0xcb};
    assertArrayEquals(head, Arrays.copyOf(frame, 8));
    assertEquals(9, Frame.payloadLength(frame, 0, frame.length));
    assertTrue(Frame.anyFrom(frame, 0, frame.length));
  }
}
