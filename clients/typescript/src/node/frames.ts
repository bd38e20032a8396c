/**
 * The format of a segment of the spool:
 *
 * ```
 * magic   8 bytes  "OCSPOOL1"
 * frame*
 * frame = length u32 LE | CRC-32 (IEEE) of the payload u32 LE | payload
 * ```
 *
 * The first payload is an `openclone.v1.Batch` without events and timestamp, each other one an `openclone.v1.Event`.
 * No payload is empty: eight zeros, as a power loss leaves them, would otherwise be a valid frame.
 *
 * @module
 */

import { crc32 } from "./crc32.js";

/** How a segment begins. */
export const MAGIC = Buffer.from("OCSPOOL1");
/** Bytes in front of each payload. */
export const FRAME_HEAD = 8;
/** Bytes of a payload, at most; well above the largest event. */
const MAX_PAYLOAD = 2 * 1024 * 1024;

/** What a segment has in it. */
export interface Scan {
  /** The first payload; undefined if not even that is whole. */
  readonly header: Uint8Array | undefined;
  /** Where the frame of each event begins. */
  readonly offsets: number[];
  /** Where the last whole frame ends. */
  readonly end: number;
  /** Whether whole frames follow behind one that is not. */
  readonly isDamaged: boolean;
}

/** Writes a frame at `at`, where there is room for it, and gives its end. */
export function putFrame(buffer: Buffer, at: number, payload: Uint8Array): number {
  buffer.writeUInt32LE(payload.length, at);
  buffer.writeUInt32LE(crc32(payload), at + 4);
  buffer.set(payload, at + FRAME_HEAD);
  return at + FRAME_HEAD + payload.length;
}

/** The payload of the frame at `at`. */
export function payloadAt(buffer: Buffer, at: number): Buffer {
  return buffer.subarray(at + FRAME_HEAD, at + FRAME_HEAD + buffer.readUInt32LE(at));
}

/** Reads a segment up to the first frame that is cut off or whose checksum is wrong. */
export function scan(bytes: Buffer): Scan {
  const hasMagic = bytes.length >= MAGIC.length && bytes.subarray(0, MAGIC.length).equals(MAGIC);
  let end = hasMagic ? MAGIC.length : 0;
  const offsets: number[] = [];
  for (let next = hasMagic ? frameEnd(bytes, end) : 0; next > 0; next = frameEnd(bytes, end)) {
    offsets.push(end);
    end = next;
  }
  const first = offsets.shift();
  const header = first === undefined ? undefined : payloadAt(bytes, first);
  return { header, offsets, end, isDamaged: framesFollow(bytes, end) };
}

/** Where the frame at `at` ends, or 0 if it is none. */
function frameEnd(bytes: Buffer, at: number): number {
  if (at + FRAME_HEAD >= bytes.length) return 0;
  const length = bytes.readUInt32LE(at);
  const end = at + FRAME_HEAD + length;
  if (length === 0 || length > MAX_PAYLOAD || end > bytes.length) return 0;
  return crc32(bytes.subarray(at + FRAME_HEAD, end)) === bytes.readUInt32LE(at + 4) ? end : 0;
}

/** Whether a whole frame begins anywhere behind `from`. The length of a damaged one cannot be trusted, so each byte is tried. */
function framesFollow(bytes: Buffer, from: number): boolean {
  for (let at = from + 1; at + FRAME_HEAD < bytes.length; at++) {
    if (frameEnd(bytes, at) > 0) return true;
  }
  return false;
}
