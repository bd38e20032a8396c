package dev.openclone.internal;

import java.time.Duration;
import java.util.List;

/** What the server, or whatever stands in its place, made of a batch or of an attempt to send. */
sealed interface Response {
  /** Every event of the batch is durable. */
  record Done(long stored, long skipped) implements Response {}

  /** The batch breaks a rule. */
  record Invalid(List<Violation> violations, String message) implements Response {}

  /** The key is invalid. */
  record Denied(String message) implements Response {}

  /** Not now: it is worth while to try again, not before {@code after} has passed. */
  record Later(String message, Duration after, Hint hint) implements Response {
    Later(String message) {
      this(message, Duration.ZERO);
    }

    Later(String message, Duration after) {
      this(message, after, Hint.NONE);
    }
  }

  /** What a failure says about the route. */
  enum Hint {
    /** Nothing. */
    NONE,
    /** Nothing listens there: no evidence that a proxy breaks HTTP/2. */
    UNREACHABLE,
    /** The service itself responded. */
    SERVICE,
    /** The service has had too many requests (429). */
    LIMIT
  }

  /**
   * One error.
   *
   * @param path such as {@code events[3].timestamp}
   * @param message what is wrong
   */
  record Violation(String path, String message) {
    private static final String EVENTS = "events[";

    /** Which event it names; -1 if none. */
    int event() {
      int close = path.indexOf(']');
      if (!path.startsWith(EVENTS) || close < 0) {
        return -1;
      }
      try {
        return Integer.parseInt(path, EVENTS.length(), close, 10);
      } catch (NumberFormatException error) {
        return -1;
      }
    }

    /** Whether the time of the batch itself is wrong: the clock of this machine. */
    boolean isClock() {
      return path.equals("timestamp");
    }

    /** Whether the time of an event is wrong: {@code send} has compared it with this machine's clock, so the two clocks differ. */
    boolean isAhead() {
      return event() >= 0 && path.endsWith("].timestamp");
    }

    /** As it reads in a batch of that one event. */
    String alone() {
      return event() < 0 ? path + ": " + message : EVENTS + "0" + path.substring(path.indexOf(']')) + ": " + message;
    }
  }
}
