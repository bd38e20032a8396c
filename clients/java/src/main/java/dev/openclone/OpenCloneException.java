package dev.openclone;

/** What can go wrong, by name. Messages say what happened, where, and what to do; they never contain the key. */
public abstract sealed class OpenCloneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private OpenCloneException(String message, Throwable cause) {
    super(message, cause);
  }

  /** An option breaks a rule; no client was made. */
  public static final class InvalidOptions extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public InvalidOptions(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public InvalidOptions(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The client is not enabled; the event was not queued. */
  public static final class NotEnabled extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public NotEnabled(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public NotEnabled(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The event breaks a rule that can be checked here; it was not queued. */
  public static final class InvalidEvent extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public InvalidEvent(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public InvalidEvent(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The event's JSON form is over 1,000,000 bytes; it was not queued. */
  public static final class EventTooLarge extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public EventTooLarge(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public EventTooLarge(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The spool has reached its limit; the event was not queued. */
  public static final class SpoolFull extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public SpoolFull(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public SpoolFull(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The disk rejects: full, read-only, no permission. An event that was being sent to the spool was not queued. */
  public static final class SpoolError extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public SpoolError(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public SpoolError(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Another process uses the state directory; no client was made. */
  public static final class SpoolLocked extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public SpoolLocked(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public SpoolLocked(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The server invalid the key. Sending has stopped; what is queued stays in the spool. */
  public static final class AccessDenied extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public AccessDenied(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public AccessDenied(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A flush or close took longer than it may; what is queued stays in the spool. */
  public static final class Timeout extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public Timeout(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public Timeout(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The client is closed; the event was not queued. */
  public static final class Closed extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public Closed(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public Closed(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The server cannot be reached or cannot take batches; it is tried again. Only reported to the error handler. */
  public static final class Unavailable extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public Unavailable(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public Unavailable(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** The server finds the clock of this machine wrong; the batch is kept and tried again. Only reported to the error handler. */
  public static final class Clock extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public Clock(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public Clock(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** A segment of the spool was damaged; it was copied to {@code dead-letter/}. Only reported to the error handler. */
  public static final class Damaged extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public Damaged(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public Damaged(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Events were deleted because the spool was full. Only reported to the error handler. */
  public static final class Dropped extends OpenCloneException {
    private static final long serialVersionUID = 1L;

    /**
     * Makes one.
     *
     * @param message what happened, where, what to do
     */
    public Dropped(String message) {
      this(message, null);
    }

    /**
     * Makes one with what caused it.
     *
     * @param message what happened, where, what to do
     * @param cause the cause; may be null
     */
    public Dropped(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
