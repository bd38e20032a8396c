/**
 * The queue of a browser client: in memory, and each event also in the database until it is done, so that the next page
 * sends what this one has left.
 *
 * @module
 */

import { deadLetter, decodeEvent } from "../core/documented.js";
import { type OpenCloneError, reasonOf, SpoolError } from "../core/errors.js";
import { type Batch, MAX_BATCH_BYTES, type Queue } from "../core/queue.js";
import type { Database, Waiting } from "./database.js";

/** What a queue needs to know. */
export interface StoreOptions {
  readonly maxBytes: number;
  readonly maxBatchEvents: number;
  /** Milliseconds. */
  readonly maxBatchAge: () => number;
  readonly onError: (error: OpenCloneError) => void;
}

interface Entry extends Waiting {
  readonly key: number;
  readonly since: number;
}

/** The queue in the database. */
export class Store implements Queue {
  /** Called when there is more to send, or less. */
  onChange: () => void = () => {};
  /** Events that have not been taken; the first of them is at `position`. */
  #entries: Entry[];
  readonly #keys = new Map<Uint8Array, number>();
  #nextKey: number;
  #position = 0;
  #bytes: number;
  #hurryTo = 0;
  #group: { entries: Entry[]; promise: Promise<void> } | undefined;

  constructor(
    private readonly db: Database,
    private readonly options: StoreOptions,
    found: readonly { key: number; value: Waiting }[],
  ) {
    // What an earlier page has left is old enough.
    this.#entries = found.map(({ key, value }) => ({ key, ...value, since: 0 }));
    this.#nextKey = (found.at(-1)?.key ?? 0) + 1;
    this.#bytes = found.reduce((sum, { value }) => sum + value.event.length, 0);
    for (const { key, event } of this.#entries) this.#keys.set(event, key);
  }

  get end(): number {
    return this.#position + this.#entries.length;
  }

  get position(): number {
    return this.#entries.length > 0 ? this.#position : Infinity;
  }

  /** Events that are neither acknowledged nor set aside. */
  get queued(): number {
    return this.#keys.size;
  }

  /** Bytes of events in the database. */
  get bytes(): number {
    return this.#bytes;
  }

  hasRoom(bytes: number): boolean {
    return this.#bytes + bytes <= this.options.maxBytes;
  }

  readyAt(): number {
    const [first] = this.#entries;
    if (first === undefined) return Infinity;
    const isFull = this.#entries.length >= this.options.maxBatchEvents || this.#position < this.#hurryTo;
    return isFull ? 0 : first.since + this.options.maxBatchAge();
  }

  hurry(end: number): void {
    this.#hurryTo = Math.max(this.#hurryTo, end);
  }

  async take(): Promise<Batch | undefined> {
    const [first] = this.#entries;
    if (first === undefined) return undefined;
    const events: Uint8Array[] = [];
    let bytes = 0;
    for (const { header, event } of this.#entries.slice(0, this.options.maxBatchEvents)) {
      bytes += event.length;
      if (events.length > 0 && (bytes > MAX_BATCH_BYTES || !isSame(header, first.header))) break;
      events.push(event);
    }
    const batch = { header: first.header, events, origin: undefined, position: this.#position };
    this.#entries = this.#entries.slice(events.length);
    this.#position += events.length;
    return batch;
  }

  holds(): boolean {
    return true;
  }

  done(batch: Batch): void {
    const keys = batch.events.flatMap((event) => this.#keys.get(event) ?? []);
    for (const event of batch.events) {
      if (this.#keys.delete(event)) this.#bytes -= event.length;
    }
    // Should this fail, they are sent once more by the next page, and skipped.
    this.db.write("events", (store) => keys.forEach((key) => store.delete(key))).catch((error: unknown) => {
      this.options.onError(new SpoolError(`the database cannot be written: ${reasonOf(error)}`));
    });
  }

  async setAside(header: Uint8Array, bytes: Uint8Array, reasons: readonly string[]) {
    const event = decodeEvent(bytes);
    const rawRef = event.rawRef ?? "";
    const text = deadLetter(header, event, reasons, Date.now());
    await this.db.write("dead-letter", (store) => store.put(text, rawRef));
    return { rawRef, place: `dead-letter/${rawRef}` };
  }

  /**
   * Queues an event. The promise resolves when it is in the database; calls of the same turn share a transaction.
   *
   * @throws {@link SpoolError} by the promise
   */
  append(header: Uint8Array, event: Uint8Array): Promise<void> {
    this.#bytes += event.length;
    const entry = { key: this.#nextKey++, header, event, since: Date.now() };
    if (this.#group === undefined) {
      const entries: Entry[] = [];
      this.#group = { entries, promise: Promise.resolve().then(() => this.#commit(entries)) };
    }
    this.#group.entries.push(entry);
    return this.#group.promise;
  }

  async #commit(entries: readonly Entry[]): Promise<void> {
    this.#group = undefined;
    try {
      await this.db.write("events", (store) => {
        for (const { key, header, event } of entries) store.add({ header, event } satisfies Waiting, key);
      });
    } catch (error) {
      this.#bytes -= entries.reduce((sum, { event }) => sum + event.length, 0);
      throw new SpoolError(`the browser's database cannot be written: ${reasonOf(error)}`);
    }
    for (const { key, event } of entries) this.#keys.set(event, key);
    this.#entries = this.#entries.concat(entries);
    this.onChange();
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one === other || (one.length === other.length && one.every((byte, index) => byte === other[index]));
}
