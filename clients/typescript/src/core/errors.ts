/**
 * Everything that the SDK throws or reports, by name.
 *
 * @module
 */

/** Any error of this SDK; `name` tells which. */
export class OpenCloneError extends Error {
  override readonly name: string = "OpenCloneError";
}

/** An option breaks a rule of the batch, or of the client. No client is made. */
export class InvalidOptions extends OpenCloneError {
  override readonly name = "InvalidOptions";
}

/** Capturing this source type has not been switched on. The event is not queued. */
export class NotEnabled extends OpenCloneError {
  override readonly name = "NotEnabled";
}

/** The event breaks a rule that can be checked here. It is not queued. */
export class InvalidEvent extends OpenCloneError {
  override readonly name = "InvalidEvent";
}

/** The event's documented JSON form is over 1,000,000 bytes. It is not queued. */
export class EventTooLarge extends OpenCloneError {
  override readonly name = "EventTooLarge";
}

/** The spool has reached `spoolMaxBytes`. The event is not queued. */
export class SpoolFull extends OpenCloneError {
  override readonly name = "SpoolFull";
}

/** The disk rejects: full, read-only, no permission. The event is not queued. */
export class SpoolError extends OpenCloneError {
  override readonly name = "SpoolError";
}

/** Another process uses the state directory. No client is made. */
export class SpoolLocked extends OpenCloneError {
  override readonly name = "SpoolLocked";
}

/** The server rejected the key. Sending has stopped; what is queued stays in the spool. */
export class AccessDenied extends OpenCloneError {
  override readonly name = "AccessDenied";
}

/** `flush` or `close` took longer than it may. What is queued stays in the spool. */
export class Timeout extends OpenCloneError {
  override readonly name = "Timeout";
}

/** `send` after `close`. The event is not queued. */
export class Closed extends OpenCloneError {
  override readonly name = "Closed";
}

/** reported to `onError`: the service cannot be reached, or does not take anything at the moment. Sending goes on. */
export class Unavailable extends OpenCloneError {
  override readonly name = "Unavailable";
}

/** reported to `onError`: the service finds the time of this machine impossible. Sending goes on. */
export class Clock extends OpenCloneError {
  override readonly name = "Clock";
}

/** reported to `onError`: a segment of the spool is damaged; a copy of it was put into `dead-letter/`. */
export class Damaged extends OpenCloneError {
  override readonly name = "Damaged";
}

/** reported to `onError`: the oldest segment was deleted to make room (`onFull: "drop_oldest"`). */
export class Dropped extends OpenCloneError {
  override readonly name = "Dropped";
}

/** What went wrong, in one line, without what it must not show. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  return (cause && !text.includes(cause) ? `${text}: ${cause}` : text).replace(/\s+/g, " ").slice(0, 500);
}
