package dev.openclone.internal;

import dev.openclone.OnFull;
import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.Closed;
import dev.openclone.OpenCloneException.Damaged;
import dev.openclone.OpenCloneException.Dropped;
import dev.openclone.OpenCloneException.SpoolError;
import dev.openclone.OpenCloneException.SpoolFull;
import dev.openclone.Stats;
import dev.openclone.v1.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The queue on disk: segments, oldest first, of which the last one grows. Every event has a number in the order of all (its sequence); it is
 * waiting, then taken by the sender as part of a batch, then resolved: acknowledged, set aside or dropped. A segment whose events are all resolved is
 * deleted. There is no mark of progress on disk.
 *
 * <p>All threads of the plugin append; one thread, the sender, takes and resolves.
 */
final class Spool {
  private static final long SEGMENT_BYTES = 4 << 20;

  private final Options options;
  private final Batch header;
  private final SpoolFiles files;
  private final Consumer<OpenCloneException> tell;
  private final Runnable wake;
  private final long segmentBytes;
  private final int headerBytes;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Segment> segments = new ArrayDeque<>();
  private final Set<QueuedBatch> outstanding = Collections.newSetFromMap(new IdentityHashMap<>());
  /** When the last events were appended, by sequence; the first of a batch that is not full is always among them. */
  private final long[] appendedAt;

  /** How long the first event of a batch waits for others. */
  LongSupplier ageNanos;
  private Segment active;
  private long nextSequence;
  private long flushBefore;
  private long pending;
  private long bytes;
  private long queued;
  private long stored;
  private long skipped;
  private long rejected;
  private long dropped;
  private boolean closed;

  Spool(Options options, Batch header, SpoolFiles files, Consumer<OpenCloneException> tell, Runnable wake) {
    this.options = options;
    this.header = header;
    this.files = files;
    this.tell = tell;
    this.wake = wake;
    ageNanos = () -> options.maxBatchAge == null ? 0 : options.maxBatchAge.toNanos();
    // A small spool has several segments too, so that it can drop its oldest.
    segmentBytes = Math.min(SEGMENT_BYTES, Math.max(1, options.spoolMaxBytes / 4));
    headerBytes = Segment.start(header).length;
    appendedAt = new long[options.maxBatchEvents];
    for (Segment segment : files.recover()) {
      segments.add(segment);
      nextSequence += segment.count;
      bytes += segment.length;
    }
    queued = pending = nextSequence;
  }

  /** Writes one event; what {@code frame} holds survives a crash of the process from then on. */
  void append(byte[] frame) {
    List<Segment> victims = options.onFull == OnFull.DROP_OLDEST ? new ArrayList<>() : List.of();
    lock.lock();
    try {
      makeRoom(frame.length, victims);
      Segment segment = segmentFor(frame.length);
      write(segment, frame);
      appendedAt[(int) (nextSequence % appendedAt.length)] = System.nanoTime();
      ++nextSequence;
      ++queued;
      ++pending;
      bytes += frame.length;
      boolean fullOfBytes = segment.waitingBytes >= QueuedBatch.MAX_BYTES && segment.waitingBytes - frame.length < QueuedBatch.MAX_BYTES;
      if (pending == 1 || pending == options.maxBatchEvents || fullOfBytes) {
        wake.run();
      }
    } finally {
      lock.unlock();
    }
    forget(victims);
  }

  private void write(Segment segment, byte[] frame) {
    try {
      segment.append(frame);
      files.dirty(segment);
    } catch (IOException error) {
      throw spoolError(error);
    }
  }

  private SpoolError spoolError(IOException error) {
    return new SpoolError("spool in " + files.directory() + " cannot be written: " + error.getMessage() + "; free space or see its permissions", error);
  }

  private Segment segmentFor(int size) {
    if (active != null && !active.sealed && (active.count == 0 || active.length + size <= segmentBytes)) {
      return active;
    }
    seal();
    try {
      active = files.create(header, nextSequence);
    } catch (IOException error) {
      throw spoolError(error);
    }
    segments.add(active);
    bytes += active.length;
    return active;
  }

