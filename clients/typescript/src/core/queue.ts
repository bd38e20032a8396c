/**
 * What the sender asks of a queue: the spool on disk, or a browser's database.
 *
 * @module
 */

/** Consecutive events of one origin, to be sent together. */
export interface Batch {
  /** What is common to them: `openclone.v1.Batch` without events and timestamp. */
  readonly header: Uint8Array;
  /** 1 to 500 encodings of `openclone.v1.Event`, together at most {@link MAX_BATCH_BYTES} bytes. */
  readonly events: readonly Uint8Array[];
  /** Where they come from; only the queue knows what this is. */
  readonly origin: unknown;
  /** The place of the first of them in the order of all events. */
  readonly position: number;
}

/** Events that wait, oldest first. */
export interface Queue {
  /** The place in the order of all events that the next one will get. */
  readonly end: number;
  /** The place of the first event that has not been taken. */
  readonly position: number;
  /** When a batch is there to be taken, in Unix milliseconds: 0 if one is now, Infinity if no event waits. */
  readyAt(): number;
  /** Makes all events up to a place ready, however few and young they are. */
  hurry(end: number): void;
  /** Takes the next batch that is ready; of as many events as the service takes, if it is for the detour over JSON. */
  take(isDetour: boolean): Promise<Batch | undefined>;
  /** Whether the batch still counts; not after its events have been dropped. */
  holds(batch: Batch): boolean;
  /** All events of a batch that was taken are acknowledged, or set aside. */
  done(batch: Batch): void;
  /** Keeps an event that was rejected where a person can find it. Gives the place. */
  setAside(header: Uint8Array, event: Uint8Array, reasons: readonly string[]): Promise<{ rawRef: string; place: string }>;
}

/** Bytes of the events of one batch, at most. */
export const MAX_BATCH_BYTES = 1_000_000;
