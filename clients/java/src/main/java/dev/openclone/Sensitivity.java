package dev.openclone;

/** How personal what a source type captures is. */
public enum Sensitivity {
  /** Hardly personal. */
  LOW,
  /** Personal. */
  MEDIUM,
  /** Very personal: ask before turning it on. */
  HIGH,
  /** Other people's words as well: ask before turning it on. */
  CRITICAL;

  /**
   * Tells whether a plugin stays off until somebody turns it on.
   *
   * @return true for {@link #HIGH} and {@link #CRITICAL}
   */
  public boolean asksFirst() {
    return this == HIGH || this == CRITICAL;
  }
}
