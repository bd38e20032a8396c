/**
 * The queue on disk: `spool/<16 digits>.seg`, oldest first. See `clients/README.md` for the format.
 *
 * What is sent in one go is written in one go. Writing blocks for as long as the system takes the bytes (microseconds, as
 * they are not synced by it); syncing happens beside, at the latest a second later.
 *
 * Invariant: an event that was queued is in a file, or `done`, or `dropped`. A segment is deleted only when all its events are
 * done, or counted as dropped.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";

import { type OpenCloneError, reasonOf, SpoolError } from "../core/errors.js";
import { type Batch, MAX_BATCH_BYTES, type Queue } from "../core/queue.js";
import { MAX_BATCH_EVENTS } from "../core/rules.js";
import { DeadLetters } from "./dead_letters.js";
import { FRAME_HEAD } from "./frames.js";
import { openSegments } from "./open_segments.js";
import { Segment } from "./segment.js";
import { Syncer } from "./syncer.js";

/** What a spool needs to know. */
export interface SpoolOptions {
  readonly stateDir: string;
  readonly header: Uint8Array;
  readonly maxBytes: number;
  readonly maxBatchEvents: number;
  /** The queue's directory. Default: `spool`. */
  readonly name?: string;
  /** Milliseconds. */
  readonly maxBatchAge: () => number;
  readonly onError: (error: OpenCloneError) => void;
}

const SEGMENT_BYTES = 4 * 1024 * 1024;
/** For how long sends may go on without the event loop turning, in milliseconds. */
const TURN = 4;

/** The queue on disk. */
export class Spool implements Queue {
  /** Events deleted to make room. */
  dropped = 0;
  /** Called when there is more to send, or less. */
  onChange: () => void = () => {};
  readonly #options: SpoolOptions;
  readonly #dir: string;
  readonly #segmentBytes: number;
  readonly #deadLetters: DeadLetters;
  readonly #syncer: Syncer;
  #segments: Segment[] = [];
  #tail: Segment | undefined;
  #end = 0;
  #bytes = 0;
  #nextNumber = 1;
  #hurryTo = 0;
  #since = 0;
  #group: Group | undefined;
  #lastTurn = 0;

  private constructor(options: SpoolOptions) {
    this.#options = options;
    this.#dir = path.join(options.stateDir, options.name ?? "spool");
    this.#segmentBytes = Math.min(SEGMENT_BYTES, Math.floor(options.maxBytes / 4));
    this.#deadLetters = new DeadLetters(path.join(options.stateDir, "dead-letter"));
    this.#syncer = new Syncer(this.#dir, options.onError);
  }

  /**
   * Opens the spool and counts what an earlier run has left.
   *
   * @throws {@link SpoolError}
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    const spool = new Spool(options);
    fs.mkdirSync(spool.#dir, { recursive: true, mode: 0o700 });
    const found = await openSegments(spool.#dir, spool.#deadLetters, options.onError);
    spool.#segments = found.segments;
    spool.#nextNumber = found.nextNumber;
    spool.#end = found.end;
    spool.#bytes = found.segments.reduce((sum, segment) => sum + segment.size, 0);
    return spool;
  }

  get end(): number {
    return this.#end;
  }

  /** Bytes that it may take on disk. */
  get maxBytes(): number {
    return this.#options.maxBytes;
  }

  get position(): number {
    const segment = this.#current();
    return segment === undefined ? Infinity : segment.base + segment.taken;
  }

  /** Events that are neither acknowledged nor set aside. */
  get queued(): number {
    return this.#segments.reduce((sum, { total, done }) => sum + total - done, 0);
  }

  /** Bytes on disk, and those about to be. */
  get bytes(): number {
    return this.#bytes;
  }

