/**
 * What an earlier run has left in the spool.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";

import { Damaged, type OpenCloneError } from "../core/errors.js";
import { type DeadLetters, segmentNumber } from "./dead_letters.js";
import { scan } from "./frames.js";
import { Segment } from "./segment.js";

/** The segments in order, and where to go on. */
export interface Found {
  readonly segments: Segment[];
  readonly nextNumber: number;
  /** Events in all of them. */
  readonly end: number;
}

/** Reads each segment once: counts its events, and sees to what is damaged. */
export async function openSegments(
  dir: string,
  deadLetters: DeadLetters,
  onError: (error: OpenCloneError) => void,
): Promise<Found> {
  const names = (await fs.promises.readdir(dir)).filter((name) => segmentNumber(name) !== undefined).sort();
  const segments: Segment[] = [];
  let end = 0;
  for (const name of names) {
    const segment = await openSegment(path.join(dir, name), end, deadLetters, onError);
    if (segment === undefined) continue;
    segments.push(segment);
    end += segment.total;
  }
  const numbers = [...names.map((name) => segmentNumber(name) ?? 0), ...(await deadLetters.numbers())];
  return { segments, nextNumber: numbers.reduce((most, number) => Math.max(most, number), 0) + 1, end };
}

async function openSegment(
  file: string,
  base: number,
  deadLetters: DeadLetters,
  onError: (error: OpenCloneError) => void,
): Promise<Segment | undefined> {
  const bytes = await fs.promises.readFile(file);
  const { header, offsets, isDamaged } = scan(bytes);
  if (isDamaged) {
    const place = await deadLetters.copy(file);
    onError(new Damaged(`a segment of the spool is damaged: ${offsets.length} events before that are sent, all is kept in ${place}`));
  }
  if (header === undefined || offsets.length === 0) {
    await fs.promises.rm(file, { force: true });
    return undefined;
  }
  const segment = new Segment(file, base, header);
  segment.total = offsets.length;
  segment.size = bytes.length;
  segment.isSealed = true;
  return segment;
}
