import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import test from "node:test";
import { inspect } from "node:util";

import { Client, type ClientOptions, payload } from "../src/index.js";
import { State } from "../src/node/state.js";

const KEY = "oc_a_key_that_is_not_shown";

function directory(t: test.TestContext): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "openclone-client-"));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  return path.join(dir, "state");
}

function options(stateDir: string, more: Partial<ClientOptions<"braindump">> = {}): ClientOptions<"braindump"> {
  return {
    // The port of nobody.
    endpoint: "http://127.0.0.1:1", apiKey: KEY, pluginId: "p", pluginVersion: "1.0.0", sourceType: "braindump", platform: "linux",
    stateDir, onError: () => {}, flushOnExit: false, ...more,
  };
}

test("the key is not shown, however a client is printed", async (t) => {
  const client = await Client.open(options(directory(t)));
  const shown = [inspect(client, { depth: 20, showHidden: true }), `${client}`, JSON.stringify(client), JSON.stringify(client.stats)];
  for (const text of shown) assert.ok(!text.includes(KEY), text);
  assert.match(shown[0] ?? "", /pluginId: 'p'/);
  await client.close(1);
});

test("options that break a rule are rejected, without the key in the message", async (t) => {
  const bad: Record<string, unknown>[] = [
    { pluginId: "Not Kebab" }, { pluginId: "a--b" }, { pluginId: "a".repeat(65) }, { pluginVersion: "1.0" }, { pluginVersion: "01.0.0" },
    { sourceType: "thoughts" }, { platform: "amiga" }, { endpoint: "ftp://x" }, { endpoint: "http://u:p@x" }, { endpoint: "x" },
    { maxBatchEvents: 0 }, { maxBatchEvents: 501 }, { maxBatchEvents: 1.5 }, { maxBatchAge: -1 }, { spoolMaxBytes: 1 },
    { onFull: "explode" }, { transport: "pigeon" }, { apiKey: "" }, { apiKey: `${KEY}\n` }, { retryBase: 0 }, { onError: 5 },
  ];
  const stateDir = directory(t);
  for (const one of bad) {
    const opened = Client.open({ ...options(stateDir), ...one } as ClientOptions<"braindump">);
    await assert.rejects(opened, (error: Error) => error.name === "InvalidOptions" && !error.message.includes(KEY), JSON.stringify(one));
  }
  assert.ok(!fs.existsSync(stateDir));
});

test("personal source types are off until they are switched on", async (t) => {
  for (const sourceType of ["audio_mic", "health", "email", "messaging"] as const) {
    await using client = await Client.open({ ...options(directory(t)), sourceType });
    await assert.rejects(client.send({ data: {} }), { name: "NotEnabled" });
  }
  const client = await Client.open({ ...options(directory(t)), sourceType: "health", enabled: true });
  await client.send({ data: payload.health({ steps: 1n }) });
  await assert.rejects(client.close(0), { name: "Timeout" });
});

test("the device's id is made once; what was not sent is there at the next start", async (t) => {
  const stateDir = directory(t);
  const first = await Client.open(options(stateDir));
  await first.send({ data: { text: "x" } });
  await assert.rejects(first.flush(0.05), { name: "Timeout" });
  await assert.rejects(first.close(0.05), { name: "Timeout" });
  await assert.rejects(first.send({ data: {} }), { name: "Closed" });
  const second = await Client.open(options(stateDir));
  assert.equal(second.deviceId, first.deviceId);
  assert.match(second.deviceId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(second.stats.queued, 1);
  await second.close(0.05).catch(() => {});
});

test("a state directory has one holder; that of a dead process is taken over", (t) => {
  const dir = directory(t);
  const first = State.open(dir);
  assert.throws(() => State.open(dir), { name: "SpoolLocked" });
  const owners = path.join(dir, "owners");
  assert.equal(fs.readdirSync(owners).length, 1);
  first.close();
  assert.deepEqual(fs.readdirSync(owners), []);
  const child = spawnSync(process.execPath, ["-e", "console.log(process.pid)"], { encoding: "utf8" });
  for (const dead of [`${child.stdout.trim()}-0`, `${process.ppid}-1`]) {
    if (dead.endsWith("-1") && process.platform !== "linux") continue;
    fs.writeFileSync(path.join(owners, `${dead}-00000000000000aa`), "");
    State.open(dir).close();
    assert.deepEqual(fs.readdirSync(owners), [], dead);
  }
  // Without a start the number alone counts.
  fs.writeFileSync(path.join(owners, `${process.ppid}-0-00000000000000aa`), "");
  assert.throws(() => State.open(dir), { name: "SpoolLocked" });
});

test("everything is its owner's alone", { skip: process.platform === "win32" }, async (t) => {
  const dir = directory(t);
  const client = await Client.open(options(dir));
  await client.send({ data: {} });
  const mode = (name: string) => fs.statSync(path.join(dir, name)).mode & 0o777;
  for (const name of [".", "spool", "owners"]) assert.equal(mode(name), 0o700, name);
  for (const name of ["spool/0000000000000001.seg"]) assert.equal(mode(name), 0o600, name);
  await client.close(0.05).catch(() => {});
});

test("a full spool rejects, or blocks for a while", async (t) => {
  const data = { texts: ["x".repeat(250_000), "x".repeat(250_000)] };
  for (const [onFull, least] of [["reject", 0], ["block", 100]] as const) {
    const client = await Client.open(options(directory(t), { spoolMaxBytes: 4 * 1024 * 1024, onFull, blockTimeout: 0.1 }));
    for (let index = 0; index < 8; index++) await client.send({ data });
    const start = performance.now();
    await assert.rejects(client.send({ data }), { name: "SpoolFull" });
    assert.ok(performance.now() - start >= least - 5);
    assert.equal(client.stats.queued, 8);
    await client.close(0.05).catch(() => {});
  }
});

test("a program that ends without closing sends first, and says what it could not", async (t) => {
  const home = directory(t);
  const index = new URL("../src/index.js", import.meta.url).href;
  const program = `import { Client } from ${JSON.stringify(index)};
    const client = await Client.open(${JSON.stringify({ ...options(home), flushOnExit: true })});
    await client.send({ data: {} });
    setTimeout(() => {}, 50);
    process.on("exit", () => console.log("closed", client.stats.queued));`;
  const start = performance.now();
  const ended = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8", timeout: 60_000 });
  assert.match(ended.stdout, /closed 1/, ended.stderr);
  assert.equal(ended.status, 0, ended.stderr);
  assert.ok(performance.now() - start > 4_500, "it has tried to send");
  const next = await Client.open(options(home));
  assert.equal(next.stats.queued, 1);
  await next.close(0.05).catch(() => {});
});
