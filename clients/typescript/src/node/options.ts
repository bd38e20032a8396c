/**
 * The options of the client for Node, with what the environment and the machine say.
 *
 * @module
 */

import * as fs from "node:fs";

import { Key, keyOf } from "../core/key.js";
import { MemoryTransport } from "../core/memory.js";
import { checkNumber, checkOptions, checkWord } from "../core/options.js";
import type { CheckedOptions, CommonOptions } from "../core/options.js";
import type { PlatformName, SourceTypeName } from "../core/names.js";
import { defaultStateDir } from "./state.js";

/** What becomes of an event for which the spool has no room. */
export type OnFull = "block" | "reject" | "drop_oldest";

/** Which way batches go. */
export type TransportName = "auto" | "grpc" | "json";

/**
 * Options of {@link Client.open}. Times are in seconds.
 *
 * `endpoint` defaults to the variable `OPENCLONE_ENDPOINT`, then to `http://127.0.0.1:8000`; `apiKey` to
 * `OPENCLONE_API_KEY`, then `API_KEY`, then the file named by `OPENCLONE_API_KEY_FILE`; `platform` to that of the machine;
 * `debug` to `OPENCLONE_DEBUG`. `enabled`: see `clients/README.md`.
 */
export interface ClientOptions<S extends SourceTypeName> extends CommonOptions<S> {
  /** Several, in place of `sourceType`. An event of a typed payload says by itself what it is, others need `sourceType` beside. */
  readonly sourceTypes?: readonly S[] | undefined;
  /** A file that holds the key alone; read for each connection. */
  readonly apiKeyFile?: string | undefined;
  /** 60 to 86400: how often the plugin's health is reported, beginning with `capturing`. Default: 0, never. */
  readonly heartbeatSeconds?: number | undefined;
  /** Where the spool is. Default: `OPENCLONE_STATE`, then `~/.openclone-plugins/<pluginId>`. */
  readonly stateDir?: string | undefined;
  /** Bytes of the spool on disk, at least 4 MiB. Default: 512 MiB. */
  readonly spoolMaxBytes?: number | undefined;
  /** Default: `block`: wait until there is room, for at most `blockTimeout`. */
  readonly onFull?: OnFull | undefined;
  /** Default: 30. */
  readonly blockTimeout?: number | undefined;
  /** Default: `auto`: the gRPC stream, and JSON where that does not get through. In tests of a plugin: a {@link MemoryTransport}. */
  readonly transport?: TransportName | MemoryTransport | undefined;
  /** Whether to send what is queued when the program exits, or gets SIGTERM or SIGINT. Default: true. */
  readonly flushOnExit?: boolean | undefined;
}

/** Options, checked and complete. The key is kept apart. */
export interface NodeOptions<S extends SourceTypeName> extends CheckedOptions<S> {
  readonly stateDir: string;
  readonly spoolMaxBytes: number;
  readonly onFull: OnFull;
  readonly blockTimeout: number;
  readonly transport: TransportName;
  readonly heartbeatSeconds: number;
  readonly flushOnExit: boolean;
}

/**
 * Checks the options. Gives them and the key.
 *
 * @throws {@link InvalidOptions}
 */
export function nodeOptions<S extends SourceTypeName>(
  options: ClientOptions<S>,
  env: NodeJS.ProcessEnv,
): { checked: NodeOptions<S>; key: Key } {
  const surroundings = { endpoint: env["OPENCLONE_ENDPOINT"], platform: machinePlatform(), debug: Boolean(env["OPENCLONE_DEBUG"]) };
  const sourceTypes = options.sourceType === undefined ? options.sourceTypes : [options.sourceType];
  const common = checkOptions(options, surroundings, sourceTypes ?? []);
  const heartbeat = options.heartbeatSeconds ?? 0;
  const checked = {
    ...common,
    stateDir: options.stateDir ?? env["OPENCLONE_STATE"] ?? defaultStateDir(common.pluginId),
    spoolMaxBytes: checkNumber("spoolMaxBytes", options.spoolMaxBytes ?? 512 * 1024 * 1024, 4 * 1024 * 1024, 2 ** 50),
    onFull: checkWord("onFull", options.onFull ?? "block", ["block", "reject", "drop_oldest"]),
    blockTimeout: checkNumber("blockTimeout", options.blockTimeout ?? 30, 0, 86_400),
    transport: options.transport instanceof MemoryTransport
      ? ("json" as const)
      : checkWord("transport", options.transport ?? "auto", ["auto", "grpc", "json"]),
    heartbeatSeconds: heartbeat === 0 ? 0 : checkNumber("heartbeatSeconds", heartbeat, 60, 86_400),
    flushOnExit: options.flushOnExit ?? true,
  };
  return { checked, key: keyFrom(options, env) };
}

function keyFrom(options: ClientOptions<SourceTypeName>, env: NodeJS.ProcessEnv): Key {
  if (options.transport instanceof MemoryTransport) return keyOf(options.apiKey ?? "in-memory");
  const given = options.apiKey ?? (options.apiKeyFile === undefined ? env["OPENCLONE_API_KEY"] || env["API_KEY"] : undefined);
  const file = options.apiKeyFile ?? env["OPENCLONE_API_KEY_FILE"];
  if (given !== undefined || !file) return keyOf(given);
  return new Key(async () => (await fs.promises.readFile(file, "utf8")).trim(), true);
}

function machinePlatform(): PlatformName | undefined {
  const known: Partial<Record<NodeJS.Platform, PlatformName>> = {
    darwin: "macos",
    win32: "windows",
    linux: "linux",
    android: "android",
  };
  return known[process.platform];
}
