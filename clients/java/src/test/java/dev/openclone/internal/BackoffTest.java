package dev.openclone.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private static final Duration BASE = Duration.ofMillis(500);
  private static final Duration CAP = Duration.ofSeconds(60);

  @Test
  void isBetweenZeroAndTheDoubledBase() {
    Random random = new Random(1);
    Backoff backoff = new Backoff(BASE, CAP, random::nextDouble);
    for (int attempt = 0; attempt < 200; ++attempt) {
      long most = attempt < 7 ? 500L << attempt : 60_000;
      for (int round = 0; round < 50; ++round) {
        long delay = backoff.delay(attempt, Duration.ZERO).toMillis();
        assertTrue(delay >= 0 && delay <= most, "attempt " + attempt + ": " + delay);
      }
    }
  }

  @Test
  void usesTheWholeRange() {
    assertEquals(Duration.ZERO, new Backoff(BASE, CAP, () -> 0).delay(3, Duration.ZERO));
    assertEquals(Duration.ofSeconds(2), new Backoff(BASE, CAP, () -> 0.5).delay(3, Duration.ZERO));
    assertEquals(CAP, new Backoff(BASE, CAP, () -> 1).delay(1_000_000, Duration.ZERO));
  }

  @Test
  void isNeverLessThanTheServerAsksFor() {
    assertEquals(Duration.ofSeconds(7), new Backoff(BASE, CAP, () -> 0).delay(0, Duration.ofSeconds(7)));
    assertEquals(Duration.ofSeconds(90), new Backoff(BASE, CAP, () -> 1).delay(9, Duration.ofSeconds(90)));
  }
}
