import assert from "node:assert/strict";
import test from "node:test";

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";

import { documentedBatch } from "../src/core/documented.js";
import { EventTooLarge, InvalidEvent } from "../src/core/errors.js";
import { encodeEvent, type Event } from "../src/core/event.js";
import { SCHEMAS, type SourceTypeName } from "../src/core/names.js";
import { checkOptions, encodeHeader } from "../src/core/options.js";
import { payload } from "../src/core/payload.js";
import { EventSchema } from "../src/gen/openclone/v1/batch_pb.js";

const LONG = "ñandú 漢字 🙂 ".repeat(40);

const SAMPLES: { [S in SourceTypeName]: Event<S>["data"] } = {
  audio_system: payload.audio_system({ text: LONG, duration: 60, appName: "Meet", confidence: 0.95 }),
  audio_mic: payload.audio_mic({ text: "", duration: 0, confidence: -0 }),
  screen_ocr: payload.screen_ocr({ text: "a\nb", appName: "x", windowTitle: "y", url: "https://example.org" }),
  journal: payload.journal({ text: "x".repeat(43), duration: 1.5 }),
  web_browsing: payload.web_browsing({ url: "u", title: "t", domain: "d", readingTime: 1e300 }),
  music: payload.music({ track: "t", artist: "a", album: "b", duration: 5e-324 }),
  health: payload.health({ steps: -9_223_372_036_854_775_808n, heartRate: 61.5, sleepHours: 7 }),
  calendar: payload.calendar({ title: "t", start: "s", end: "e", attendees: ["a", "", "ñ"], location: "l" }),
  notes: payload.notes({ title: "t", text: "x".repeat(200_000), tags: [] }),
  gps: payload.gps({ lat: -90, lon: 180, accuracy: 5, placeName: "p" }),
  photos: payload.photos({ filename: "f", location: "l", timestamp: 1.7e9 }),
  email: payload.email({ subject: "s", from: "f", to: ["a", "b"], date: "d" }),
  messaging: payload.messaging({ platform: "p", from: "f", preview: "\u0000" }),
  activity: payload.activity({ appName: "a", duration: 1, category: "c" }),
  braindump: payload.braindump({}),
};

function encoded(event: Event, sourceType: SourceTypeName = "braindump"): Uint8Array {
  return encodeEvent(event, sourceType, () => "made").slice();
}

test("the encoding is that of the generated code, for each source type", () => {
  for (const [name, data] of Object.entries(SAMPLES) as [SourceTypeName, Event["data"]][]) {
    const bytes = encoded({ timestamp: 1708258800.123456, rawRef: `é-${name}`, data }, name);
    const field = EventSchema.fields.find(({ message }) => message === SCHEMAS[name]);
    const expected = create(EventSchema, {
      timestamp: { seconds: 1708258800n, nanos: 123456000 },
      rawRef: `é-${name}`,
      data: { case: field?.localName, value: data } as never,
    });
    assert.deepEqual(bytes, toBinary(EventSchema, expected), name);
  }
});

test("a JSON object keeps every digit", () => {
  const bytes = encoded({ data: { n: 12345678901234567890n, deep: [{ a: null, b: undefined }], at: new Date(0) } as never });
  const event = fromBinary(EventSchema, bytes);
  assert.equal(event.data.value, '{"n":12345678901234567890,"deep":[{"a":null}],"at":"1970-01-01T00:00:00.000Z"}');
  assert.equal(event.rawRef, "made");
});

test("timestamps are Unix seconds or dates, rounded to microseconds", () => {
  const at = (timestamp: number | Date) => fromBinary(EventSchema, encoded({ timestamp, data: {} })).timestamp;
  const parts = (timestamp: number | Date) => [at(timestamp)?.seconds, at(timestamp)?.nanos];
  assert.deepEqual(parts(new Date(1708258800123)), [1708258800n, 123000000]);
  assert.deepEqual(parts(1708258800.9999999), [1708258801n, 0]);
  assert.deepEqual(parts(1577836800), [1577836800n, 0]);
  const tomorrow = Math.floor(Date.now() / 1000) + 23 * 3600;
  assert.deepEqual(parts(tomorrow), [BigInt(tomorrow), 0]);
  assert.ok(Math.abs(Number(fromBinary(EventSchema, encoded({ data: {} })).timestamp?.seconds) - Date.now() / 1000) < 5);
});

