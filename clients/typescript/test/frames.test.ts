import assert from "node:assert/strict";
import test from "node:test";

import { crc32, crc32ByTable } from "../src/node/crc32.js";
import { FRAME_HEAD, MAGIC, payloadAt, putFrame, scan } from "../src/node/frames.js";

const PAYLOADS = ["header", "first", "second event", "third"].map((text) => Buffer.from(text));

function segment(): Buffer {
  const size = MAGIC.length + PAYLOADS.reduce((sum, payload) => sum + FRAME_HEAD + payload.length, 0);
  const bytes = Buffer.alloc(size);
  PAYLOADS.reduce((at, payload) => putFrame(bytes, at, payload), MAGIC.copy(bytes));
  return bytes;
}

/** Where each frame ends, the magic first. */
function ends(): number[] {
  let at = MAGIC.length;
  return [at, ...PAYLOADS.map((payload) => (at += FRAME_HEAD + payload.length))];
}

test("a segment is read as it was written", () => {
  const bytes = segment();
  const { header, offsets, end, isDamaged } = scan(bytes);
  assert.equal(String(header), "header");
  assert.deepEqual(offsets.map((at) => String(payloadAt(bytes, at))), ["first", "second event", "third"]);
  assert.equal(end, bytes.length);
  assert.equal(isDamaged, false);
});

test("cut off at any byte, a segment gives the whole frames before it and is not damaged", () => {
  const bytes = segment();
  for (let length = 0; length < bytes.length; length++) {
    const { offsets, isDamaged } = scan(bytes.subarray(0, length));
    const whole = ends().slice(1).filter((end) => end <= length).length;
    assert.equal(offsets.length, Math.max(0, whole - 1), `cut off at ${length}`);
    assert.equal(isDamaged, false, `cut off at ${length}`);
  }
});

test("with any bit flipped, a segment gives the frames before it, and tells when frames follow", () => {
  for (let bit = 0; bit < segment().length * 8; bit++) {
    const bytes = segment();
    const at = bit >> 3;
    bytes[at] = (bytes[at] as number) ^ (1 << (bit & 7));
    const frame = ends().findIndex((end) => at < end);
    const { offsets, isDamaged } = scan(bytes);
    assert.equal(offsets.length, Math.max(0, frame - 2), `bit ${bit}`);
    assert.equal(isDamaged, frame < PAYLOADS.length, `bit ${bit}`);
  }
});

test("zeros at the end, as a power loss leaves them, are no frames", () => {
  const { offsets, isDamaged } = scan(Buffer.concat([segment(), Buffer.alloc(4096)]));
  assert.equal(offsets.length, 3);
  assert.equal(isDamaged, false);
});

test("the table gives the same checksum as zlib", () => {
  assert.equal(crc32ByTable(Buffer.from("123456789")), 0xcbf43926);
  for (let length = 0; length < 600; length += 7) {
    const bytes = Buffer.alloc(length, "OpenClone ñ 🙂");
    assert.equal(crc32(bytes), crc32ByTable(bytes));
  }
});
