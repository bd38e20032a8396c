import assert from "node:assert/strict";
import test from "node:test";

import type { Outcome } from "../src/core/response.js";
import type { Source, Transport } from "../src/core/attempt.js";
import type { Batch, Queue } from "../src/core/queue.js";
import { Sender, type SenderOptions } from "../src/core/sender.js";

/** A queue of batches of one event each; reading one takes a moment, as from a disk. */
class Events implements Queue {
  readonly finished: number[] = [];
  readonly aside: number[] = [];
  position = 0;
  canSetAside = true;

  constructor(public end: number) {}

  readyAt(): number {
    return this.position < this.end ? 0 : Infinity;
  }

  hurry(): void {}

  async take(): Promise<Batch | undefined> {
    if (this.position >= this.end) return undefined;
    const position = this.position++;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { header: new Uint8Array(), events: [Uint8Array.of(position)], origin: this, position };
  }

  holds(): boolean {
    return true;
  }

  done({ position }: Batch): void {
    this.finished.push(position);
  }

  async setAside(_: Uint8Array, [event = 0]: Uint8Array) {
    if (!this.canSetAside) throw new Error("no space left");
    this.aside.push(event);
    return { rawRef: String(event), place: "" };
  }
}

const TAKEN: Outcome = { kind: "taken", stored: 1, skipped: 0 };
const failed = (reason: string, after = 0, reached = false): Outcome => ({ kind: "failed", reason, after, reached });

/** A transport that responds to each batch as configured, and counts its attempts. */
class Scripted implements Transport {
  attempts = 0;

  constructor(
    readonly response: (batch: Batch, attempt: number) => Outcome | "lost",
    readonly window = 4,
  ) {}

  async run(source: Source): Promise<Outcome | undefined> {
    const attempt = ++this.attempts;
    for (let batch = await source.next(); batch !== undefined; batch = await source.next()) {
      const outcome = this.response(batch, attempt);
      if (outcome === "lost") return failed("lost");
      await source.resolve(batch, outcome);
    }
    return undefined;
  }
}

interface Reported {
  readonly errors: string[];
  readonly rejected: string[];
}

function sender(t: test.TestContext, queue: Queue, ...transports: [Transport, Transport?]): { sender: Sender; reported: Reported } {
  const reported: Reported = { errors: [], rejected: [] };
  const options: SenderOptions = {
    retryBase: 0.001,
    retryCap: 0.01,
    clockRetry: 0.01,
    transports,
    onError: ({ name }) => void reported.errors.push(name),
    onRejected: ({ rawRef }) => void reported.rejected.push(rawRef),
  };
  const made = new Sender(queue, options);
  t.after(() => made.stop());
  return { sender: made, reported };
}

const upTo = (end: number) => Array.from({ length: end }, (_, index) => index);

test("a flush waits for a batch that is still being read", async (t) => {
  const queue = new Events(1);
  const { sender: made } = sender(t, queue, new Scripted(() => TAKEN));
  await made.flush(5000, "flush");
  assert.deepEqual(queue.finished, [0]);
});

test("what is lost with a stream is sent again, each once", async (t) => {
  const queue = new Events(20);
  const lossy = new Scripted(({ position }, attempt) => (position === 3 * attempt ? "lost" : TAKEN));
  const { sender: made } = sender(t, queue, lossy);
  await made.flush(5000, "flush");
  assert.deepEqual([...queue.finished].sort((a, b) => a - b), upTo(20));
  assert.ok(lossy.attempts >= 7);
  assert.equal(made.counts.stored, 20);
});

test("a failure is reported when it lasts, once until something has worked", async (t) => {
  const queue = new Events(1);
  let works = false;
  const { sender: made, reported } = sender(t, queue, new Scripted(() => (works ? TAKEN : failed("away"))));
  await assert.rejects(made.flush(200, "flush"), { name: "Timeout", message: /flush took longer than 0.2 s.*away/ });
  assert.deepEqual(reported.errors, ["Unavailable"]);
  works = true;
  await made.flush(5000, "flush");
  works = false;
  queue.end = 2;
  made.wake();
  await assert.rejects(made.flush(200, "flush"), { name: "Timeout" });
  assert.deepEqual(reported.errors, ["Unavailable", "Unavailable"]);
});

test("a rejected key stops sending for good, and each flush says so", async (t) => {
  const queue = new Events(2);
  const transport = new Scripted(() => ({ kind: "denied", reason: "Unauthenticated" }));
  const { sender: made, reported } = sender(t, queue, transport);
  for (let round = 0; round < 2; round++) await assert.rejects(made.flush(5000, "flush"), { name: "AccessDenied" });
  made.wake();
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(transport.attempts, 1);
  assert.deepEqual(reported.errors, ["AccessDenied"]);
  assert.deepEqual(queue.finished, []);
});

