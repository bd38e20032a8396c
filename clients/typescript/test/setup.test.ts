import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import test from "node:test";

import { Client, type Event, MemoryTransport, payload, readManifest } from "../src/index.js";
import { whyOff } from "../src/node/manifest.js";
import { deviceId, isPaused } from "../src/node/shared.js";

const CONF = 'openclone.enabled = true\n# a comment\n\ninterval = 30.0\nratio=0.5\nmode = fast\nnames = ["x", "y"]\n';

function directory(t: test.TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "openclone-setup-"));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return dir;
}

function plugin(t: test.TestContext, conf = CONF, members: Record<string, unknown> = {}): string {
  const dir = directory(t);
  const manifest = {
    id: "p", name: "Test", version: "1.2.0", source_types: ["braindump", "notes"], sensitivity: "LOW",
    config_schema: {
      "openclone.enabled": { type: "boolean", default: false },
      interval: { type: "integer", default: 60, minimum: 10, maximum: 100 },
      ratio: { type: "number" },
      mode: { type: "string", default: "slow", enum: ["slow", "fast"] },
      names: { type: "array", default: ["a"] },
    },
    ...members,
  };
  fs.writeFileSync(path.join(dir, "plugin.json"), JSON.stringify(manifest));
  fs.writeFileSync(path.join(dir, "openclone.conf"), conf);
  return dir;
}

test("a manifest makes a client of several source types; the service may be in memory", async (t) => {
  const memory = new MemoryTransport();
  memory.rejects.add("bad");
  const rejected: string[] = [];
  const client = await Client.fromManifest(plugin(t), { transport: memory, retryBase: 0.001, onRejected: ({ rawRef }) => rejected.push(rawRef) });
  assert.deepEqual(client.config, { "openclone.enabled": true, interval: 30, ratio: 0.5, mode: "fast", names: ["x", "y"] });
  const events: Event[] = [
    { data: payload.braindump({ text: "a thought" }) }, { data: payload.notes({ title: "a note" }), rawRef: "bad" },
    { data: { n: 1 }, sourceType: "notes", rawRef: "n" },
  ];
  for (const event of events) await client.send(event);
  for (const bad of [{ data: {} }, { data: {}, sourceType: "music" }, { data: payload.music({}) }] as Event[]) {
    await assert.rejects(client.send(bad), { name: "InvalidEvent" });
  }
  client.reportHealth("failing", "no sound");
  await client.close(5);
  assert.deepEqual(memory.events.map(({ sourceType, data }) => [sourceType, data]).sort(), [["braindump", { text: "a thought" }], ["notes", { n: 1 }]]);
  assert.deepEqual(rejected, ["bad"]);
  assert.deepEqual(memory.health, [{ state: "failing", reason: "no sound" }]);
});

test("an integer may be a number", () => {
  assert.equal(payload.health({ steps: 8000, heartRate: 60 }).steps, 8000n);
  assert.equal(payload.health({ steps: 2n ** 60n }).steps, 2n ** 60n);
  assert.throws(() => payload.health({ steps: 1.5 }), { name: "InvalidEvent" });
});

test("a setting that cannot be is named with its line", async (t) => {
  const wrong = {
    "interval = soon": "of type integer", "interval = 9": "at least 10", "interval = 101": "at most 100", "interval = true": "of type integer",
    "mode = other": "one of slow, fast", "colour = red": "no setting colour", nonsense: "name = value", "names = a": "of type array",
  };
  for (const [line, complaint] of Object.entries(wrong)) {
    await assert.rejects(Client.fromManifest(plugin(t, `\n${line}\n`), { transport: new MemoryTransport() }), (error: Error) =>
      error.name === "InvalidOptions" && error.message.includes("openclone.conf:2") && error.message.includes(complaint), line);
  }
});

test("consent is void when sensitivity or major version rises", (t) => {
  const home = directory(t);
  fs.mkdirSync(path.join(home, "consent"));
  fs.writeFileSync(path.join(home, "consent", "p.json"), '{"sensitivity":"HIGH","version":"1.2.0","given":1}');
  const config = { "openclone.enabled": true };
  for (const [members, isOn] of [
    [{ sensitivity: "HIGH" }, true], [{ sensitivity: "HIGH", version: "1.9.0" }, true], [{ sensitivity: "HIGH", version: "2.0.0" }, false],
    [{ sensitivity: "CRITICAL" }, false], [{ source_types: ["health"] }, true], [{ source_types: ["email"] }, false],
  ] as const) {
    const manifest = readManifest(plugin(t, CONF, members));
    const decision = { pluginId: "p", sourceTypes: manifest.sourceTypes, manifest, config, home, named: undefined };
    assert.equal(whyOff(decision) === undefined, isOn, JSON.stringify(members));
  }
  const bare = { pluginId: "p", sourceTypes: ["health"] as const, manifest: undefined, config: {}, home };
  assert.match(whyOff({ ...bare, named: "other" }) ?? "", /OPENCLONE_ENABLED=p/);
  assert.equal(whyOff({ ...bare, named: "other, p" }), undefined);
  assert.throws(() => whyOff({ ...bare, named: "true" }), { name: "InvalidOptions" });
});

test("there is one device for all; a pause is obeyed, also one that cannot be understood", async (t) => {
  const home = directory(t);
  const found = new Set(await Promise.all(Array.from({ length: 8 }, () => deviceId(home))));
  assert.equal(found.size, 1);
  assert.equal(fs.statSync(path.join(home, "device-id")).mode & 0o777, 0o600);
  assert.equal(isPaused(home), false);
  for (const [text, paused] of [["", true], ["1800000060", true], ["1799999999\n", false], ["?", true]] as const) {
    fs.writeFileSync(path.join(home, "pause"), text);
    assert.equal(isPaused(home, 1_800_000_000_000), paused, text);
  }
});

test("a renewed key needs no restart", async (t) => {
  let good = "first";
  const server = http.createServer((request, response) => {
    request.resume().on("end", () => {
      const isGood = request.headers["x-api-key"] === good && /^openclone-typescript\/\d/.test(request.headers["user-agent"] ?? "");
      response.writeHead(isGood ? 200 : 401).end(isGood ? '{"stored":1,"skipped":0}' : '{"detail":"no"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const dir = directory(t);
  const file = path.join(dir, "key");
  fs.writeFileSync(file, "first\n");
  const errors: string[] = [];
  let recovered = 0;
  const client = await Client.open({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, apiKeyFile: file, pluginId: "p", pluginVersion: "1.0.0",
    sourceType: "braindump", stateDir: path.join(dir, "state"), transport: "json", flushOnExit: false,
    onError: ({ name }) => errors.push(name), onRecovered: () => recovered++,
  });
  await client.send({ data: {} });
  await client.flush(5);
  good = "second";
  await client.send({ data: {} });
  await assert.rejects(client.flush(5), { name: "AccessDenied" });
  fs.writeFileSync(file, "second\n");
  for (const until = Date.now() + 20_000; recovered === 0 && Date.now() < until; ) await new Promise((resolve) => setTimeout(resolve, 50));
  await client.close(5);
  assert.deepEqual([client.stats.stored, errors, recovered], [2, ["AccessDenied"], 1]);
});
