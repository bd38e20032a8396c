/** {{name}}: sends {{source_type}} events to OpenClone. */

import { pathToFileURL } from "node:url";

import { Client, type Event, payload } from "openclone-client";

/** Replace this by what your plugin captures. */
export function* capture(): Generator<Event> {
  yield { rawRef: "hello-1", data: {{typescript}} };
}

/** Captures once, unless the user has paused. */
export async function runOnce(client: Client): Promise<void> {
  if (!client.isPaused()) await client.sendAll(capture());
}

async function main(): Promise<number> {
  const client = await Client.fromManifest();
  if (!client.enabled) {
    console.error(client.whyDisabled);
    await client.close();
    return 3;
  }
  const interval = Number(client.config["interval"]);
  // SIGTERM and Ctrl-C close the client, and end the program.
  for (;;) {
    await runOnce(client);
    await new Promise((resolve) => setTimeout(resolve, interval * 1000));
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = await main();
