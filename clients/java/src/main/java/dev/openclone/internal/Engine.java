package dev.openclone.internal;

import dev.openclone.Event;
import dev.openclone.HealthState;
import dev.openclone.Manifest;
import dev.openclone.OpenCloneException;
import dev.openclone.OpenCloneException.AccessDenied;
import dev.openclone.OpenCloneException.Closed;
import dev.openclone.OpenCloneException.InvalidEvent;
import dev.openclone.OpenCloneException.NotEnabled;
import dev.openclone.OpenCloneException.Timeout;
import dev.openclone.RejectedEvent;
import dev.openclone.SourceType;
import dev.openclone.Stats;
import dev.openclone.Transport;
import dev.openclone.v1.Batch;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What is inside of a client: codec, spool and sender, from opening to closing. */
public final class Engine {
  private static final System.Logger LOG = System.getLogger("dev.openclone");
  /** How long the exit of the program may be held up. */
  private static final Duration EXIT_TIMEOUT = Duration.ofMillis(1500);
  private static final Duration STOP_TIMEOUT = Duration.ofMillis(400);
  /** How often a waiting flush looks whether sending has stopped for good. */
  private static final long LOOK_NANOS = 100_000_000;

  private final Options options;
  private final StateDir state;
  private final String deviceId;
  /** One for each source type; those behind the client's own are what an earlier client has left. */
  private final List<Lane> lanes = new ArrayList<>();
  private final Reporter reporter;
  private final Thread exitHook;
  private final AtomicBoolean closed = new AtomicBoolean();

  public Engine(Options options) {
    this.options = options;
    deviceId = Shared.deviceId(options.home);
    state = StateDir.open(options.stateDir);
    try {
      openLanes();
    } catch (RuntimeException error) {
      state.close();
      throw error;
    }
    lanes.forEach(lane -> lane.sender.start());
    reporter = options.memory == null && options.transport != Transport.JSON ? new Reporter(options, deviceId, () -> stats().queued()) : null;
    if (options.heartbeatSeconds > 0 && isEnabled()) {
      reportHealth(HealthState.CAPTURING, "");
    }
    exitHook = new Thread(this::closeAtExit, "openclone-exit");
    addExitHook();
  }

  private void openLanes() {
    Consumer<OpenCloneException> tell = guarded(options.onError, "on_error");
    Consumer<RejectedEvent> tellRejected = guarded(options.onRejected, "on_rejected");
    List<SourceType> types = new ArrayList<>(options.sourceTypes);
    state.queues().stream().filter(left -> !types.contains(left)).forEach(types::add);
    Options own = options.ofLane(types.size());
    for (SourceType type : types) {
      // The first one has the directory that other clients look into.
      Path directory = lanes.isEmpty() ? state.spool() : state.spoolOf(type);
      lanes.add(new Lane(own, type, header(type), state, directory, tell, tellRejected));
    }
  }

  private Batch header(SourceType type) {
    return Batch.newBuilder()
        .setSourceTypeValue(type.ordinal() + 1)
        .setPlatformValue(options.platform.ordinal() + 1)
        .setDeviceId(deviceId)
        .setPluginId(options.pluginId)
        .setPluginVersion(options.pluginVersion)
        .build();
  }

  public String deviceId() {
    return deviceId;
  }

  public boolean isEnabled() {
    return options.whyOff == null;
  }

  public String whyDisabled() {
    return options.whyOff;
  }

  public Manifest manifest() {
    return options.manifest;
  }

  public Map<String, Object> config() {
    return options.config;
  }

  public boolean isPaused() {
    return Shared.isPaused(options.home, System.currentTimeMillis() / 1e3);
  }

  public void reportHealth(HealthState healthState, String reason) {
    String cut = Reporter.cut(reason);
    if (options.memory != null) {
      options.memory.report(healthState, cut);
    } else if (reporter != null) {
      reporter.report(healthState, cut);
    }
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
    if (options.whyOff != null) {
      throw new NotEnabled(options.whyOff);
    }
    if (closed.get()) {
      throw new Closed("client is closed");
    }
    Lane lane = laneOf(event);
    lane.spool.append(lane.codec.encode(event));
    if (reporter != null) {
      reporter.captured();
    }
  }