  readyAt(): number {
    const segment = this.#current();
    if (segment === undefined) return Infinity;
    if (segment.isSealed || segment.waiting >= this.#options.maxBatchEvents) return 0;
    if (segment.base + segment.taken < this.#hurryTo || segment.waitingBytes >= MAX_BATCH_BYTES) return 0;
    return this.#since + this.#options.maxBatchAge();
  }

  hurry(end: number): void {
    this.#hurryTo = Math.max(this.#hurryTo, end);
  }

  async take(isDetour: boolean): Promise<Batch | undefined> {
    const segment = this.#current();
    if (segment === undefined) return undefined;
    const batch = await segment.take(isDetour ? MAX_BATCH_EVENTS : this.#options.maxBatchEvents);
    this.#since = Date.now();
    // Nothing could be read any more.
    if (segment.done >= segment.total) this.#delete(segment);
    return batch.events.length > 0 ? batch : undefined;
  }

  holds(batch: Batch): boolean {
    return !(batch.origin as Segment).isDropped;
  }

  done(batch: Batch): void {
    const segment = batch.origin as Segment;
    segment.done += batch.events.length;
    if (segment.done >= segment.total && segment.pending === 0 && !segment.isDropped) this.#delete(segment);
  }

  async setAside(header: Uint8Array, event: Uint8Array, reasons: readonly string[]) {
    return this.#deadLetters.write(header, event, reasons);
  }

  /** Whether an event of so many bytes fits below the cap. */
  hasRoom(bytes: number): boolean {
    const begin = this.#tail === undefined ? this.#options.header.length + 2 * FRAME_HEAD : 0;
    return this.#bytes + begin + FRAME_HEAD + bytes <= this.#options.maxBytes;
  }

  /** Deletes the oldest segment that is not being sent. Gives how many events were lost by it; 0 if there is no such segment. */
  dropOldest(isBeingSent: (origin: unknown) => boolean): number {
    const segment = this.#segments.find((candidate) => candidate !== this.#tail && !isBeingSent(candidate));
    if (segment === undefined) return 0;
    const lost = segment.total - segment.done;
    this.dropped += lost;
    segment.isDropped = true;
    this.#delete(segment);
    return lost;
  }

  /**
   * Queues an event. The promise resolves when it is written.
   *
   * @throws {@link SpoolError} at once or by the promise
   */
  append(payload: Uint8Array): Promise<void> {
    const tail = this.#tailFor(FRAME_HEAD + payload.length);
    const before = tail.length;
    tail.append(payload);
    this.#bytes += tail.length - before;
    this.#group ??= this.#newGroup();
    return this.#group.promise;
  }

  /** Writes what is pending. */
  commit(): void {
    const group = this.#group;
    this.#group = undefined;
    const tail = this.#tail;
    if (group === undefined || tail === undefined) return;
    try {
      this.#write(tail);
      group.resolve();
    } catch (error) {
      group.reject(new SpoolError(`the spool cannot be written: ${reasonOf(error)}: free space or permission is needed`));
    }
    this.onChange();
  }

  /** Writes and syncs everything that is queued. */
  async sync(): Promise<void> {
    this.commit();
    await this.#syncer.sync();
  }

  /** Syncs, and closes all files. */
  async close(): Promise<void> {
    this.commit();
    if (this.#tail !== undefined) this.#seal(this.#tail);
    await this.#syncer.close();
  }

  /** The first segment from which something can be taken. */
  #current(): Segment | undefined {
    return this.#segments.find((segment) => segment.waiting > 0);
  }

  /** The segment that the next event goes to. */
  #tailFor(bytes: number): Segment {
    const full = this.#tail;
    if (full !== undefined && full.length + bytes > this.#segmentBytes && full.total + full.pending > 0) {
      this.commit();
      if (this.#tail === full) this.#seal(full);
    }
    return (this.#tail ??= this.#begin());
  }

  #begin(): Segment {
    const name = `${String(this.#nextNumber++).padStart(16, "0")}.seg`;
    const tail = Segment.begin(path.join(this.#dir, name), this.#end, this.#options.header);
    this.#bytes += tail.length;
    this.#segments.push(tail);
    return tail;
  }

  #write(tail: Segment): void {
    const { length, total } = tail;
    try {
      tail.commit();
    } catch (error) {
      this.#bytes -= length - tail.size;
      if (tail.isSealed) this.#seal(tail);
      if (tail.size === 0) {
        this.#segments = this.#segments.filter((segment) => segment !== tail);
        this.#tail = undefined;
      }
      throw error;
    }
    if (tail.waiting === tail.total - total) this.#since = Date.now();
    this.#end += tail.total - total;
    this.#syncer.add(tail);
  }

  #seal(segment: Segment): void {
    segment.seal();
    if (this.#tail === segment) this.#tail = undefined;
    this.#syncer.add(segment);
  }

  #delete(segment: Segment): void {
    segment.seal();
    segment.forget();
    if (this.#tail === segment) this.#tail = undefined;
    this.#syncer.discard(segment);
    this.#segments = this.#segments.filter((other) => other !== segment);
    this.#bytes -= segment.size;
    try {
      fs.rmSync(segment.path, { force: true });
    } catch (error) {
      // Its events are sent once more at the next start, and skipped.
      this.#options.onError(new SpoolError(`a segment of the spool cannot be deleted: ${reasonOf(error)}`));
    }
    this.onChange();
  }

  /** Sends that belong together: all that come before the promises of this turn are run. */
  #newGroup(): Group {
    const group = new Group();
    const now = performance.now();
    if (now - this.#lastTurn < TURN) {
      queueMicrotask(() => this.#group === group && this.commit());
      return group;
    }
    // A loop of `await send()` would never let the event loop turn, and nothing would be sent.
    setImmediate(() => {
      this.#lastTurn = performance.now();
      if (this.#group === group) this.commit();
    });
    return group;
  }
}

/** A promise for several sends. */
class Group {
  resolve: () => void = () => {};
  reject: (error: Error) => void = () => {};
  readonly promise = new Promise<void>((resolve, reject) => {
    this.resolve = resolve;
    this.reject = reject;
  });
}
