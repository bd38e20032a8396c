/**
 * What becomes of a batch that was rejected: the events that the response names are set aside, the others are sent again; a
 * response that names none halves the batch, until a single event is rejected.
 *
 * @module
 */

import type { Violation } from "./response.js";
import type { Batch } from "./queue.js";

/** An event that goes into `dead-letter/`. */
export interface RejectedBatch {
  /** The event alone, as a batch. */
  readonly batch: Batch;
  /** Why, such as `events[0].timestamp: …`. */
  readonly reasons: readonly string[];
}

/** The two halves of the response. */
export interface Parts {
  readonly rejecteds: readonly RejectedBatch[];
  readonly again: readonly Batch[];
}

/** Divides a rejected batch. Each part is smaller than the whole, so that it ends. */
export function split(batch: Batch, violations: readonly Violation[], reason: string): Parts {
  const named = new Map<number, string[]>();
  for (const { index, path, text } of violations) {
    if (index === undefined || index >= batch.events.length) continue;
    named.set(index, [...(named.get(index) ?? []), `events[0]${path}: ${text}`]);
  }
  if (named.size > 0) return divide(batch, named);
  if (batch.events.length > 1) return { rejecteds: [], again: halves(batch) };
  const reasons = violations.map(({ path, text }) => `${path}: ${text}`);
  return { rejecteds: [{ batch, reasons: reasons.length > 0 ? reasons : [reason] }], again: [] };
}

function divide(batch: Batch, named: ReadonlyMap<number, readonly string[]>): Parts {
  const rejecteds = [...named].map(([index, reasons]) => ({ batch: part(batch, index, index + 1), reasons }));
  const events = batch.events.filter((_, index) => !named.has(index));
  return { rejecteds, again: events.length > 0 ? [{ ...batch, events }] : [] };
}

/** The events at some places as a batch, and the others; all are chosen if no places are given. */
export function pick(batch: Batch, places: ReadonlySet<number> | undefined): { chosen: Batch; rest: Batch | undefined } {
  if (places === undefined) return { chosen: batch, rest: undefined };
  const chosen = batch.events.filter((_, index) => places.has(index));
  const events = batch.events.filter((_, index) => !places.has(index));
  if (chosen.length === 0) return { chosen: batch, rest: undefined };
  return { chosen: { ...batch, events: chosen }, rest: events.length > 0 ? { ...batch, events } : undefined };
}

function halves(batch: Batch): Batch[] {
  const middle = batch.events.length >> 1;
  return [part(batch, 0, middle), part(batch, middle, batch.events.length)];
}

function part(batch: Batch, from: number, to: number): Batch {
  return { ...batch, events: batch.events.slice(from, to), position: batch.position + from };
}
