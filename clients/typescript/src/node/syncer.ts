/**
 * Syncs what was written to the spool, at the latest a second after it was, and closes files that are full.
 *
 * @module
 */

import * as fs from "node:fs";
import { promisify } from "node:util";

import { type OpenCloneError, reasonOf, SpoolError } from "../core/errors.js";
import { later } from "../core/signal.js";
import type { Segment } from "./segment.js";

/** Milliseconds from the first write to the sync; a little below the second that is promised. */
const DELAY = 800;

const fdatasync = promisify(fs.fdatasync);

/** Syncs segments in the background, one after the other. */
export class Syncer {
  readonly #dirty = new Set<Segment>();
  readonly #discarded = new Set<Segment>();
  readonly #known = new WeakSet<Segment>();
  #cancel: (() => void) | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly dir: string,
    private readonly onError: (error: OpenCloneError) => void,
  ) {}

  /** Notes that a segment was written, or has been sealed. */
  add(segment: Segment): void {
    this.#dirty.add(segment);
    this.#schedule();
  }

  /** Notes that a segment was deleted. */
  discard(segment: Segment): void {
    this.#dirty.delete(segment);
    this.#discarded.add(segment);
    this.#schedule();
  }

  /**
   * Syncs what was written so far.
   *
   * @throws {@link SpoolError}
   */
  sync(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    const next = this.#running.then(() => this.#pass());
    this.#running = next.catch(() => {});
    return next.catch((error: unknown) => {
      throw new SpoolError(`the spool cannot be synced: ${reasonOf(error)}`);
    });
  }

  /** Syncs, and closes all files: those of segments that are sealed or deleted. */
  async close(): Promise<void> {
    await this.sync();
    this.#cancel?.();
  }

  #schedule(): void {
    this.#cancel ??= later(DELAY, () => {
      this.#cancel = undefined;
      this.sync().catch((error: unknown) => this.onError(error as OpenCloneError));
    });
  }

  async #pass(): Promise<void> {
    for (const segment of this.#discarded) closeFile(segment);
    this.#discarded.clear();
    const segments = [...this.#dirty];
    this.#dirty.clear();
    let hasNew = false;
    for (const segment of segments) {
      if (segment.file === undefined) continue;
      await fdatasync(segment.file);
      hasNew ||= !this.#known.has(segment);
      this.#known.add(segment);
      if (segment.isSealed) closeFile(segment);
    }
    if (hasNew) await syncDirectory(this.dir);
  }
}

/** Makes the names in a directory durable, where the system has a notion of that. */
export async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await fs.promises.open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function closeFile(segment: Segment): void {
  if (segment.file !== undefined) fs.closeSync(segment.file);
  segment.file = undefined;
}
