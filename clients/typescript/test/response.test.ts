import assert from "node:assert/strict";
import test from "node:test";

import { create } from "@bufbuild/protobuf";
import { BinaryWriter } from "@bufbuild/protobuf/wire";

import { ofResponse, ofStatus, retryAfterSeconds } from "../src/core/response.js";
import { delay } from "../src/core/backoff.js";
import { split } from "../src/core/split.js";
import { StatusSchema } from "../src/gen/google/rpc/status_pb.js";

const batch = (count: number) => ({
  header: new Uint8Array(),
  events: Array.from({ length: count }, (_, index) => Uint8Array.of(index)),
  origin: undefined,
  position: 100,
});
const numbers = (parts: readonly { events: readonly Uint8Array[] }[]) => parts.map(({ events }) => events.map(([first]) => first));

test("the pause is random between 0 and the step, and never less than what the service asks for", () => {
  for (let attempt = 0; attempt < 100; attempt++) {
    const most = Math.min(60, 0.5 * 2 ** attempt);
    assert.equal(delay(0.5, 60, attempt, 0, () => 0), 0);
    assert.ok(delay(0.5, 60, attempt, 0, () => 0.999999) <= most);
    assert.ok(delay(0.5, 60, attempt, 0, () => 0.999999) > most * 0.99);
    assert.ok(delay(0.5, 60, attempt, 7) >= 7);
    const drawn = delay(0.5, 60, attempt, 0);
    assert.ok(drawn >= 0 && drawn < most);
  }
  assert.ok(new Set(Array.from({ length: 50 }, () => delay(0.5, 60, 9, 0))).size > 40);
});

test("named events are set aside, the others are sent again", () => {
  const violations = [
    { index: 1, path: ".timestamp", text: "too late" },
    { index: 1, path: ".data", text: "too deep" },
    { index: 3, path: "", text: "odd" },
  ];
  const { rejecteds, again } = split(batch(5), violations, "INVALID");
  assert.deepEqual(numbers(rejecteds.map(({ batch }) => batch)), [[1], [3]]);
  assert.deepEqual(rejecteds[0]?.reasons, ["events[0].timestamp: too late", "events[0].data: too deep"]);
  assert.deepEqual(numbers(again), [[0, 2, 4]]);
  assert.equal(rejecteds[1]?.batch.position, 103);
});

test("a response that names none halves the batch until the bad event is alone", () => {
  for (const bad of [0, 3, 6]) {
    const sent: number[] = [];
    const aside: number[] = [];
    const waiting = [batch(7)];
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
      const values = one.events.map(([value]) => value as number);
      if (!values.includes(bad)) {
        sent.push(...values);
        continue;
      }
      const { rejecteds, again } = split(one, [{ index: 900, path: "", text: "out of range" }], "HTTP 400");
      aside.push(...rejecteds.flatMap(({ batch }) => batch.events.map(([value]) => value as number)));
      waiting.push(...(again as ReturnType<typeof batch>[]));
    }
    assert.deepEqual(aside, [bad]);
    assert.deepEqual(sent.sort(), [0, 1, 2, 3, 4, 5, 6].filter((value) => value !== bad));
  }
});

test("HTTP responses", () => {
  const of = (status: number, body: unknown, retryAfter: string | null = null) =>
    ofResponse(status, typeof body === "string" ? body : JSON.stringify(body), retryAfter, 0);
  assert.deepEqual(of(200, { stored: 3, skipped: 1 }), { kind: "taken", stored: 3, skipped: 1 });
  assert.equal(of(200, "<html>sign in</html>").kind, "failed");
  for (const status of [401, 403]) assert.equal(of(status, {}).kind, "denied");
  for (const status of [408, 429, 500, 502, 503, 504, 404, 302]) assert.equal(of(status, "").kind, "failed");
  assert.equal(of(413, "too large").kind, "rejected");
  assert.equal(of(400, { detail: "There was an error parsing the body" }).kind, "rejected");
  assert.equal(of(400, "<html>a proxy</html>").kind, "failed");
  const rejected = of(422, { detail: [{ loc: ["body", "events", 3, "data", "tags", 0], msg: "bad" }] });
  assert.deepEqual(rejected.kind === "rejected" && rejected.violations, [{ index: 3, path: ".data.tags[0]", text: "bad" }]);
  const clock = of(422, { detail: [{ loc: ["body", "timestamp"], msg: "late" }, { loc: ["body", "events", 0, "timestamp"], msg: "late" }] });
  assert.equal(clock.kind, "clock");
  const limited = of(429, {}, "7");
  assert.deepEqual(limited.kind === "failed" && [limited.after, limited.reached], [7, true]);
  const gateway = of(503, {}, "1");
  assert.deepEqual(gateway.kind === "failed" && gateway.reached, false);
  assert.equal(retryAfterSeconds("Thu, 01 Jan 1970 00:00:09 GMT", 4000), 5);
  assert.equal(retryAfterSeconds("soon", 0), 0);
});

test("gRPC errors with details", () => {
  const any = (type: string, value: Uint8Array) => ({ typeUrl: `type.googleapis.com/${type}`, value });
  const duration = new BinaryWriter().tag(1, 0).int64(2n).tag(2, 0).int32(500_000_000).finish();
  const retry = any("google.rpc.RetryInfo", new BinaryWriter().tag(1, 2).bytes(duration).finish());
  const limited = ofStatus(create(StatusSchema, { code: 8, message: "slow down", details: [retry] }));
  assert.deepEqual(limited, { kind: "failed", reason: "ResourceExhausted: slow down", after: 2.5, reached: true });
  const violation = new BinaryWriter().tag(1, 2).string("events[3].data.text").tag(2, 2).string("too long").tag(3, 2).string("X").finish();
  const bad = any("google.rpc.BadRequest", new BinaryWriter().tag(1, 2).bytes(violation).finish());
  const rejected = ofStatus(create(StatusSchema, { code: 3, message: "no", details: [bad] }));
  assert.deepEqual(rejected.kind === "rejected" && rejected.violations, [{ index: 3, path: ".data.text", text: "too long" }]);
  for (const code of [7, 16]) assert.equal(ofStatus(create(StatusSchema, { code })).kind, "denied");
  for (const code of [1, 2, 4, 8, 10, 13, 14]) assert.equal(ofStatus(create(StatusSchema, { code })).kind, "failed");
});
