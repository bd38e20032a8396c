package dev.openclone.internal;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.AccessDenied;
import dev.openclone.OpenCloneException.Clock;
import dev.openclone.OpenCloneException.SpoolError;
import dev.openclone.OpenCloneException.Unavailable;
import dev.openclone.RejectedEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;

/** What the sender's thread sends next, and what it makes of responses. Used by that thread alone. */
final class Outbox {
  /** Why an attempt ended, and how long the server asks to wait. */
  record Failure(OpenCloneException error, Duration after, Response.Hint hint) {
    Failure(OpenCloneException error, Duration after) {
      this(error, after, Response.Hint.NONE);
    }

    static Failure unavailable(String message) {
      return new Failure(new Unavailable(message), Duration.ZERO);
    }
  }

  /** Batches kept because of the clock, beyond which nothing more is taken from the spool. */
  private static final int MAX_PARKED = 32;

  private final Spool spool;
  private final DeadLetter deadLetter;
  private final Consumer<RejectedEvent> tell;
  private final ArrayDeque<QueuedBatch> again = new ArrayDeque<>();
  private final Queue<Parked> parked = new ArrayDeque<>();
  private final Consumer<OpenCloneException> tellError;
  private final long clockRetryNanos;
  private volatile Clock clock;
  private boolean progress;
  private boolean acknowledged;
  /** Called for each batch that is stored, and when the clocks differ. */
  Runnable onStored = () -> {};
  Runnable onClock = () -> {};

  /** A batch that is sent again later. */
  private record Parked(long until, QueuedBatch batch) {}

  Outbox(Spool spool, DeadLetter deadLetter, Consumer<RejectedEvent> tell, Consumer<OpenCloneException> tellError, Duration clockRetry) {
    this.tellError = tellError;
    clockRetryNanos = clockRetry.toNanos();
    this.spool = spool;
    this.deadLetter = deadLetter;
    this.tell = tell;
  }

  /** Forgets what happened in the attempt before. */
  void beginAttempt() {
    progress = false;
    acknowledged = false;
  }

  /** Whether a batch was stored or taken apart in this attempt. */
  boolean progress() {
    return progress;
  }

  /** Whether there was any response to a batch in this attempt. */
  boolean acknowledged() {
    return acknowledged;
  }

  /** The next batch to send; null if none is due. */
  QueuedBatch next(int maxEvents) {
    if (again.isEmpty() && !parked.isEmpty() && parked.peek().until - System.nanoTime() <= 0) {
      again.add(parked.remove().batch);
    }
    for (QueuedBatch batch; (batch = again.poll()) != null; ) {
      if (spool.resume(batch)) {
        return batch;
      }
    }
    return parked.size() >= MAX_PARKED ? null : spool.take(maxEvents);
  }

  /** Nanoseconds until there may be a next one. */
  long nanosUntilNext() {
    if (!again.isEmpty()) {
      return 0;
    }
    long retry = parked.isEmpty() ? Long.MAX_VALUE : Math.max(0, parked.peek().until - System.nanoTime());
    return parked.size() >= MAX_PARKED ? retry : Math.min(retry, spool.nanosUntilDue());
  }

  /** Batches without a response: they are sent again, in the same order. */
  void putBack(Collection<QueuedBatch> batches) {
    List<QueuedBatch> last = new ArrayList<>(batches);
    for (int at = last.size() - 1; at >= 0; --at) {
      spool.pause(last.get(at));
      again.addFirst(last.get(at));
    }
  }

  /** Sends the parts of a batch instead of it. */
  void replace(QueuedBatch batch, List<QueuedBatch> parts) {
    spool.replace(batch, parts);
    for (int at = parts.size() - 1; at >= 0; --at) {
      again.addFirst(parts.get(at));
    }
  }

  /** Resolves a batch, or puts it back; what keeps it from being sent, else null. */
  Failure acknowledged(QueuedBatch batch, Response response) {
    acknowledged = true;
    if (response instanceof Response.Done done) {
      progress = true;
      clock = null;
      onStored.run();
      spool.resolve(batch, batch.count(), done.stored(), done.skipped());
      return null;
    }
    if (response instanceof Response.Invalid invalid) {
      return reject(batch, invalid);
    }
    putBack(List.of(batch));
    return failure(response);
  }

  static Failure failure(Response response) {
    if (response instanceof Response.Denied denied) {
      return new Failure(new AccessDenied("the server rejects the key: " + denied.message() + "; check api_key and what it may send"), Duration.ZERO);
    }
    Response.Later later = (Response.Later) response;
    return new Failure(new Unavailable(later.message()), later.after(), later.hint());
  }

  private Failure reject(QueuedBatch batch, Response.Invalid invalid) {
    Split split = Split.of(batch, invalid);
    if (split.parked() != null) {
      park(batch, split, invalid);
      return null;
    }
    try {
      setAside(batch, split.aside());
    } catch (IOException error) {
      putBack(List.of(batch));
      return new Failure(new SpoolError("a rejected event cannot be set aside: " + error + "; free space or see permissions", error), Duration.ZERO);
    }
    progress = true;
    if (split.again().isEmpty()) {
      spool.resolve(batch, 0, 0, 0);
    } else {
      replace(batch, split.again());
    }
    return null;
  }

  /** Keeps what is ahead of the service's clock; the rest of the batch is sent again. */
  private void park(QueuedBatch batch, Split split, Response.Invalid invalid) {
    List<QueuedBatch> parts = new ArrayList<>(split.again());
    parts.add(split.parked());
    spool.replace(batch, parts);
    split.again().forEach(again::addFirst);
    parked.add(new Parked(System.nanoTime() + clockRetryNanos, split.parked()));
    if (clock == null) {
      clock = new Clock("the server finds events ahead of its clock: " + invalid.message() + "; set the clock of this machine, they are kept and sent again");
      onClock.run();
      tellError.accept(clock);
    }
  }

  /** That events are ahead of the server's clock, until a batch is stored; null if none are. */
  Clock clock() {
    return clock;
  }

  private void setAside(QueuedBatch batch, Map<Integer, List<String>> aside) throws IOException {
    List<RejectedEvent> kept = new ArrayList<>();
    for (Map.Entry<Integer, List<String>> event : aside.entrySet()) {
      try {
        kept.add(deadLetter.keep(batch.segment.header, batch.event(event.getKey()), event.getValue()));
      } catch (InvalidProtocolBufferException error) {
        throw new IOException("event cannot be decoded", error);
      }
    }
    kept.forEach(tell);
    spool.setAside(batch, kept.size());
  }
}
