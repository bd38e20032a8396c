package dev.openclone.internal;

import com.google.protobuf.Timestamp;
import dev.openclone.HealthState;
import dev.openclone.OpenCloneException;
import dev.openclone.v1.AccessServiceGrpc;
import dev.openclone.v1.ReportHealthRequest;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Reports what the plugin is doing, on a thread of its own: at each change, and before its heartbeat is due. */
final class Reporter {
  private static final System.Logger LOG = System.getLogger("dev.openclone");
  private static final int MAX_REASON = 256;
  private static final long CALL_MILLIS = 5000;
  private static final long STOP_MILLIS = 1000;
  private static final long RETRY_FIRST = 1000;
  private static final long RETRY_LAST = 60_000;

  private final Options options;
  private final String deviceId;
  private final LongSupplier queued;
  private HealthState state;
  private String reason = "";
  private boolean news;
  private boolean stopping;
  private volatile Instant lastCapture;
  private Thread thread;

  Reporter(Options options, String deviceId, LongSupplier queued) {
    this.options = options;
    this.deviceId = deviceId;
    this.queued = queued;
  }

  /** Something was captured now. */
  void captured() {
    lastCapture = Instant.now();
  }

  /** Reports a state from now on. */
  synchronized void report(HealthState next, String why) {
    news |= next != state || !why.equals(reason);
    state = next;
    reason = why;
    if (thread == null && !stopping) {
      thread = new Thread(this::run, "openclone-health");
      thread.setDaemon(true);
      thread.start();
    }
    notifyAll();
  }

  /** Says that the plugin has ended, if anything was reported before. */
  void stop() {
    Thread running;
    synchronized (this) {
      stopping = true;
      running = thread;
      notifyAll();
    }
    if (running == null || running == Thread.currentThread()) {
      return;
    }
    try {
      running.join(STOP_MILLIS + 500);
    } catch (InterruptedException interrupt) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    long retry = RETRY_FIRST;
    long wait = 0;
    boolean isRetry = false;
    while (await(wait, isRetry)) {
      boolean taken = call(CALL_MILLIS);
      isRetry = !taken;
      wait = taken ? options.heartbeatSeconds * 1000L : retry;
      retry = taken ? RETRY_FIRST : Math.min(2 * retry, RETRY_LAST);
    }
    synchronized (this) {
      state = HealthState.STOPPED;
      reason = "";
    }
    call(STOP_MILLIS);
  }

  /** Waits for news, or so many milliseconds (0: without end); false when the client closes. */
  private synchronized boolean await(long millis, boolean isRetry) {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!stopping) {
      long left = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime());
      if (news && !isRetry || millis > 0 && left <= 0) {
        news = false;
        return true;
      }
      try {
        wait(millis > 0 ? left : 0);
      } catch (InterruptedException interrupt) {
        return false;
      }
    }
    return false;
  }

  private boolean call(long millis) {
    ManagedChannel channel = GrpcTransport.channel(URI.create(options.endpoint));
    try {
      Metadata headers = new Metadata();
      headers.put(GrpcTransport.KEY, options.key.get());
      AccessServiceGrpc.newBlockingStub(channel)
          .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
          .withDeadlineAfter(millis, TimeUnit.MILLISECONDS)
          .reportHealth(request());
      return true;
    } catch (StatusRuntimeException | OpenCloneException error) {
      LOG.log(options.debugLevel(), "the report of its health failed: " + error.getMessage());
      return false;
    } finally {
      channel.shutdownNow();
    }
  }

  private synchronized ReportHealthRequest request() {
    ReportHealthRequest.Builder request =
        ReportHealthRequest.newBuilder()
            .setPluginId(options.pluginId)
            .setPluginVersion(options.pluginVersion)
            .setDeviceId(deviceId)
            .setStateValue(state.ordinal() + 1)
            .setReason(reason)
            .setHeartbeatSeconds(options.heartbeatSeconds)
            .setQueued(queued.getAsLong());
    Instant captured = lastCapture;
    if (captured != null) {
      request.setLastCapture(Timestamp.newBuilder().setSeconds(captured.getEpochSecond()).setNanos(captured.getNano()));
    }
    return request.build();
  }

  /** The reason, cut to what the service takes. */
  static String cut(String reason) {
    String cut = reason;
    while (cut.getBytes(StandardCharsets.UTF_8).length > MAX_REASON) {
      cut = cut.substring(0, cut.offsetByCodePoints(cut.length(), -1));
    }
    return cut;
  }
}
