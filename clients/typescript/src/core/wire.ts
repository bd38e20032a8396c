/**
 * Batches made of events that are encoded already.
 *
 * @module
 */

import { BinaryWriter } from "@bufbuild/protobuf/wire";

import { BatchSchema } from "../gen/openclone/v1/batch_pb.js";
import type { Batch } from "./queue.js";
import { varintSize } from "./writer.js";

const EVENTS_TAG = BatchSchema.field.events.number * 8 + 2;

/** The encoding of a batch made at `now` (Unix milliseconds), behind its length: as it stands in a message that holds it. */
export function delimitedBatch(batch: Batch, now: number): Uint8Array {
  const head = new BinaryWriter().raw(batch.header).raw(encodeTimestamp(now)).finish();
  let size = head.length;
  for (const event of batch.events) size += 1 + varintSize(event.length) + event.length;
  const bytes = new Uint8Array(varintSize(size) + size);
  let at = putVarint(bytes, 0, size);
  bytes.set(head, at);
  at += head.length;
  for (const event of batch.events) {
    bytes[at++] = EVENTS_TAG;
    at = putVarint(bytes, at, event.length);
    bytes.set(event, at);
    at += event.length;
  }
  return bytes;
}

function encodeTimestamp(now: number): Uint8Array {
  const seconds = Math.floor(now / 1000);
  const nanos = Math.floor(now % 1000) * 1_000_000;
  const writer = new BinaryWriter().tag(BatchSchema.field.timestamp.number, 2).fork();
  writer.tag(1, 0).int64(BigInt(seconds));
  return writer.tag(2, 0).int32(nanos).join().finish();
}

function putVarint(bytes: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  while (rest >= 0x80) {
    bytes[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  bytes[at++] = rest;
  return at;
}