  private void seal() {
    if (active != null) {
      active.sealed = true;
      active = null;
      wake.run();
    }
  }

  private void makeRoom(int size, List<Segment> victims) {
    long deadline = System.nanoTime() + options.blockTimeout.toNanos();
    while (true) {
      if (closed) {
        throw new Closed("client is closed");
      }
      int extra = active == null || active.length + size > segmentBytes ? headerBytes : 0;
      if (bytes + size + extra <= options.spoolMaxBytes) {
        return;
      }
      if (options.onFull == OnFull.DROP_OLDEST && dropOldest(victims)) {
        continue;
      }
      long left = deadline - System.nanoTime();
      if (options.onFull == OnFull.REJECT || left <= 0 || bytes == 0) {
        throw new SpoolFull("spool in " + files.directory() + " has reached its " + options.spoolMaxBytes + " bytes; is the server reachable?");
      }
      await(left);
    }
  }

  private void await(long nanos) {
    try {
      changed.awaitNanos(nanos);
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
      throw new SpoolFull("spool is full, and the thread was interrupted while it waited for room", interrupt);
    }
  }

  private boolean dropOldest(List<Segment> victims) {
    for (Segment segment : segments) {
      if (segment.onWire == 0) {
        drop(segment);
        victims.add(segment);
        return true;
      }
    }
    return false;
  }

  private void drop(Segment segment) {
    segment.dropped = true;
    segments.remove(segment);
    if (segment == active) {
      active = null;
    }
    outstanding.removeIf(batch -> batch.segment == segment);
    long lost = segment.count - segment.resolved;
    long waiting = segment.count - segment.taken;
    dropped += lost;
    queued -= lost;
    pending -= waiting;
    bytes -= segment.length;
    changed.signalAll();
  }

  private void forget(List<Segment> victims) {
    for (Segment segment : victims) {
      files.delete(segment);
      int lost = segment.count - segment.resolved;
      tell.accept(new Dropped("spool is full: " + lost + " events of " + segment.path.getFileName() + " were dropped, as on_full asks"));
    }
  }

  /** The next batch, if one is due: full, old enough, to be flushed, or the end of a segment that does not grow any more. Null if none is. */
  QueuedBatch take(int maxEvents) {
    Segment segment;
    int max;
    long limit;
    lock.lock();
    try {
      segment = firstWaiting();
      if (segment == null || nanosUntilDue(segment) > 0) {
        return null;
      }
      max = Math.min(maxEvents, segment.count - segment.taken);
      limit = segment.end;
      ++segment.onWire;
    } finally {
      lock.unlock();
    }
    try {
      return taken(segment.read(max, limit));
    } catch (IOException error) {
      damaged(segment, error);
      return null;
    }
  }

  private QueuedBatch taken(QueuedBatch batch) {
    lock.lock();
    try {
      batch.segment.taken += batch.count();
      pending -= batch.count();
      batch.segment.waitingBytes -= batch.frameBytes;
      outstanding.add(batch);
      return batch;
    } finally {
      lock.unlock();
    }
  }

  private void damaged(Segment segment, IOException error) {
    Path copy;
    try {
      copy = files.keepDamaged(segment.path);
    } catch (SpoolError invalid) {
      release(segment);
      throw invalid;
    }
    int lost;
    boolean done;
    lock.lock();
    try {
      lost = segment.count - segment.taken;
      segment.count = segment.taken;
      segment.sealed = true;
      if (segment == active) {
        active = null;
      }
      --segment.onWire;
      dropped += lost;
      queued -= lost;
      pending -= lost;
      done = finish(segment);
    } finally {
      lock.unlock();
    }
    tell.accept(new Damaged(segment.path + ": " + lost + " events cannot be read back: " + error.getMessage() + "; the file was copied to " + copy, error));
    if (done) {
      files.delete(segment);
    }
  }

  private void release(Segment segment) {
    lock.lock();
    try {
      --segment.onWire;
    } finally {
      lock.unlock();
    }
  }

