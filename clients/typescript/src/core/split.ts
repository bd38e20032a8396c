/**
 * What becomes of a batch that was rejected: the events that the answer names are set aside, the others are sent again; an
 * answer that names none halves the batch, until a single event is rejected.
 *
 * @module
 */

import type { Fault } from "./answer.js";
import type { Batch } from "./queue.js";

/** An event that goes into `dead-letter/`. */
export interface Outcast {
  /** The event alone, as a batch. */
  readonly batch: Batch;
  /** Why, such as `events[0].timestamp: …`. */
  readonly reasons: readonly string[];
}

/** The two halves of the answer. */
export interface Parts {
  readonly outcasts: readonly Outcast[];
  readonly again: readonly Batch[];
}

/** Divides a rejected batch. Each part is smaller than the whole, so that it ends. */
export function split(batch: Batch, faults: readonly Fault[], reason: string): Parts {
  const named = new Map<number, string[]>();
  for (const { index, path, text } of faults) {
    if (index === undefined || index >= batch.events.length) continue;
    named.set(index, [...(named.get(index) ?? []), `events[0]${path}: ${text}`]);
  }
  if (named.size > 0) return divide(batch, named);
  if (batch.events.length > 1) return { outcasts: [], again: halves(batch) };
  const reasons = faults.map(({ path, text }) => `${path}: ${text}`);
  return { outcasts: [{ batch, reasons: reasons.length > 0 ? reasons : [reason] }], again: [] };
}

function divide(batch: Batch, named: ReadonlyMap<number, readonly string[]>): Parts {
  const outcasts = [...named].map(([index, reasons]) => ({ batch: part(batch, index, index + 1), reasons }));
  const events = batch.events.filter((_, index) => !named.has(index));
  return { outcasts, again: events.length > 0 ? [{ ...batch, events }] : [] };
}

function halves(batch: Batch): Batch[] {
  const middle = batch.events.length >> 1;
  return [part(batch, 0, middle), part(batch, middle, batch.events.length)];
}

function part(batch: Batch, from: number, to: number): Batch {
  return { ...batch, events: batch.events.slice(from, to), position: batch.position + from };
}
