/**
 * One file of the spool: written frame by frame, read batch by batch, deleted as a whole.
 *
 * Frames stand in a buffer first and are `pending`; {@link Segment.commit} writes all of them at once, and only then they
 * are there to be taken. A segment that is no longer written keeps its buffer until everything has been taken from it; one that
 * nobody reads yet has none.
 *
 * @module
 */

import * as fs from "node:fs";

import { type Batch, MAX_BATCH_BYTES } from "../core/queue.js";
import { FRAME_HEAD, MAGIC, payloadAt, putFrame, scan } from "./frames.js";

const FIRST_CAPACITY = 64 * 1024;

/** One file of the spool. */
export class Segment {
  /** Events that are written. */
  total = 0;
  /** Events that were taken. */
  taken = 0;
  /** Events that were acknowledged or set aside. */
  done = 0;
  /** Whether nothing is appended any more. */
  isSealed = false;
  /** Whether it was deleted to make room. */
  isDropped = false;
  /** The open file, if it is written or not yet synced. */
  file: number | undefined;
  /** Bytes on disk. */
  size = 0;
  #buffer: Buffer | undefined;
  #offsets: number[] = [];
  #length = 0;

  /**
   * @param base - the place of its first event in the order of all events
   * @param header - what is common to its events
   */
  constructor(
    readonly path: string,
    readonly base: number,
    readonly header: Uint8Array,
  ) {}

  /** A new segment, which becomes a file with its first commit. */
  static begin(path: string, base: number, header: Uint8Array): Segment {
    const segment = new Segment(path, base, header);
    segment.#reserve(MAGIC.length + FRAME_HEAD + header.length);
    segment.#length = putFrame(segment.#buffer as Buffer, MAGIC.copy(segment.#buffer as Buffer), header);
    return segment;
  }

  /** Bytes with what is pending. */
  get length(): number {
    return Math.max(this.#length, this.size);
  }

  /** Events that are pending. */
  get pending(): number {
    return this.isSealed ? 0 : this.#offsets.length - this.total;
  }

  /** Events that can be taken. */
  get waiting(): number {
    return this.total - this.taken;
  }

  /** Bytes of the events that can be taken; what a buffer knows. */
  get waitingBytes(): number {
    return this.waiting === 0 ? 0 : this.size - (this.#offsets[this.taken] ?? this.size);
  }

  /** Appends an event, pending. */
  append(payload: Uint8Array): void {
    this.#reserve(this.#length + FRAME_HEAD + payload.length);
    this.#offsets.push(this.#length);
    this.#length = putFrame(this.#buffer as Buffer, this.#length, payload);
  }

  /**
   * Writes what is pending. If the disk fails, nothing of it has been written.
   *
   * @throws the error of the file system
   */
  commit(): void {
    try {
      this.file ??= fs.openSync(this.path, "wx", 0o600);
      for (let at = this.size; at < this.#length; ) {
        at += fs.writeSync(this.file, this.#buffer as Buffer, at, this.#length - at, at);
      }
    } catch (error) {
      this.#undo();
      throw error;
    }
    this.size = this.#length;
    this.total = this.#offsets.length;
  }

  /** Takes up to `most` events. */
  async take(most: number): Promise<Batch> {
    if (this.#buffer === undefined) await this.#load();
    const events: Buffer[] = [];
    const position = this.base + this.taken;
    for (let bytes = 0; events.length < most && this.waiting > 0; this.taken++) {
      const event = payloadAt(this.#buffer as unknown as Buffer, this.#offsets[this.taken] as number);
      bytes += event.length;
      if (bytes > MAX_BATCH_BYTES && events.length > 0) break;
      events.push(event);
    }
    if (this.isSealed && this.waiting === 0) this.forget();
    return { header: this.header, events, origin: this, position };
  }

  /** Appends nothing any more. */
  seal(): void {
    this.isSealed = true;
    if (this.waiting === 0 || this.taken === 0) this.forget();
  }

  /** Gives the memory back; what is still needed is read again. */
  forget(): void {
    this.#buffer = undefined;
    this.#offsets = [];
  }

  async #load(): Promise<void> {
    const bytes = await fs.promises.readFile(this.path);
    const { offsets } = scan(bytes);
    // What could be read when the client was made and cannot be read now was damaged in between.
    this.total = Math.max(this.taken, Math.min(this.total, offsets.length));
    this.#buffer = bytes;
    this.#offsets = offsets;
  }

  #undo(): void {
    this.#offsets.length = this.total;
    this.#length = this.size;
    if (this.file === undefined) return;
    if (this.size === 0) {
      fs.closeSync(this.file);
      fs.rmSync(this.path, { force: true });
      this.file = undefined;
      return;
    }
    // Should this fail as well, half a frame is left at the end, which readers pass over; nothing may come behind it.
    try {
      fs.ftruncateSync(this.file, this.size);
    } catch {
      this.seal();
    }
  }

  #reserve(capacity: number): void {
    const held = this.#buffer?.length ?? 0;
    if (capacity <= held) return;
    const buffer = Buffer.allocUnsafeSlow(Math.max(capacity, FIRST_CAPACITY, held * 2));
    this.#buffer?.copy(buffer, 0, 0, this.#length);
    this.#buffer = buffer;
  }
}
