package dev.openclone.internal;

import dev.openclone.OpenCloneException.InvalidOptions;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

/** Gives the key for each connection. Never shows it. */
final class Key {
  private static final Pattern PRINTABLE = Pattern.compile("[\\x21-\\x7e][\\x20-\\x7e]*");
  private static final long ASK_FIRST = 1_000_000_000L;
  private static final long ASK_LAST = 60_000_000_000L;

  private final Callable<String> provider;
  private final boolean renewable;
  private volatile String used = "";
  private long askAt;
  private long pause = ASK_FIRST;

  Key(Callable<String> provider, boolean renewable) {
    this.provider = provider;
    this.renewable = renewable;
  }

  /** Whether another key may come. */
  boolean isRenewable() {
    return renewable;
  }

  /** The key for a connection. */
  String get() {
    String key = ask();
    used = key;
    return key;
  }

  private String ask() {
    String key;
    try {
      key = provider.call();
    } catch (Exception error) {
      throw new InvalidOptions("api_key: it cannot be had: " + error, error);
    }
    if (key == null || !PRINTABLE.matcher(key).matches()) {
      throw new InvalidOptions("api_key: missing or not printable; set it, or OPENCLONE_API_KEY or OPENCLONE_API_KEY_FILE");
    }
    return key;
  }

  /** The server has rejected the key. */
  void rejected() {
    pause = ASK_FIRST;
    askAt = System.nanoTime();
  }

  /** Nanoseconds until another key should be asked for. */
  long nanosUntilAsking() {
    return renewable ? Math.max(0, askAt - System.nanoTime()) : Long.MAX_VALUE;
  }

  /** Whether there is another key than the one rejected. */
  boolean isRenewed() {
    askAt = System.nanoTime() + pause;
    pause = Math.min(2 * pause, ASK_LAST);
    try {
      return !ask().equals(used);
    } catch (InvalidOptions none) {
      return false;
    }
  }
}
