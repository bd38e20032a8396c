/**
 * The options of the client for Node, with what the environment and the machine say.
 *
 * @module
 */

import { InvalidOptions } from "../core/errors.js";
import { checkKey, checkNumber, checkOptions, checkWord } from "../core/options.js";
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
 * `OPENCLONE_API_KEY`, then `API_KEY`; `enabled` to `OPENCLONE_ENABLED`; `platform` to that of the machine.
 */
export interface ClientOptions<S extends SourceTypeName> extends CommonOptions<S> {
  /** Where the spool is. Default: `OPENCLONE_STATE`, then `~/.openclone-plugins/<pluginId>`. */
  readonly stateDir?: string | undefined;
  /** Bytes of the spool on disk, at least 4 MiB. Default: 512 MiB. */
  readonly spoolMaxBytes?: number | undefined;
  /** Default: `block`: wait until there is room, for at most `blockTimeout`. */
  readonly onFull?: OnFull | undefined;
  /** Default: 30. */
  readonly blockTimeout?: number | undefined;
  /** Default: `auto`: the gRPC stream, and JSON where that does not get through. */
  readonly transport?: TransportName | undefined;
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
): { checked: NodeOptions<S>; key: string } {
  const enabled = enabledOf(env["OPENCLONE_ENABLED"]);
  const common = checkOptions(options, { endpoint: env["OPENCLONE_ENDPOINT"], platform: machinePlatform(), enabled });
  const checked = {
    ...common,
    stateDir: options.stateDir ?? env["OPENCLONE_STATE"] ?? defaultStateDir(common.pluginId),
    spoolMaxBytes: checkNumber("spoolMaxBytes", options.spoolMaxBytes ?? 512 * 1024 * 1024, 4 * 1024 * 1024, 2 ** 50),
    onFull: checkWord("onFull", options.onFull ?? "block", ["block", "reject", "drop_oldest"]),
    blockTimeout: checkNumber("blockTimeout", options.blockTimeout ?? 30, 0, 86_400),
    transport: checkWord("transport", options.transport ?? "auto", ["auto", "grpc", "json"]),
    flushOnExit: options.flushOnExit ?? true,
  };
  return { checked, key: checkKey(options.apiKey ?? env["OPENCLONE_API_KEY"] ?? env["API_KEY"]) };
}

function enabledOf(text: string | undefined): boolean | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^(?:true|1|yes|on)$/i.test(text)) return true;
  if (/^(?:false|0|no|off)$/i.test(text)) return false;
  throw new InvalidOptions(`OPENCLONE_ENABLED is ${JSON.stringify(text)}: it may be true or false`);
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