test("a wrong clock sets nothing aside", async (t) => {
  const queue = new Events(2);
  let isRight = false;
  const { sender: made, reported } = sender(t, queue, new Scripted(() => (isRight ? TAKEN : { kind: "clock", events: undefined, reason: "ahead" })));
  await assert.rejects(made.flush(100, "flush"), { name: "Timeout" });
  assert.deepEqual(reported.errors, ["Clock"]);
  isRight = true;
  await made.flush(5000, "flush");
  assert.equal(made.counts.rejected, 0);
});

test("two attempts without a response lead to the other transport, which is kept", async (t) => {
  const queue = new Events(3);
  const [stream, post] = [new Scripted(() => "lost"), new Scripted(() => TAKEN, 1)];
  const { sender: made } = sender(t, queue, stream, post);
  await made.flush(5000, "flush");
  queue.end = 9;
  made.wake();
  await made.flush(5000, "flush");
  assert.equal(stream.attempts, 2);
  assert.deepEqual([...queue.finished].sort((a, b) => a - b), upTo(9));
});

test("a service that finds POSTs too many is tried over the stream again", async (t) => {
  const queue = new Events(6);
  let works = false;
  const stream = new Scripted(() => (works ? TAKEN : "lost"));
  const post = new Scripted(({ position }) => (position < 2 ? TAKEN : ((works = true), { ...failed("429", 0.01, true), isLimit: true })), 1);
  const { sender: made } = sender(t, queue, stream, post);
  await made.flush(5000, "flush");
  assert.deepEqual([stream.attempts, post.attempts], [3, 1]);
});

test("a connection that nobody accepts is no reason to leave the stream", async (t) => {
  const refused = { kind: "failed", reason: "ECONNREFUSED", after: 0, reached: false, isUnreachable: true } as const;
  let tries = 0;
  const [stream, post] = [new Scripted(() => (++tries < 6 ? refused : TAKEN)), new Scripted(() => TAKEN, 1)];
  const { sender: made } = sender(t, new Events(1), stream, post);
  await made.flush(5000, "flush");
  assert.equal(post.attempts, 0);
});

test("an event ahead of the service's clock waits, and the others go on", async (t) => {
  const queue = new Events(3);
  let isRight = false;
  const clock = { kind: "clock", events: undefined, reason: "ahead" } as const;
  const transport = new Scripted(({ position }) => (position === 1 && !isRight ? clock : TAKEN));
  const { sender: made, reported } = sender(t, queue, transport);
  await assert.rejects(made.flush(100, "flush"), { name: "Timeout" });
  assert.deepEqual([...queue.finished].sort(), [0, 2]);
  assert.ok(reported.errors.includes("Clock"));
  isRight = true;
  await made.flush(5000, "flush");
});

test("where neither transport gets through, both are tried in turn; a service that responds is not left", async (t) => {
  const [stream, post] = [new Scripted(() => "lost"), new Scripted(() => "lost", 1)];
  const { sender: made } = sender(t, new Events(1), stream, post);
  await assert.rejects(made.flush(300, "flush"), { name: "Timeout" });
  assert.ok(post.attempts >= 2 && Math.abs(stream.attempts - 2 * post.attempts) <= 2, `${stream.attempts}, ${post.attempts}`);

  const [busy, other] = [new Scripted(() => failed("RESOURCE_EXHAUSTED", 0.001, true)), new Scripted(() => TAKEN, 1)];
  const { sender: patient } = sender(t, new Events(1), busy, other);
  await assert.rejects(patient.flush(200, "flush"), { name: "Timeout" });
  assert.equal(other.attempts, 0);
});

test("the service's wish to wait is granted", async (t) => {
  const times: number[] = [];
  const transport = new Scripted(() => (times.push(performance.now()) < 2 ? failed("slow down", 0.3, true) : TAKEN));
  const { sender: made } = sender(t, new Events(1), transport);
  setTimeout(() => made.hurry(), 50);
  await made.flush(5000, "flush");
  assert.ok((times[1] as number) - (times[0] as number) >= 299);
});

test("an event that cannot be set aside is kept until it can", async (t) => {
  const queue = new Events(2);
  queue.canSetAside = false;
  const outcome: Outcome = { kind: "rejected", violations: [{ index: 0, path: ".data", text: "bad" }], reason: "422" };
  const { sender: made, reported } = sender(t, queue, new Scripted(({ position }) => (position === 0 ? outcome : TAKEN)));
  await assert.rejects(made.flush(200, "flush"), { name: "Timeout" });
  assert.ok(reported.errors.includes("SpoolError"));
  queue.canSetAside = true;
  await made.flush(5000, "flush");
  assert.deepEqual([queue.aside, reported.rejected, made.counts.rejected], [[0], ["0"], 1]);
  assert.deepEqual([...queue.finished].sort(), [0, 1]);
});
