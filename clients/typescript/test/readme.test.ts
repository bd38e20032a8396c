import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { service, withoutService } from "./service.js";

/** Where the package is built: its name means itself there. */
const place = fileURLToPath(new URL("../..", import.meta.url));
const sources = process.env["OPENCLONE_TYPESCRIPT"] ?? place;

test("the plugin of the README works as it stands", { skip: withoutService }, async (t) => {
  const readme = fs.readFileSync(path.join(sources, "README.md"), "utf8");
  const plugin = /```js plugin\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const lines = plugin.trimEnd().split("\n").length;
  assert.ok(lines >= 20 && lines <= 32, `${lines} lines`);
  const { endpoint, key, home, vault } = await service(t);
  const file = path.join(place, "thoughts.mjs");
  fs.writeFileSync(file, plugin);
  t.after(() => fs.rmSync(file));

  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env["PATH"], HOME: home, OPENCLONE_ENDPOINT: endpoint, API_KEY: key },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end("a first thought\n\na second one\n");
  const said = Buffer.concat((await child.stdout.toArray()) as Buffer[]).toString();
  if (child.exitCode === null) await once(child, "exit");
  assert.equal(said, "2 thoughts taken, 2 stored\n");
  assert.equal(child.exitCode, 0);
  assert.match(vault(), /a first thought[^]*a second one/);
  assert.ok(fs.existsSync(path.join(home, ".openclone-plugins", "thoughts", "spool")));
});