  private Lane laneOf(Event event) {
    int own = options.sourceTypes.size();
    if (own == 1 && (event.payload().isPresent() || event.sourceType().isEmpty())) {
      return lanes.get(0);
    }
    for (Lane lane : lanes.subList(0, own)) {
      if (event.sourceType().filter(lane.sourceType::equals).isPresent()) {
        return lane;
      }
    }
    String names = options.sourceTypes.stream().map(SourceType::wireName).collect(Collectors.joining(", "));
    throw new InvalidEvent("source_type: " + event.sourceType().map(SourceType::wireName).orElse("is missing") + "; this client has " + names);
  }

  public void flush(Duration timeout) {
    if (closed.get()) {
      throw new Closed("client is closed");
    }
    flushAll(timeout);
  }

  private void flushAll(Duration timeout) {
    if (lanes.stream().anyMatch(lane -> lane.sender.isThisThread())) {
      throw new IllegalStateException("a handler may not flush or close the client that calls it");
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    List<Long> before = lanes.stream().map(lane -> lane.spool.requestFlush()).toList();
    lanes.forEach(lane -> lane.files.sync());
    OpenCloneException failed = null;
    for (int index = 0; index < lanes.size(); ++index) {
      try {
        await(lanes.get(index), before.get(index), deadline, timeout);
      } catch (OpenCloneException error) {
        failed = failed == null ? error : failed;
      }
    }
    if (failed != null) {
      throw failed;
    }
  }

  private void await(Lane lane, long before, long deadline, Duration timeout) {
    try {
      long left = 0;
      while (!lane.spool.awaitResolved(before, Math.min(left, LOOK_NANOS))) {
        throwIfDenied(lane);
        left = deadline - System.nanoTime();
        if (left <= 0) {
          throw timedOut(lane, timeout);
        }
      }
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
      throw new Timeout("the thread was interrupted while it waited; what is queued stays in the spool", interrupt);
    }
  }

  private static void throwIfDenied(Lane lane) {
    AccessDenied denied = lane.sender.denied();
    if (denied != null) {
      throw new AccessDenied(denied.getMessage(), denied);
    }
  }

  private static Timeout timedOut(Lane lane, Duration timeout) {
    OpenCloneException last = lane.sender.lastFailure();
    String why = last == null ? "no failure so far" : "last failure: " + last.getMessage();
    return new Timeout(lane.spool.stats().queued() + " events are not sent after " + timeout.toMillis() / 1000.0 + " s and stay in the spool; " + why, last);
  }

  public void close(Duration timeout) {
    if (lanes.stream().anyMatch(lane -> lane.sender.isThisThread())) {
      throw new IllegalStateException("a handler may not flush or close the client that calls it");
    }
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    lanes.forEach(lane -> lane.spool.refuse());
    try {
      flushAll(timeout);
    } finally {
      if (reporter != null) {
        reporter.stop();
      }
      lanes.forEach(lane -> lane.sender.stop(STOP_TIMEOUT));
      try {
        lanes.forEach(lane -> lane.spool.close());
      } finally {
        state.close();
      }
      removeTemporary();
      removeExitHook();
    }
  }

  private void removeTemporary() {
    if (options.temporary == null) {
      return;
    }
    try (Stream<Path> files = Files.walk(options.temporary)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException error) {
      LOG.log(Level.DEBUG, options.temporary + " stays: " + error);
    }
  }

  /** The program exits, or a signal ends it: says what stays queued. */
  private void closeAtExit() {
    try {
      close(EXIT_TIMEOUT);
    } catch (OpenCloneException error) {
      LOG.log(Level.WARNING, "not everything was sent at exit: " + error.getMessage());
    }
    long queued = stats().queued();
    if (queued > 0) {
      System.err.println("openclone: " + queued + " events stay queued in " + options.stateDir + " and are sent after the next start");
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
    Stats sum = new Stats(0, 0, 0, 0, 0, 0);
    for (Lane lane : lanes) {
      Stats one = lane.spool.stats();
      sum =
          new Stats(
              sum.queued() + one.queued(), sum.stored() + one.stored(), sum.skipped() + one.skipped(), sum.rejected() + one.rejected(),
              sum.dropped() + one.dropped(), sum.spoolBytes() + one.spoolBytes());
    }
    return sum;
  }

  @Override
  public String toString() {
    return options.toString();
  }
}