test("what breaks a rule is rejected", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const bad: unknown[] = [
    undefined, null, 5, {}, { data: null }, { data: [] }, { data: "text" }, { data: new Date() }, { data: { n: NaN } },
    { data: { f: () => 1 } }, { data: cyclic }, { data: {}, timestamp: 1577836799.9 }, { data: {}, timestamp: NaN },
    { data: {}, timestamp: Infinity }, { data: {}, timestamp: 1e30 }, { data: {}, timestamp: "1708258800" },
    { data: {}, timestamp: new Date(NaN) }, { data: {}, rawRef: "é".repeat(129) }, { data: {}, rawRef: 7 },
    { data: payload.music({ track: "x" }) }, { data: { $typeName: "openclone.v1.Braindump", text: 5 } },
  ];
  for (const event of bad) assert.throws(() => encoded(event as Event), InvalidEvent, JSON.stringify(event, bigints));
  assert.ok(encoded({ data: {}, rawRef: "é".repeat(128) }));
});

test("what the service would reject is rejected at once", () => {
  const deep = (levels: number): object => (levels === 1 ? {} : { a: deep(levels - 1) });
  const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`m${index}`, index]));
  const long = "é".repeat(131_072);
  const good = [deep(32), members(256), { ["k".repeat(128)]: 1 }, { a: [long] }, payload.braindump({ text: long })];
  for (const data of good) assert.ok(encoded({ data } as Event));
  const bad = [deep(33), members(257), { ["k".repeat(129)]: 1 }, { a: [`${long}x`] }, payload.braindump({ text: `${long}x` })];
  for (const data of bad) assert.throws(() => encoded({ data } as Event), InvalidEvent);
  assert.throws(() => encoded({ data: {}, timestamp: Date.now() / 1000 + 25 * 3600 }), /24 h ahead/);
  assert.throws(() => encoded({ data: {}, timestamp: Date.now() }), /it is in seconds, and this looks like milliseconds/);
});

test("an event is too large when its documented form is", () => {
  const envelope = '{"timestamp":1708258800.0,"data":{"texts":["","","",""]},"raw_ref":"r"}'.length;
  // In four parts, as one text alone would be too long.
  const event = (text: string): Event => ({
    timestamp: 1708258800,
    rawRef: "r",
    data: { texts: [0, 1, 2, 3].map((part) => text.slice((part * text.length) / 4, ((part + 1) * text.length) / 4)) },
  });
  assert.ok(encoded(event("x".repeat(1_000_000 - envelope))));
  assert.throws(() => encoded(event("x".repeat(1_000_001 - envelope))), EventTooLarge);
  assert.throws(() => encoded(event("\u0001".repeat(170_000))), EventTooLarge);
});

test("the documented form has the documented names", () => {
  const options = checkOptions({ pluginId: "p", pluginVersion: "1.0.0", sourceType: "health", platform: "ios" }, {});
  const event = encoded({ timestamp: 1708258800.05, rawRef: "r", data: payload.health({ steps: 2n ** 60n, heartRate: 60.5 }) }, "health");
  assert.equal(
    documentedBatch(encodeHeader(options, "health", "test-1"), [event], 1708258801500),
    '{"source_type":"health","platform":"ios","device_id":"test-1","plugin_id":"p","plugin_version":"1.0.0",' +
      '"timestamp":1708258801.5,"events":[{"timestamp":1708258800.05,"data":{"steps":1152921504606846976,"heart_rate":60.5},"raw_ref":"r"}]}',
  );
});

function bigints(_: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && "self" in value ? "a cycle" : value;
}

test("the compiler rejects the payload of another source type, and fields that there are not", () => {
  const send = (_: Event<"braindump">) => true;
  assert.ok(send({ data: payload.braindump({ text: "x" }) }));
  assert.ok(send({ data: { anything: [1, { else: null }] } }));
  // @ts-expect-error
  assert.ok(send({ data: payload.music({ track: "x" }) }));
  // @ts-expect-error
  assert.ok(payload.braindump({ track: "x" }));
});
