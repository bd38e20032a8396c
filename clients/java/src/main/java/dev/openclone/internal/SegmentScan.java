package dev.openclone.internal;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.openclone.v1.Batch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * What stands in a segment of an earlier run.
 *
 * @param header null if it cannot be read
 * @param count whole events before the first frame that is cut off or wrong
 * @param eventsFrom where the first event's frame begins
 * @param end where the sound frames end
 * @param length bytes of the file
 * @param damaged whether whole frames stand behind the first wrong one: then it was not just cut off by a crash
 */
record SegmentScan(Batch header, int count, long eventsFrom, long end, long length, boolean damaged) {

  static SegmentScan of(Path path) throws IOException {
    return of(StateDir.read(path));
  }

  static SegmentScan of(byte[] bytes) {
    int magic = Frame.MAGIC.length;
    if (bytes.length < magic || !Arrays.equals(bytes, 0, magic, Frame.MAGIC, 0, magic)) {
      return new SegmentScan(null, 0, 0, 0, bytes.length, Frame.anyFrom(bytes, 0, bytes.length));
    }
    int first = Frame.payloadLength(bytes, magic, bytes.length);
    Batch header = first < 0 ? null : header(bytes, magic + Frame.HEAD, first);
    if (header == null) {
      return new SegmentScan(null, 0, 0, magic, bytes.length, Frame.anyFrom(bytes, magic, bytes.length));
    }
    int eventsFrom = magic + Frame.HEAD + first;
    int count = 0;
    int at = eventsFrom;
    for (int length; (length = Frame.payloadLength(bytes, at, bytes.length)) > 0; ++count) {
      at += Frame.HEAD + length;
    }
    return new SegmentScan(header, count, eventsFrom, at, bytes.length, Frame.anyFrom(bytes, at, bytes.length));
  }

  private static Batch header(byte[] bytes, int from, int length) {
    try {
      Batch header = Batch.parser().parseFrom(bytes, from, length);
      boolean known = header.getSourceTypeValue() >= 1 && header.getSourceTypeValue() <= 15 && header.getPlatformValue() >= 1 && header.getPlatformValue() <= 6;
      return known ? header : null;
    } catch (InvalidProtocolBufferException error) {
      return null;
    }
  }
}
