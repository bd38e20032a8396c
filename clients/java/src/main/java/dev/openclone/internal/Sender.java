package dev.openclone.internal;

import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.AccessDenied;
import dev.openclone.OpenCloneException.Unavailable;
import dev.openclone.Transport;
import dev.openclone.internal.Outbox.Failure;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** The thread that sends: chooses the route, waits between attempts, stops for good when the key is invalid. */
final class Sender {
  /** A way to the server. */
  interface Route {
    /**
     * Sends, beginning with {@code first}, until something goes wrong or it is told to stop.
     *
     * @return what went wrong; null if nothing did
     */
    Failure run(Outbox outbox, QueuedBatch first, BooleanSupplier stopped);
  }

  private static final System.Logger LOG = System.getLogger("dev.openclone");
  private static final long JSON_NANOS = TimeUnit.MINUTES.toNanos(5);
  private static final int ATTEMPTS_BEFORE_JSON = 2;
  private static final int ATTEMPTS_BEFORE_TELLING = 3;

  private final Thread thread;
  private final Transport wanted;
  private final int maxBatchEvents;
  private final Outbox outbox;
  private final Spool spool;
  private final Consumer<OpenCloneException> tell;
  private final Backoff backoff;
  private final GrpcTransport grpc;
  private final JsonTransport json;

  private volatile boolean stopped;
  private volatile AccessDenied denied;
  private volatile OpenCloneException lastFailure;
  private static final long STREAM_AGE = TimeUnit.SECONDS.toNanos(5);
  private static final long POST_AGE = TimeUnit.SECONDS.toNanos(15);
  private static final long LONGEST_AGE = TimeUnit.SECONDS.toNanos(240);

  private final Options options;
  private volatile long postAge = POST_AGE;
  private volatile boolean told;
  private int failures;
  private int unacknowledgedAttempts;
  private boolean reported;
  private volatile boolean useJson;
  private long jsonUntil;

  Sender(Options options, Wake wake, Spool spool, Outbox outbox, Consumer<OpenCloneException> tell) {
    this.options = options;
    wanted = options.transport;
    maxBatchEvents = options.maxBatchEvents;
    this.spool = spool;
    this.outbox = outbox;
    this.tell = tell;
    backoff = new Backoff(options.retryBase, options.retryCap, () -> ThreadLocalRandom.current().nextDouble());
    grpc = new GrpcTransport(options, wake);
    json = new JsonTransport(options, wake, this::maxEvents, () -> wanted == Transport.AUTO && System.nanoTime() - jsonUntil >= 0);
    thread = new Thread(this::run, "openclone-" + options.pluginId);
    thread.setDaemon(true);
    wake.thread = thread;
    outbox.onStored = this::recovered;
    outbox.onClock = () -> told = true;
  }

  /** Makes the sender look again. May be called from any thread. */
  static final class Wake implements Runnable {
    private volatile Thread thread;

    @Override
    public void run() {
      LockSupport.unpark(thread);
    }
  }

  void start() {
    thread.start();
  }

  /** Why nothing is sent any more; null while it is. */
  AccessDenied denied() {
    return denied;
  }

  /** What went wrong last, since a batch got through; null if nothing did. */
  OpenCloneException lastFailure() {
    return lastFailure != null ? lastFailure : outbox.clock();
  }

  boolean isThisThread() {
    return Thread.currentThread() == thread;
  }

