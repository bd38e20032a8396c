package dev.openclone.internal;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/** How long to wait before an attempt: full jitter, so that many clients do not come back at once. */
record Backoff(Duration base, Duration cap, DoubleSupplier random) {
  private static final int MAX_DOUBLINGS = 40;

  /**
   * A random time between 0 and {@code min(cap, base * 2^attempt)}, never less than what the server asks for.
   *
   * @param attempt 0 for the first one that failed
   */
  Duration delay(int attempt, Duration asked) {
    double most = Math.min(cap.toNanos(), base.toNanos() * Math.pow(2, Math.min(attempt, MAX_DOUBLINGS)));
    Duration jittered = Duration.ofNanos((long) (most * random.getAsDouble()));
    return jittered.compareTo(asked) < 0 ? asked : jittered;
  }
}
