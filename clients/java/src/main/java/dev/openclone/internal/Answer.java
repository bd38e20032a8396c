package dev.openclone.internal;

import java.time.Duration;
import java.util.List;

/** What the server, or whatever stands in its place, made of a batch or of an attempt to send. */
sealed interface Answer {
  /** Every event of the batch is durable. */
  record Done(long stored, long skipped) implements Answer {}

  /** The batch breaks a rule. */
  record Refused(List<Fault> faults, String message) implements Answer {}

  /** The key is refused. */
  record Denied(String message) implements Answer {}

  /** Not now: it is worth while to try again, not before {@code after} has passed. */
  record Later(String message, Duration after) implements Answer {
    Later(String message) {
      this(message, Duration.ZERO);
    }
  }

  /**
   * One fault.
   *
   * @param path such as {@code events[3].timestamp}
   * @param message what is wrong
   */
  record Fault(String path, String message) {
    private static final String EVENTS = "events[";

    /** Which event it names; -1 if none. */
    int event() {
      int close = path.indexOf(']');
      if (!path.startsWith(EVENTS) || close < 0) {
        return -1;
      }
      try {
        return Integer.parseInt(path, EVENTS.length(), close, 10);
      } catch (NumberFormatException fault) {
        return -1;
      }
    }

    /** Whether the time of the batch itself is wrong: the clock of this machine. */
    boolean isClock() {
      return path.equals("timestamp");
    }

    /** As it reads in a batch of that one event. */
    String alone() {
      return event() < 0 ? path + ": " + message : EVENTS + "0" + path.substring(path.indexOf(']')) + ": " + message;
    }
  }
}
