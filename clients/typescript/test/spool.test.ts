import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import test from "node:test";

import type { OpenCloneError } from "../src/core/errors.js";
import { encodeEvent } from "../src/core/event.js";
import { checkOptions, encodeHeader } from "../src/core/options.js";
import type { Batch } from "../src/core/queue.js";
import { Spool } from "../src/node/spool.js";

const HEADER = encodeHeader(checkOptions({ pluginId: "p", pluginVersion: "1.0.0", sourceType: "notes", platform: "linux" }, {}), "notes", "test-1");

interface Opened {
  readonly spool: Spool;
  readonly errors: string[];
}

async function open(stateDir: string, maxBytes = 64 * 1024 * 1024, maxBatchAge = 0): Promise<Opened> {
  const errors: string[] = [];
  const onError = (error: OpenCloneError) => void errors.push(error.name);
  return { spool: await Spool.open({ stateDir, header: HEADER, maxBytes, maxBatchEvents: 10, maxBatchAge: () => maxBatchAge, onError }), errors };
}

function directory(t: test.TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "openclone-spool-"));
  fs.mkdirSync(path.join(dir, "spool"));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

const event = (rawRef: string, bytes = 1) => encodeEvent({ rawRef, data: { texts: Array.from({ length: Math.ceil(bytes / 250_000) }, (_, part) => "x".repeat(Math.min(250_000, bytes - part * 250_000))) } }, "notes", () => "");
const files = (dir: string) => fs.readdirSync(path.join(dir, "spool"));

async function add(spool: Spool, count: number, bytes = 1): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => spool.append(event(`e-${index}`, bytes))));
}

async function takeAll(spool: Spool): Promise<Batch[]> {
  const batches: Batch[] = [];
  spool.hurry(spool.end);
  for (let batch = await spool.take(false); batch !== undefined; batch = await spool.take(false)) batches.push(batch);
  return batches;
}

test("what was queued is there after a crash, and gone when it is done", async (t) => {
  const dir = directory(t);
  await add((await open(dir)).spool, 25);
  const { spool } = await open(dir);
  assert.equal(spool.queued, 25);
  assert.equal(spool.readyAt(), 0);
  const batches = await takeAll(spool);
  assert.deepEqual(batches.map(({ events, position }) => [events.length, position]), [[10, 0], [10, 10], [5, 20]]);
  assert.deepEqual(Buffer.from(batches[0]?.header ?? []), Buffer.from(HEADER));
  let changes = 0;
  spool.onChange = () => void changes++;
  for (const batch of batches) spool.done(batch);
  assert.ok(changes > 0, "a sender that waits for room is notified");
  assert.equal(spool.queued, 0);
  assert.equal(spool.bytes, 0);
  assert.deepEqual(files(dir), []);
});

test("a full batch is ready at once, another one when it is old enough or wanted", async (t) => {
  const { spool } = await open(directory(t), undefined, 60_000);
  assert.equal(spool.readyAt(), Infinity);
  await add(spool, 9);
  const wait = spool.readyAt() - Date.now();
  assert.ok(wait > 50_000 && wait <= 60_000);
  await add(spool, 1);
  assert.equal(spool.readyAt(), 0);
  assert.equal((await spool.take(false))?.events.length, 10);
  await add(spool, 1);
  spool.hurry(spool.end);
  assert.equal(spool.readyAt(), 0);
});

test("segments end at 4 MiB, and a batch below 1,000,000 bytes", async (t) => {
  const dir = directory(t);
  const { spool } = await open(dir);
  await add(spool, 25, 400_000);
  assert.equal(files(dir).length, 3);
  for (const name of files(dir)) assert.ok(fs.statSync(path.join(dir, "spool", name)).size <= 4 * 1024 * 1024);
  const batches = await takeAll(spool);
  for (const { events } of batches) assert.ok(events.reduce((sum, { length }) => sum + length, 0) <= 1_000_000);
  assert.equal(batches.reduce((sum, { events }) => sum + events.length, 0), 25);
});

test("a segment cut off at any byte gives the events before; its bytes are never an error", async (t) => {
  const dir = directory(t);
  const { spool } = await open(dir);
  await add(spool, 3);
  await spool.close();
  const [name = ""] = files(dir);
  const file = path.join(dir, "spool", name);
  const whole = fs.readFileSync(file);
  let last = 0;
  for (let length = 0; length <= whole.length; length++) {
    fs.writeFileSync(file, whole.subarray(0, length));
    const again = await open(dir);
    assert.ok(again.spool.queued >= last && again.spool.queued <= 3);
    assert.deepEqual(again.errors, []);
    assert.equal((await takeAll(again.spool)).flatMap(({ events }) => events).length, again.spool.queued);
    last = again.spool.queued;
  }
  assert.equal(last, 3);
});

test("a damaged segment is copied and reported, what stands before is kept", async (t) => {
  const dir = directory(t);
  const { spool } = await open(dir);
  await add(spool, 9, 50);
  await spool.close();
  const [name = ""] = files(dir);
  const file = path.join(dir, "spool", name);
  const bytes = fs.readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] as number) ^ 1;
  fs.writeFileSync(file, bytes);
  const again = await open(dir);
  assert.deepEqual(again.errors, ["Damaged"]);
  assert.ok(again.spool.queued > 0 && again.spool.queued < 9);
  assert.deepEqual(fs.readFileSync(path.join(dir, "dead-letter", name)), bytes);
  // Another start makes no second copy; other damage does.
  await open(dir);
  assert.deepEqual(fs.readdirSync(path.join(dir, "dead-letter")), [name]);
  bytes[middle + 30] = (bytes[middle + 30] as number) ^ 1;
  fs.writeFileSync(file, bytes);
  await open(dir);
  assert.deepEqual(fs.readFileSync(path.join(dir, "dead-letter", `${name}.2`)), bytes);
  // The number of the copy is not given again.
  await add(again.spool, 1);
  assert.ok(!files(dir).slice(1).includes(name));
});

test("a write that the disk fails leaves the others untouched", async (t) => {
  const dir = directory(t);
  const { spool } = await open(dir);
  await add(spool, 2);
  fs.mkdirSync(path.join(dir, "spool", "0000000000000002.seg"));
  const [batch] = await takeAll(spool);
  spool.done(batch as Batch);
  await assert.rejects(spool.append(event("rejected")), { name: "SpoolError" });
  assert.equal(spool.queued, 0);
  assert.equal(spool.bytes, 0);
  await add(spool, 1);
  assert.equal(spool.queued, 1);
});

test("the oldest segment that is not being sent is dropped", async (t) => {
  const { spool } = await open(directory(t), 4 * 1024 * 1024);
  await add(spool, 9, 400_000);
  const before = spool.bytes;
  const first = await spool.take(false);
  const lost = spool.dropOldest((origin) => origin === first?.origin);
  assert.ok(lost > 0 && spool.bytes < before);
  assert.equal(spool.dropped, lost);
  assert.equal(spool.queued, 9 - lost);
  assert.equal(spool.holds(first as Batch), true);
  assert.ok(spool.dropOldest(() => false) > 0);
  assert.equal(spool.holds(first as Batch), false);
});
