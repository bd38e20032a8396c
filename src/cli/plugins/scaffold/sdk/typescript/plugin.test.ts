import assert from "node:assert/strict";
import test from "node:test";

import { Client, MemoryTransport } from "openclone-client";

import { runOnce } from "./plugin.js";

test("what is captured is stored once", async () => {
  const memory = new MemoryTransport();
  const client = await Client.fromManifest(".", { transport: memory });
  await runOnce(client);
  await runOnce(client);
  await client.close();
  assert.deepEqual(memory.events.map(({ sourceType, rawRef }) => [sourceType, rawRef]), [["{{source_type}}", "hello-1"]]);
});
