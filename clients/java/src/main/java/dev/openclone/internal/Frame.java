package dev.openclone.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;

/**
 * The frames of a segment.
 *
 * <pre>
 * magic   8 bytes  "OCSPOOL1"
 * frame*
 * frame = length u32 LE | CRC-32 (IEEE) of the payload u32 LE | payload
 * first payload: openclone.v1.Batch without events and timestamp
 * other payloads: openclone.v1.Event, raw_ref set
 * </pre>
 */
final class Frame {
  static final byte[] MAGIC = "OCSPOOL1".getBytes(StandardCharsets.US_ASCII);
  /** Bytes in front of a payload. */
  static final int HEAD = 8;
  /** No payload is longer: an event has at most 1,000,000 bytes of JSON, and is shorter encoded. */
  static final int MAX_PAYLOAD = 2 << 20;

  private Frame() {}

  /** Puts length and checksum into the first 8 bytes of a frame whose payload stands behind them. */
  static byte[] seal(byte[] frame) {
    int length = frame.length - HEAD;
    ByteBuffer head = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
    head.putInt(length).putInt(checksum(frame, HEAD, length));
    return frame;
  }

  static byte[] of(byte[] payload) {
    byte[] frame = new byte[HEAD + payload.length];
    System.arraycopy(payload, 0, frame, HEAD, payload.length);
    return seal(frame);
  }

  /** The length of the payload of the frame at {@code at}; -1 if no whole and sound frame stands there before {@code end}. */
  static int payloadLength(byte[] bytes, int at, int end) {
    if (end - at < HEAD) {
      return -1;
    }
    int length = intAt(bytes, at);
    boolean fits = length > 0 && length <= MAX_PAYLOAD && length <= end - at - HEAD;
    return fits && checksum(bytes, at + HEAD, length) == intAt(bytes, at + 4) ? length : -1;
  }

  /** Whether a whole and sound frame stands anywhere from {@code from} on. */
  static boolean anyFrom(byte[] bytes, int from, int end) {
    for (int at = from; at < end - HEAD; ++at) {
      if (payloadLength(bytes, at, end) > 0) {
        return true;
      }
    }
    return false;
  }

  static int intAt(byte[] bytes, int at) {
    return (bytes[at] & 0xff) | (bytes[at + 1] & 0xff) << 8 | (bytes[at + 2] & 0xff) << 16 | (bytes[at + 3] & 0xff) << 24;
  }

  private static int checksum(byte[] bytes, int from, int length) {
    CRC32 crc = new CRC32();
    crc.update(bytes, from, length);
    return (int) crc.getValue();
  }
}
