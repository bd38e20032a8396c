package dev.openclone.internal;

import dev.openclone.Event;
import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.AccessDenied;
import dev.openclone.OpenCloneException.Closed;
import dev.openclone.OpenCloneException.NotEnabled;
import dev.openclone.OpenCloneException.Timeout;
import dev.openclone.RejectedEvent;
import dev.openclone.Stats;
import dev.openclone.v1.Batch;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** What is inside of a client: codec, spool and sender, from opening to closing. */
public final class Engine {
  private static final System.Logger LOG = System.getLogger("dev.openclone");
  /** How long the exit of the program may be held up. */
  private static final Duration EXIT_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(2);
  /** How often a waiting flush looks whether sending has stopped for good. */
  private static final long LOOK_NANOS = 100_000_000;

  private final Options options;
  private final StateDir state;
  private final SpoolFiles files;
  private final Spool spool;
  private final Sender sender;
  private final EventCodec codec;
  private final Thread exitHook;
  private final AtomicBoolean closed = new AtomicBoolean();

  public Engine(Options options) {
    this.options = options;
    codec = new EventCodec(options.sourceType);
    state = StateDir.open(options.stateDir);
    try {
      Consumer<OpenCloneException> tell = guarded(options.onError, "on_error");
      Sender.Wake wake = new Sender.Wake();
      files = new SpoolFiles(state, tell);
      spool = new Spool(options, header(), files, tell, wake);
      Consumer<RejectedEvent> tellRejected = guarded(options.onRejected, "on_rejected");
      Outbox outbox = new Outbox(spool, new DeadLetter(state.deadLetter()), tellRejected, tell, options.clockRetry);
      sender = new Sender(options, wake, spool, outbox, tell);
    } catch (RuntimeException error) {
      state.close();
      throw error;
    }
    sender.start();
    exitHook = new Thread(this::closeAtExit, "openclone-exit");
    addExitHook();
  }

  private Batch header() {
    return Batch.newBuilder()
        .setSourceTypeValue(options.sourceType.ordinal() + 1)
        .setPlatformValue(options.platform.ordinal() + 1)
        .setDeviceId(state.deviceId())
        .setPluginId(options.pluginId)
        .setPluginVersion(options.pluginVersion)
        .build();
  }

  /** A handler whose own failure does not stop the sending. */
  private static <T> Consumer<T> guarded(Consumer<? super T> handler, String name) {
    return reported -> {
      try {
        handler.accept(reported);
      } catch (RuntimeException error) {
        LOG.log(Level.WARNING, name + " handler failed", error);
      }
    };
  }

  public void send(Event event) {
    if (!options.enabled) {
      throw new NotEnabled(
          options.sourceType.wireName() + " is off, as its sensitivity is " + options.sourceType.sensitivity()
              + " or it was switched off; ask the user, then set OPENCLONE_ENABLED=true or enabled(true)");
    }
    if (closed.get()) {
      throw new Closed("client is closed");
    }
    spool.append(codec.encode(event));
  }

  public void flush(Duration timeout) {
    if (closed.get()) {
      throw new Closed("client is closed");
    }
    flushAll(timeout);
  }

  private void flushAll(Duration timeout) {
    if (sender.isThisThread()) {
      throw new IllegalStateException("a handler may not flush or close the client that calls it");
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    long before = spool.requestFlush();
    files.sync();
    try {
      long left = 0;
      while (!spool.awaitResolved(before, Math.min(left, LOOK_NANOS))) {
        throwIfDenied();
        left = deadline - System.nanoTime();
        if (left <= 0) {
          throw timedOut(timeout);
        }
      }
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
      throw new Timeout("the thread was interrupted while it waited; what is queued stays in the spool", interrupt);
    }
  }

  private void throwIfDenied() {
    AccessDenied denied = sender.denied();
    if (denied != null) {
      throw new AccessDenied(denied.getMessage(), denied);
    }
  }

  private Timeout timedOut(Duration timeout) {
    OpenCloneException last = sender.lastFailure();
    String why = last == null ? "no failure so far" : "last failure: " + last.getMessage();
    return new Timeout(spool.stats().queued() + " events are not sent after " + timeout.toMillis() / 1000.0 + " s and stay in the spool; " + why, last);
  }

  public void close(Duration timeout) {
    if (sender.isThisThread()) {
      throw new IllegalStateException("a handler may not flush or close the client that calls it");
    }
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    spool.refuse();
    try {
      flushAll(timeout);
    } finally {
      sender.stop(STOP_TIMEOUT);
      try {
        spool.close();
      } finally {
        state.close();
      }
      removeExitHook();
    }
  }

  private void closeAtExit() {
    try {
      close(EXIT_TIMEOUT);
    } catch (OpenCloneException error) {
      LOG.log(Level.WARNING, "not everything was sent at exit: " + error.getMessage());
    }
  }

  private void addExitHook() {
    try {
      Runtime.getRuntime().addShutdownHook(exitHook);
    } catch (IllegalStateException exiting) {
      LOG.log(Level.DEBUG, "made while the program exits: close the client yourself");
    }
  }

  private void removeExitHook() {
    try {
      Runtime.getRuntime().removeShutdownHook(exitHook);
    } catch (IllegalStateException exiting) {
      // The hook itself may be what closes.
      LOG.log(Level.TRACE, "closed at exit");
    }
  }

  public Stats stats() {
    return spool.stats();
  }

  @Override
  public String toString() {
    return options.toString();
  }
}