  /** Ends the thread; what has no response yet stays in the spool. */
  void stop(Duration patience) {
    stopped = true;
    LockSupport.unpark(thread);
    if (isThisThread()) {
      return;
    }
    try {
      thread.join(Math.max(1, patience.toMillis()));
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    while (!stopped) {
      try {
        if (denied != null) {
          awaitKey();
          continue;
        }
        QueuedBatch first = outbox.next(maxEvents());
        if (first == null) {
          LockSupport.parkNanos(this, outbox.nanosUntilNext());
          continue;
        }
        attempt(first);
      } catch (RuntimeException error) {
        failed(new Failure(error instanceof OpenCloneException known ? known : new Unavailable("sending failed: " + error, error), Duration.ZERO));
      }
    }
  }

  /** Waits until there is another key. */
  private void awaitKey() {
    long wait = options.key.nanosUntilAsking();
    if (wait > 0) {
      LockSupport.parkNanos(this, wait);
    } else if (options.key.isRenewed()) {
      denied = null;
      lastFailure = null;
    }
  }

  /** How long the first event of a batch waits for others: requests are limited, streams are not. */
  long maxAgeNanos() {
    return viaJson() ? postAge : STREAM_AGE;
  }

  /** A batch was stored. */
  private void recovered() {
    if (told) {
      told = false;
      options.onRecovered.run();
    }
  }

  private void attempt(QueuedBatch first) {
    outbox.beginAttempt();
    boolean viaJson = viaJson();
    LOG.log(options.debugLevel(), "attempt over " + (viaJson ? "JSON" : "a stream"));
    Failure failure = (viaJson ? json : grpc).run(outbox, first, () -> stopped);
    if (wanted == Transport.AUTO) {
      chooseNext(viaJson, failure);
    }
    if (outbox.progress()) {
      failures = 0;
      reported = false;
      lastFailure = null;
    }
    if (failure != null) {
      if (failure.hint() == Response.Hint.LIMIT) {
        postAge = Math.min(2 * postAge, LONGEST_AGE);
      }
      LOG.log(options.debugLevel(), "attempt failed: " + failure.error().getMessage());
      failed(failure);
    }
  }

  /** The detour over JSON sends full batches, as its requests are limited. */
  private int maxEvents() {
    return wanted == Transport.AUTO && useJson ? Rules.MAX_BATCH_EVENTS : maxBatchEvents;
  }

  private boolean viaJson() {
    return wanted == Transport.JSON || useJson;
  }

  /** After two streams without any response the JSON endpoint gets its try; if it responds, it is used for 5 minutes. */
  private void chooseNext(boolean viaJson, Failure failure) {
    Response.Hint hint = failure == null ? Response.Hint.NONE : failure.hint();
    if (viaJson) {
      boolean first = jsonUntil == 0;
      if (json.reached() && first) {
        jsonUntil = System.nanoTime() + JSON_NANOS;
      }
      // Requests are limited, streams are not.
      useJson = json.reached() && hint != Response.Hint.LIMIT && System.nanoTime() - jsonUntil < 0;
      unacknowledgedAttempts = 0;
    } else {
      boolean silent = failure != null && !outbox.acknowledged() && hint != Response.Hint.SERVICE;
      // A connection that nobody accepts says nothing about HTTP/2.
      int more = hint == Response.Hint.UNREACHABLE ? 0 : 1;
      unacknowledgedAttempts = silent ? unacknowledgedAttempts + more : 0;
      useJson = unacknowledgedAttempts >= ATTEMPTS_BEFORE_JSON;
      jsonUntil = 0;
    }
  }

  private void failed(Failure failure) {
    lastFailure = failure.error();
    ++failures;
    if (failure.error() instanceof AccessDenied rejection) {
      denied = rejection;
      options.key.rejected();
      told = true;
      tell.accept(rejection);
      spool.signal();
      return;
    }
    if (!reported && (failures >= ATTEMPTS_BEFORE_TELLING || !(failure.error() instanceof Unavailable))) {
      reported = true;
      told = true;
      tell.accept(failure.error());
    }
    sleep(backoff.delay(failures - 1, failure.after()));
  }

  private void sleep(Duration delay) {
    long until = System.nanoTime() + delay.toNanos();
    for (long left; !stopped && (left = until - System.nanoTime()) > 0; ) {
      LockSupport.parkNanos(this, left);
    }
  }
}
