package dev.openclone.internal;

import dev.openclone.v1.Batch;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * One file of the spool. Written by one thread at a time, under the spool's lock; read by the sender alone.
 *
 * <p>Plain files, not channels: a channel is closed when the thread that uses it is interrupted, and these threads are the plugin's.
 */
final class Segment {
  private static final int CHUNK = 256 << 10;

  final Path path;
  final Batch header;
  final long firstSequence;

  // Guarded by the spool's lock.
  int count;
  int taken;
  int resolved;
  int onWire;
  volatile boolean sealed;
  boolean dropped;
  /** Bytes of the file. */
  long length;
  /** Where the sound frames end. */
  long end;
  /** Bytes of the events that were appended in this run and wait. */
  long waitingBytes;

  private RandomAccessFile writer;

  // The sender's.
  private RandomAccessFile reader;
  private byte[] buffer = new byte[0];
  private int from;
  private int to;
  private long position;

  private Segment(Path path, Batch header, long firstSequence) {
    this.path = path;
    this.header = header;
    this.firstSequence = firstSequence;
  }

  /** Makes a new file with its first frame. */
  static Segment create(Path path, Batch header, long firstSequence) throws IOException {
    Segment segment = new Segment(path, header, firstSequence);
    StateDir.createPrivate(path);
    try {
      segment.writer = new RandomAccessFile(path.toFile(), "rw");
      segment.write(start(header));
    } catch (IOException error) {
      segment.delete();
      throw error;
    }
    segment.position = segment.end;
    return segment;
  }

  /** A file of an earlier run. */
  static Segment recovered(Path path, SegmentScan scan, long firstSequence) {
    Segment segment = new Segment(path, scan.header(), firstSequence);
    segment.count = scan.count();
    segment.length = scan.length();
    segment.end = scan.end();
    segment.position = scan.eventsFrom();
    segment.sealed = true;
    return segment;
  }

  /** Magic and first frame. */
  static byte[] start(Batch header) {
    byte[] frame = Frame.of(header.toByteArray());
    byte[] start = Arrays.copyOf(Frame.MAGIC, Frame.MAGIC.length + frame.length);
    System.arraycopy(frame, 0, start, Frame.MAGIC.length, frame.length);
    return start;
  }

  void append(byte[] frame) throws IOException {
    write(frame);
    ++count;
    waitingBytes += frame.length;
  }

  private void write(byte[] bytes) throws IOException {
    try {
      writer.write(bytes);
    } catch (IOException error) {
      takeBack();
      throw error;
    }
    length += bytes.length;
    end = length;
  }

  /** What a full disk took of a frame must not stand in front of the next one. */
  private void takeBack() {
    try {
      writer.setLength(length);
      writer.seek(length);
    } catch (IOException error) {
      // Nothing may be appended behind half a frame.
      sealed = true;
    }
  }

  /** Reads up to {@code max} events that were written before {@code limit}; fails if not even the first can be read. */
  QueuedBatch read(int max, long limit) throws IOException {
    QueuedBatch batch = new QueuedBatch(this, firstSequence + taken, max);
    try {
      while (batch.count() < max && readOne(batch, limit)) {
        // One after the other.
      }
    } catch (IOException error) {
      if (batch.count() == 0) {
        throw error;
      }
    }
    return batch;
  }

  private boolean readOne(QueuedBatch batch, long limit) throws IOException {
    need(Frame.HEAD, limit);
    int payload = Frame.intAt(buffer, from);
    if (payload <= 0 || payload > Frame.MAX_PAYLOAD) {
      throw new IOException("a frame of " + payload + " bytes");
    }
    need(Frame.HEAD + payload, limit);
    if (Frame.payloadLength(buffer, from, to) < 0) {
      throw new IOException("a frame with a wrong checksum");
    }
    if (!batch.add(buffer, from + Frame.HEAD, payload)) {
      return false;
    }
    from += Frame.HEAD + payload;
    return true;
  }

  private void need(int bytes, long limit) throws IOException {
    if (to - from >= bytes) {
      return;
    }
    if (reader == null) {
      reader = new RandomAccessFile(path.toFile(), "r");
      reader.seek(position);
    }
    int kept = to - from;
    int wanted = (int) Math.min(Math.max(bytes, CHUNK), kept + limit - position);
    byte[] next = wanted > buffer.length ? new byte[wanted] : buffer;
    System.arraycopy(buffer, from, next, 0, kept);
    buffer = next;
    from = 0;
    to = kept;
    while (to < wanted) {
      int read = reader.read(buffer, to, wanted - to);
      if (read < 0) {
        break;
      }
      to += read;
      position += read;
    }
    if (to < bytes) {
      throw new IOException("the file ends in the middle of a frame");
    }
  }

  /** Makes what was written survive a crash of the machine. */
  synchronized void sync() throws IOException {
    // Looked at first: what is appended while this syncs wants another sync.
    boolean last = sealed;
    if (writer != null) {
      writer.getFD().sync();
    }
    if (last) {
      closeWriter();
    }
  }

  synchronized void close() throws IOException {
    closeWriter();
    if (reader != null) {
      reader.close();
      reader = null;
    }
  }

  private void closeWriter() throws IOException {
    if (writer != null) {
      writer.close();
      writer = null;
    }
  }

  synchronized void delete() throws IOException {
    close();
    Files.deleteIfExists(path);
  }
}
