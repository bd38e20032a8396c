package dev.openclone;

/** What {@link OpenClone#send} does when the spool is full. */
public enum OnFull {
  /** Waits until there is room, at most the block timeout; then {@link OpenCloneException.SpoolFull}. */
  BLOCK,
  /** {@link OpenCloneException.SpoolFull} at once. */
  REJECT,
  /** Deletes the oldest segment that is not being sent; its events are counted as dropped and reported to the error handler. */
  DROP_OLDEST
}
