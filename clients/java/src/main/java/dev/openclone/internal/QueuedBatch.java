package dev.openclone.internal;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.openclone.v1.Event;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Events of one segment that travel together, already encoded as the {@code events} of a {@code openclone.v1.Batch}: tag, length and bytes of each.
 */
final class QueuedBatch {
  /** Encoded events of one batch take no more than this, unless it is a single one. */
  static final int MAX_BYTES = 1_000_000;
  /** Field 7, with a length. */
  private static final byte EVENTS_TAG = 7 << 3 | 2;

  final Segment segment;
  /** Where the first event stood in the order of all; events of a part of a batch may be later ones. */
  final long firstSequence;
  /** Bytes of the frames that the events stand in. */
  long frameBytes;

  private byte[] bytes;
  private int[] ends;
  private int count;

  QueuedBatch(Segment segment, long firstSequence, int expected) {
    this.segment = segment;
    this.firstSequence = firstSequence;
    bytes = new byte[Math.max(1024, 64 * expected)];
    ends = new int[expected];
  }

  /** Takes one more event; false, and nothing taken, if the batch is full of bytes. */
  boolean add(byte[] from, int at, int length) {
    int head = 1 + CodedOutputStream.computeUInt32SizeNoTag(length);
    int size = length();
    if (count > 0 && size + head + length > MAX_BYTES) {
      return false;
    }
    if (size + head + length > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + head + length));
    }
    putHead(size, length);
    System.arraycopy(from, at, bytes, size + head, length);
    if (count == ends.length) {
      ends = Arrays.copyOf(ends, 2 * count + 1);
    }
    ends[count++] = size + head + length;
    frameBytes += Frame.HEAD + length;
    return true;
  }

  private void putHead(int at, int length) {
    int next = at;
    bytes[next++] = EVENTS_TAG;
    int rest = length;
    for (; rest > 0x7f; rest >>>= 7) {
      bytes[next++] = (byte) (rest | 0x80);
    }
    bytes[next] = (byte) rest;
  }

  int count() {
    return count;
  }

  /** The encoded events: the first {@link #length} bytes. */
  byte[] bytes() {
    return bytes;
  }

  int length() {
    return count == 0 ? 0 : ends[count - 1];
  }

  Event event(int index) throws InvalidProtocolBufferException {
    int start = start(index);
    int from = start + 1;
    while (bytes[from++] < 0) {
      // The next byte of the length.
    }
    return EventCodec.parse(bytes, from, ends[index] - from);
  }

  /** The events from {@code from} to before {@code to}. */
  QueuedBatch part(int from, int to) {
    BitSet wanted = new BitSet();
    wanted.set(from, to);
    return only(wanted);
  }

  /** The events at these places, in order. */
  QueuedBatch only(BitSet places) {
    QueuedBatch part = new QueuedBatch(segment, firstSequence, Math.max(1, places.cardinality()));
    int size = places.stream().map(place -> ends[place] - start(place)).sum();
    part.bytes = new byte[size];
    places.stream().forEach(place -> part.copy(this, place));
    return part;
  }

  private void copy(QueuedBatch from, int place) {
    int start = from.start(place);
    int size = from.ends[place] - start;
    int at = length();
    System.arraycopy(from.bytes, start, bytes, at, size);
    ends[count++] = at + size;
  }

  private int start(int index) {
    return index == 0 ? 0 : ends[index - 1];
  }
}
