import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { service, withoutService } from "./service.js";

/** Milliseconds for the browser to start and the page to do its work. */
const DEFAULT_TIMEOUT = 120_000;

const chromium = [process.env["CHROMIUM"], "chromium", "chromium-browser", "google-chrome"].find(
  (name) => name !== undefined && spawnSync("sh", ["-c", 'command -v "$0"', name]).status === 0,
);
const skip = chromium === undefined ? "there is no Chromium: apt-get install chromium, or set CHROMIUM" : withoutService;

test("a page in Chromium sends over gRPC-Web and JSON, and keeps what it cannot send", { skip, timeout: DEFAULT_TIMEOUT + 60_000 }, async (t) => {
  const { origin, result, serve } = await pages(t);
  const { endpoint, key, vault } = await service(t, { OPENCLONE_SERVER__ALLOWED_ORIGINS: origin });
  await serve({ endpoint, key });
  await browse(t, origin);
  const seen = await result;

  assert.equal(seen["error"], undefined, String(seen["error"]));
  const { stored, rejected, queued } = seen["grpc"] as Record<string, number>;
  assert.deepEqual({ stored, rejected, queued }, { stored: 121, rejected: 1, queued: 0 });
  const [dead = "", ...others] = seen["rejected"] as string[];
  assert.equal(others.length, 0);
  const letter = JSON.parse(dead) as { events: { raw_ref: string }[]; rejected: string[] };
  assert.equal(letter.events[0]?.raw_ref, "lone");
  assert.match(letter.rejected[0] ?? "", /^events\[0\]\.data/);
  assert.equal(seen["rival"], "SpoolLocked");
  assert.equal(seen["late"], "Closed");
  assert.ok(!String(seen["shown"]).includes(key));
  assert.equal(seen["sameDevice"], true);
  assert.equal((seen["json"] as Record<string, number>)["stored"], 1);
  assert.equal(seen["unreachable"], "Timeout");
  assert.equal(seen["left"], 3);
  assert.equal((seen["next"] as Record<string, number>)["stored"], 3);
  assert.equal(seen["denied"], "AccessDenied");
  assert.deepEqual(seen["reported"], ["Unavailable", "AccessDenied"]);
  const text = vault();
  for (const title of ["grpc-web-0", "grpc-web-119", "over-json", "left-2"]) {
    assert.equal(text.split(`[ref:: ${title}]`).length, 2, `${title} stands in the vault once`);
  }
  assert.match(text, /12345678901234567890/);
  assert.doesNotMatch(text, /tomorrow|rejected/);
});

interface Pages {
  readonly origin: string;
  readonly result: Promise<Record<string, unknown>>;
  serve(at: { endpoint: string; key: string }): Promise<void>;
}

/** A site with one page, which posts what it has seen. */
async function pages(t: TestContext): Promise<Pages> {
  let script = "";
  let take: (seen: Record<string, unknown>) => void;
  const result = new Promise<Record<string, unknown>>((resolve) => (take = resolve));
  const server = http.createServer(async (request, response) => {
    if (request.url === "/page.js") return void response.setHeader("content-type", "text/javascript").end(script);
    if (request.url !== "/result") return void response.setHeader("content-type", "text/html").end('<script type="module" src="/page.js"></script>');
    const body = (await request.toArray()) as Buffer[];
    response.end();
    take(JSON.parse(Buffer.concat(body).toString()) as Record<string, unknown>);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const serve = async (at: { endpoint: string; key: string }) => {
    const entryPoints = [fileURLToPath(new URL("web_page.js", import.meta.url))];
    const define = { SERVICE: JSON.stringify(at) };
    const bundle = await build({ entryPoints, bundle: true, format: "esm", platform: "browser", target: "chrome116", write: false, define });
    script = bundle.outputFiles[0]?.text ?? "";
  };
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, result, serve };
}

async function browse(t: TestContext, origin: string): Promise<void> {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "openclone-chromium-"));
  const words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", `--user-data-dir=${profile}`];
  const child = spawn(chromium ?? "", [...words, `${origin}/`], { stdio: "ignore", detached: true });
  t.after(async () => {
    // The whole group: a browser is many processes.
    if (child.pid !== undefined && child.exitCode === null) {
      process.kill(-child.pid);
      await once(child, "exit");
    }
    fs.rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  });
}