  /** Nanoseconds until {@link #take} has something; {@link Long#MAX_VALUE} if nothing waits. */
  long nanosUntilDue() {
    lock.lock();
    try {
      Segment segment = firstWaiting();
      return segment == null ? Long.MAX_VALUE : nanosUntilDue(segment);
    } finally {
      lock.unlock();
    }
  }

  private Segment firstWaiting() {
    for (Segment segment : segments) {
      if (segment.taken < segment.count) {
        return segment;
      }
    }
    return null;
  }

  private long nanosUntilDue(Segment segment) {
    long first = segment.firstSequence + segment.taken;
    boolean full = segment.count - segment.taken >= options.maxBatchEvents || segment.waitingBytes >= QueuedBatch.MAX_BYTES;
    if (full || segment.sealed || first < flushBefore) {
      return 0;
    }
    long age = System.nanoTime() - appendedAt[(int) (first % appendedAt.length)];
    return Math.max(0, ageNanos.getAsLong() - age);
  }

  /** Whether a batch that was put back is still wanted; if so it is being sent from now on. */
  boolean resume(QueuedBatch batch) {
    lock.lock();
    try {
      if (!batch.segment.dropped) {
        ++batch.segment.onWire;
      }
      return !batch.segment.dropped;
    } finally {
      lock.unlock();
    }
  }

  /** A batch is not being sent any more, and will be again. */
  void pause(QueuedBatch batch) {
    replace(batch, List.of(batch));
  }

  /** Parts stand for a batch from now on, not yet being sent. */
  void replace(QueuedBatch batch, List<QueuedBatch> parts) {
    lock.lock();
    try {
      --batch.segment.onWire;
      outstanding.remove(batch);
      outstanding.addAll(parts);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Counts {@code aside} events of a batch as set aside; the batch goes on with fewer. */
  void setAside(QueuedBatch batch, int aside) {
    lock.lock();
    try {
      rejected += aside;
      queued -= aside;
      batch.segment.resolved += aside;
    } finally {
      lock.unlock();
    }
  }

  /** The batch, of which {@code count} events were left, is done with. */
  void resolve(QueuedBatch batch, int count, long newOnes, long known) {
    boolean done;
    lock.lock();
    try {
      stored += newOnes;
      skipped += known;
      queued -= count;
      --batch.segment.onWire;
      batch.segment.resolved += count;
      outstanding.remove(batch);
      done = finish(batch.segment);
    } finally {
      lock.unlock();
    }
    if (done) {
      files.delete(batch.segment);
    }
  }

  private boolean finish(Segment segment) {
    changed.signalAll();
    if (segment.resolved < segment.count || segment.onWire > 0) {
      return false;
    }
    if (segment == active) {
      seal();
    }
    segments.remove(segment);
    bytes -= segment.length;
    return true;
  }

  /** Asks for everything that waits now, and returns the sequence before which all must be resolved. */
  long requestFlush() {
    lock.lock();
    try {
      flushBefore = nextSequence;
      return flushBefore;
    } finally {
      lock.unlock();
      wake.run();
    }
  }

  /** Waits for a change, at most so long. Returns whether everything before {@code sequence} is resolved. */
  boolean awaitResolved(long sequence, long nanos) throws InterruptedException {
    lock.lock();
    try {
      if (firstUnresolved() >= sequence) {
        return true;
      }
      changed.awaitNanos(nanos);
      return firstUnresolved() >= sequence;
    } finally {
      lock.unlock();
    }
  }

  private long firstUnresolved() {
    Segment waiting = firstWaiting();
    long first = waiting == null ? nextSequence : waiting.firstSequence + waiting.taken;
    for (QueuedBatch batch : outstanding) {
      first = Math.min(first, batch.firstSequence);
    }
    return first;
  }

  /** Lets those who wait look again. */
  void signal() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  Stats stats() {
    lock.lock();
    try {
      return new Stats(queued, stored, skipped, rejected, dropped, bytes);
    } finally {
      lock.unlock();
    }
  }

  /** No more events are taken. */
  void refuse() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Closes the files; what is not resolved stays. */
  void close() {
    refuse();
    files.close(segments);
  }
}
