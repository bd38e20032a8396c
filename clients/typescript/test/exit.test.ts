import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import test from "node:test";

import { type Service, service, withoutService } from "./service.js";

const index = new URL("../src/index.js", import.meta.url).href;

/** A program that never closes its client. */
function program({ endpoint, key, home }: Service, rawRef: string, then: string) {
  const options = {
    endpoint, apiKey: key, pluginId: "exit", pluginVersion: "1.0.0", sourceType: "braindump", platform: "linux",
    stateDir: path.join(home, "state"), maxBatchAge: 600, maxBatchEvents: 2,
  };
  const text = `import { Client } from ${JSON.stringify(index)};
    const client = await Client.open(${JSON.stringify(options)});
    // Two go at once, over a stream that stays open; one waits.
    for (const n of [0, 1, 2]) await client.send({ rawRef: "${rawRef}-" + n, data: { text: "x" } });
    ${then}`;
  return spawn(process.execPath, ["--input-type=module", "-e", text], { stdio: ["ignore", "pipe", "inherit"] });
}

function stored(vault: string, rawRef: string): number {
  return [0, 1, 2].filter((n) => vault.includes(`[ref:: ${rawRef}-${n}]`)).length;
}

test("a program that has nothing left to do sends and ends, open stream or not", { skip: withoutService }, async (t) => {
  const at = await service(t);
  const child = program(at, "natural", "");
  const [code] = await once(child, "exit");
  assert.equal(code, 0);
  assert.equal(stored(at.vault(), "natural"), 3);
});

test("a signal ends the program as it would have, after sending", { skip: withoutService || process.platform === "win32" }, async (t) => {
  const at = await service(t);
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const child = program(at, signal, 'console.log("ready"); setInterval(() => {}, 1000);');
    await once(child.stdout, "data");
    child.kill(signal);
    const [, ended] = await once(child, "exit");
    assert.equal(ended, signal);
    assert.equal(stored(at.vault(), signal), 3, signal);
  }
});
