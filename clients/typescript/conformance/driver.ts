/**
 * The driver of the conformance runner: see `clients/conformance/README.md`.
 *
 * @module
 */

import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";

import { Client, type Event, OpenCloneError, payload, type Rejected, type SourceTypeName } from "../src/index.js";
import { parseExactly } from "./json.js";

type Response = Record<string, unknown>;
type Fields = Record<string, unknown>;

interface Command {
  readonly do: string;
  readonly options?: Fields;
  readonly events?: readonly { timestamp?: number; raw_ref?: string; data: unknown; typed?: boolean; source_type?: SourceTypeName }[];
  readonly prefix?: string;
  readonly count?: number;
  readonly timeout?: number;
  /** The directory of a plugin to open. */
  readonly manifest?: string;
  readonly state?: string;
  readonly reason?: string;
}

const TEXTLESS = new Set(["web_browsing", "music", "health", "calendar", "gps", "photos", "email", "messaging", "activity"]);

let client: Client | undefined;
let sourceType: SourceTypeName = "braindump";
let lastOptions: Parameters<typeof Client.open>[0];
let errors: string[] = [];
let rejected: string[] = [];
let recovered = 0;

const commands: Record<string, (command: Command) => Promise<Response>> = {
  async open({ options = {}, manifest }) {
    const names = Object.entries(options).map(([name, value]) => [camel(name), value]);
    sourceType = options["source_type"] as SourceTypeName;
    errors = [];
    rejected = [];
    lastOptions = Object.fromEntries(names) as unknown as typeof lastOptions;
    const all = {
      ...lastOptions,
      onRecovered: () => void recovered++,
      onError: (error: OpenCloneError) => void (errors.push(error.name), console.error(`${error.name}: ${error.message}`)),
      onRejected: (event: Rejected) => void (rejected.push(event.rawRef), console.error(`rejected ${inspect(event)}`)),
    };
    client = manifest === undefined ? await Client.open(all) : await Client.fromManifest(manifest, all);
    return {};
  },

  async send({ events = [] }) {
    for (const [index, event] of events.entries()) {
      const failed = await opened().send(eventOf(event)).catch(failure);
      if (failed !== undefined) return { ...failed, index };
    }
    return {};
  },

  async generate({ prefix = "", count = 0 }) {
    let index = -1;
    function* made(): Generator<Event> {
      for (index = 0; index < count; index++) yield generated(`${prefix}-${index}`);
    }
    try {
      await opened().sendAll(made());
      return {};
    } catch (error) {
      return { ...failure(error), index: Math.min(index, count - 1) };
    }
  },

  async flush({ timeout }) {
    await opened().flush(timeout);
    return {};
  },

  async stats() {
    const { queued, stored, skipped, rejected: aside, dropped, spoolBytes } = opened().stats;
    return { stats: { queued, stored, skipped, rejected: aside, dropped, spool_bytes: spoolBytes } };
  },

  async events() {
    return { errors, rejected, recovered };
  },

  async config() {
    return { config: opened().config, device_id: opened().deviceId };
  },

  async report_health({ state, reason }) {
    opened().reportHealth(state as "capturing", reason);
    return {};
  },

  async paused() {
    return { paused: opened().isPaused() };
  },

  /** A worker thread, then a second copy of the package, open the same state directory. */
  async rival() {
    const inside = await inWorker(import.meta.resolve("../src/index.js"));
    const copy = fs.mkdtempSync(new URL("../copy-", import.meta.url).pathname);
    fs.cpSync(new URL("../src", import.meta.url), copy, { recursive: true });
    const copied = await nameOf(await import(path.join(copy, "index.js")));
    fs.rmSync(copy, { recursive: true });
    return copied.error === "SpoolLocked" ? inside : copied;
  },

  async show() {
    return { text: `${inspect(opened(), { depth: 9, showHidden: true })} ${String(opened())} ${JSON.stringify(opened())}` };
  },

  async close({ timeout }) {
    await opened().close(timeout);
    return {};
  },
};

async function nameOf({ Client: Copy }: { Client: typeof Client }): Promise<{ error: string; message: string }> {
  try {
    await Copy.open(lastOptions);
    return { error: "Opened", message: "a second client" };
  } catch (error) {
    return { error: (error as Error).name, message: String(error) };
  }
}

function inWorker(module: string): Promise<Response> {
  const code = `
    const { parentPort, workerData } = require("node:worker_threads");
    import(workerData.module)
      .then(({ Client }) => Client.open(workerData.options))
      .then(() => parentPort.postMessage({ error: "Opened", message: "a second client" }))
      .catch((error) => parentPort.postMessage({ error: error.name, message: String(error) }));`;
  return new Promise((resolve, reject) => {
    const worker = new Worker(code, { eval: true, workerData: { module, options: lastOptions } });
    worker.once("message", (message: Response) => void worker.terminate().then(() => resolve(message)));
    worker.once("error", reject);
  });
}

function opened(): Client {
  if (client === undefined) throw new Error("no client is open");
  return client;
}

function camel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

function eventOf({ timestamp, raw_ref: rawRef, data, typed, source_type: name }: NonNullable<Command["events"]>[number]): Event {
  return { timestamp, rawRef, sourceType: name, data: (typed === true ? typedOf(data as Fields, name ?? sourceType) : data) as Event["data"] };
}

/** The typed message with the values of a documented object. */
function typedOf(data: Fields, name: SourceTypeName): Event["data"] {
  const make = payload[name] as (fields: Fields) => Event["data"];
  const fields = Object.entries(data).map(([name, value]) => [camel(name), name === "steps" ? BigInt(value as number) : value]);
  return make(Object.fromEntries(fields) as Fields);
}

function generated(text: string): Event {
  if (TEXTLESS.has(sourceType)) return { rawRef: text, data: { text } };
  return { rawRef: text, data: (payload[sourceType] as (fields: { text: string }) => Event["data"])({ text }) };
}

function failure(error: unknown): Response {
  if (!(error instanceof OpenCloneError)) console.error(error);
  return { error: error instanceof Error ? error.name : "Error", message: String(error) };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = parseExactly(line) as Command;
  const response = await (commands[command.do]?.(command) ?? Promise.reject(new Error(`no command ${command.do}`))).catch(failure);
  process.stdout.write(`${JSON.stringify("error" in response ? response : { ok: true, ...response })}\n`);
}
// As a crash would.
process.exit(0);
