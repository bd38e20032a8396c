import assert from "node:assert/strict";
import test from "node:test";

import type { Outcome } from "../src/core/response.js";
import type { Attempt, Transport } from "../src/core/attempt.js";
import { Route } from "../src/core/route.js";

const stream: Transport = { window: 32, run: async () => undefined };
const post: Transport = { window: 1, run: async () => undefined };
const LOST: Outcome = { kind: "failed", reason: "lost", after: 0, reached: false };

/** A route, and what its attempts do. */
function route(t: test.TestContext) {
  t.mock.timers.enable({ apis: ["Date"], now: 1_000_000 });
  const made = new Route([stream, post]);
  return {
    made,
    fail: (transport = made.next()) => made.noteEnd({ transport, acknowledged: 0 } as Attempt, LOST),
    name: () => (made.next() === stream ? "stream" : "post"),
    minutes: (count: number) => t.mock.timers.tick(count * 60_000),
  };
}

test("two failures in a row lead to the detour, of which five minutes are enough", (t) => {
  const { made, fail, name, minutes } = route(t);
  fail();
  made.noteResponse(stream);
  fail();
  assert.equal(name(), "stream");
  fail();
  assert.equal(name(), "post");
  assert.equal(made.isOver(post), false);
  made.noteResponse(post);
  minutes(4.9);
  made.noteResponse(post);
  assert.deepEqual([name(), made.isOver(post)], ["post", false]);
  minutes(0.2);
  assert.deepEqual([made.isOver(post), name()], [true, "stream"]);
});

test("after a detour the same begins again", (t) => {
  const { made, fail, name, minutes } = route(t);
  for (let round = 0; round < 3; round++) {
    assert.equal(name(), "stream");
    fail();
    fail();
    assert.equal(name(), "post");
    assert.equal(made.isOver(post), false, "it is not over before it has begun");
    made.noteResponse(post);
    minutes(6);
  }
});

test("one transport alone is never left", (t) => {
  t.mock.timers.enable({ apis: ["Date"] });
  const alone = new Route([stream]);
  for (let round = 0; round < 5; round++) alone.noteEnd({ transport: stream, acknowledged: 0 } as Attempt, LOST);
  assert.equal(alone.next(), stream);
});
