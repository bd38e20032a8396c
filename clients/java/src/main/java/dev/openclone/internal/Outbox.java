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
import java.util.function.Consumer;

/** What the sender's thread sends next, and what it makes of responses. Used by that thread alone. */
final class Outbox {
  /** Why an attempt ended, and how long the server asks to wait. */
  record Failure(OpenCloneException error, Duration after) {
    static Failure unavailable(String message) {
      return new Failure(new Unavailable(message), Duration.ZERO);
    }
  }

  private final Spool spool;
  private final DeadLetter deadLetter;
  private final Consumer<RejectedEvent> tell;
  private final ArrayDeque<QueuedBatch> again = new ArrayDeque<>();
  private boolean progress;
  private boolean acknowledged;

  Outbox(Spool spool, DeadLetter deadLetter, Consumer<RejectedEvent> tell) {
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
  QueuedBatch next() {
    for (QueuedBatch batch; (batch = again.poll()) != null; ) {
      if (spool.resume(batch)) {
        return batch;
      }
    }
    return spool.take();
  }

  /** Nanoseconds until there may be a next one. */
  long nanosUntilNext() {
    return again.isEmpty() ? spool.nanosUntilDue() : 0;
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
      spool.resolve(batch, batch.count(), done.stored(), done.skipped());
      return null;
    }
    if (response instanceof Response.Invalid invalid) {
      return spoolError(batch, invalid);
    }
    putBack(List.of(batch));
    return failure(response);
  }

  static Failure failure(Response response) {
    if (response instanceof Response.Denied denied) {
      return new Failure(new AccessDenied("the server rejects the key: " + denied.message() + "; check api_key and what it may send"), Duration.ZERO);
    }
    Response.Later later = (Response.Later) response;
    return new Failure(new Unavailable(later.message()), later.after());
  }

  private Failure spoolError(QueuedBatch batch, Response.Invalid invalid) {
    Split split = Split.of(batch, invalid);
    if (split.clock()) {
      putBack(List.of(batch));
      return new Failure(new Clock("the server finds the clock of this machine wrong: " + invalid.message() + "; set it, the events are kept"), Duration.ZERO);
    }
    try {
      setAside(batch, split.aside());
    } catch (IOException error) {
      putBack(List.of(batch));
      return new Failure(new SpoolError("a invalid event cannot be set aside: " + error + "; free space or see permissions", error), Duration.ZERO);
    }
    progress = true;
    if (split.again().isEmpty()) {
      spool.resolve(batch, 0, 0, 0);
    } else {
      replace(batch, split.again());
    }
    return null;
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
