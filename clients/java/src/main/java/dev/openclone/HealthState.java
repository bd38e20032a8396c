package dev.openclone;

/** What a plugin is doing. */
public enum HealthState {
  /** It captures, or waits for something to capture. */
  CAPTURING,
  /** The user has paused it. */
  PAUSED,
  /** It runs but cannot capture; the reason says why. */
  FAILING,
  /** It ends. */
  STOPPED
}
