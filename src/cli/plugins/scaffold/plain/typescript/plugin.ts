// {{name}}: sends {{source_type}} events to OpenClone. Needs Node 20 or later and nothing else.
//
// TypeScript that needs no annotations, so that Node 20 can run it without a build too. From Node 22.18 on you can add
// types freely: Node strips them.

const { randomUUID } = require("node:crypto");
const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");

const endpoint = (process.env.OPENCLONE_ENDPOINT ?? "http://127.0.0.1:8000").replace(/\/+$/, "");
const platform = process.platform === "darwin" ? "macos" : process.platform === "win32" ? "windows" : "linux";

/** Replace this by what your plugin captures. */
function capture() {
  return [{ timestamp: Date.now() / 1000, raw_ref: "hello-1", data: {{data}} }];
}

function isEnabled() {
  return /^openclone\.enabled *= *true *$/m.test(readFileSync(join(__dirname, "openclone.conf"), "utf8"));
}

/** The same for all events from this device. */
function deviceId() {
  const path = join(__dirname, "device-id");
  if (!existsSync(path)) writeFileSync(path, randomUUID());
  return readFileSync(path, "utf8").trim();
}

/** The answer. Tries again, later and later, when OpenClone is busy or away: nothing is stored twice. */
async function send(events = capture()) {
  const manifest = JSON.parse(readFileSync(join(__dirname, "plugin.json"), "utf8"));
  const body = JSON.stringify({
    source_type: "{{source_type}}",
    platform,
    device_id: deviceId(),
    plugin_id: manifest.id,
    plugin_version: manifest.version,
    timestamp: Date.now() / 1000,
    events,
  });
  const headers = { "Content-Type": "application/json", "X-API-Key": process.env.API_KEY ?? "" };
  let problem = "";
  for (let attempt = 0; attempt < 5; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt));
    try {
      const answer = await fetch(`${endpoint}/api/v1/ingest`, { method: "POST", headers, body });
      const text = await answer.text();
      if (answer.ok) return text;
      problem = `${answer.status} ${text}`;
      if (![429, 500, 503].includes(answer.status)) break;
    } catch (error) {
      problem = String(error);
    }
  }
  throw new Error(`${endpoint}: ${problem}`);
}

if (!isEnabled()) {
  console.log("{{id}} is off: set openclone.enabled = true in openclone.conf");
} else {
  send().then(console.log, (error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
