/**
 * CRC-32 (IEEE): zlib's for long texts, where this Node has it; a table otherwise.
 *
 * @module
 */

import * as zlib from "node:zlib";

/** Below this many bytes the call costs more than the table. */
const SHORT = 256;

const TABLE = new Int32Array(256).map((_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

const native = (zlib as { crc32?: (bytes: Uint8Array) => number }).crc32;

/** The checksum of some bytes, unsigned. */
export function crc32(bytes: Uint8Array): number {
  return native !== undefined && bytes.length >= SHORT ? native(bytes) : crc32ByTable(bytes);
}

/** The same, without zlib. */
export function crc32ByTable(bytes: Uint8Array): number {
  let crc = -1;
  for (let index = 0; index < bytes.length; index++) {
    crc = (TABLE[(crc ^ (bytes[index] as number)) & 0xff] as number) ^ (crc >>> 8);
  }
  return (crc ^ -1) >>> 0;
}
