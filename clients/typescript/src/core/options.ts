/**
 * The options that every client has, and their rules.
 *
 * @module
 */

import { create, toBinary } from "@bufbuild/protobuf";

import { BatchSchema } from "../gen/openclone/v1/batch_pb.js";
import { InvalidOptions, type OpenCloneError, reasonOf } from "./errors.js";
import type { KeyProvider } from "./key.js";
import { isPlatform, isSourceType, PLATFORMS, SOURCE_TYPES } from "./names.js";
import type { PlatformName, SourceTypeName } from "./names.js";

/** What an event that was set aside comes with. */
export interface Rejected {
  /** The event's `raw_ref`. */
  readonly rawRef: string;
  /** What the service says about it, such as `events[0].timestamp: …`. */
  readonly reasons: readonly string[];
  /** Where it was put: a file in `dead-letter/`; in browsers the key of a record. */
  readonly place: string;
}

/** Options of every client. Times are in seconds. */
export interface CommonOptions<S extends SourceTypeName> {
  /** `http://` or `https://`. */
  readonly endpoint?: string | undefined;
  /** The key, or what gives it for each connection, so that a renewed key needs no restart. Never shown. */
  readonly apiKey?: string | KeyProvider | undefined;
  /** Kebab-case, 1 to 64 characters of `[a-z0-9-]`. */
  readonly pluginId: string;
  /** SemVer 2.0, such as `1.0.0`. */
  readonly pluginVersion: string;
  /** What this client sends. Required, unless there are `sourceTypes`. */
  readonly sourceType?: S | undefined;
  /** Where the plugin runs. */
  readonly platform?: PlatformName | undefined;
  /** Whether events are taken at all. Default: true, but false for source types of sensitivity HIGH and CRITICAL. */
  readonly enabled?: boolean | undefined;
  /** Events in one batch, 1 to 500. Default: 100. */
  readonly maxBatchEvents?: number | undefined;
  /**
   * Seconds from the first event of a batch to its sending. Default: 5 over a stream; 15 over single requests, which are limited:
   * each 429 doubles them, up to 240.
   */
  readonly maxBatchAge?: number | undefined;
  /** The first step of the backoff in seconds. Default: 0.5. */
  readonly retryBase?: number | undefined;
  /** The longest step of the backoff in seconds. Default: 60. */
  readonly retryCap?: number | undefined;
  /** Seconds until events that the service finds ahead of its clock are sent again. Default: 3600. */
  readonly clockRetry?: number | undefined;
  /** Seconds until a batch without a response is given up, and the connection with it. Default: 30. */
  readonly responseTimeout?: number | undefined;
  /** Reported of each failure that lasts, once. Default: one line on the console. */
  readonly onError?: ((error: OpenCloneError) => void) | undefined;
  /** Reported of each event that the service rejected for good. Default: one line on the console. */
  readonly onRejected?: ((rejected: Rejected) => void) | undefined;
  /** Called once when a batch is accepted after a failure that `onError` was told of. Default: one line on the console. */
  readonly onRecovered?: (() => void) | undefined;
  /** Logs each attempt, batch and response to the console, never a key or an event. */
  readonly debug?: boolean | undefined;
}

/** Common options, checked and complete. */
export interface CheckedOptions<S extends SourceTypeName> {
  readonly endpoint: string;
  readonly pluginId: string;
  readonly pluginVersion: string;
  readonly sourceTypes: readonly S[];
  readonly platform: PlatformName;
  readonly maxBatchEvents: number;
  /** Undefined: as the transport needs it. */
  readonly maxBatchAge: number | undefined;
  readonly retryBase: number;
  readonly retryCap: number;
  readonly clockRetry: number;
  readonly responseTimeout: number;
  readonly onError: (error: OpenCloneError) => void;
  readonly onRejected: (rejected: Rejected) => void;
  readonly onRecovered: () => void;
  readonly debug: (text: string) => void;
}

/** Values that the environment gives where the caller has none. */
export interface Surroundings {
  readonly endpoint?: string | undefined;
  readonly platform?: PlatformName | undefined;
  readonly debug?: boolean | undefined;
}

const IDENTIFIER = "(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)";
const SEMVER = new RegExp(
  `^(?:0|[1-9]\\d*)(?:\\.(?:0|[1-9]\\d*)){2}(?:-${IDENTIFIER}(?:\\.${IDENTIFIER})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
const DEVICE_ID = /^(?:test-[a-z0-9-]{1,59}|[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$/;

/** Whether `text` may be a `device_id`. */
export function isDeviceId(text: string): boolean {
  return DEVICE_ID.test(text);
}

/**
 * Checks the common options and fills in the defaults.
 *
 * @throws {@link InvalidOptions}
 */
export function checkOptions<S extends SourceTypeName>(
  options: CommonOptions<S>,
  surroundings: Surroundings,
  sourceTypes: readonly S[] = options.sourceType === undefined ? [] : [options.sourceType],
): CheckedOptions<S> {
  const { pluginId, pluginVersion } = options;
  demand(typeof pluginId === "string" && pluginId.length <= 64 && /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(pluginId),
    `pluginId ${show(pluginId)} is not kebab-case of at most 64 characters of [a-z0-9-]`);
  demand(typeof pluginVersion === "string" && pluginVersion.length <= 256 && SEMVER.test(pluginVersion),
    `pluginVersion ${show(pluginVersion)} is not SemVer such as 1.0.0`);
  const names: readonly S[] = [...new Set(sourceTypes)];
  demand(sourceTypes.length > 0 && sourceTypes.every(isSourceType),
    `sourceType ${show(sourceTypes.join(", "))} is none of the 15`);
  const platform = options.platform ?? surroundings.platform;
  demand(isPlatform(platform), `platform ${show(platform)} is none of ${Object.keys(PLATFORMS).join(", ")}`);
  const { enabled } = options;
  demand(enabled === undefined || typeof enabled === "boolean", `enabled ${show(enabled)} is neither true nor false`);
  const isDebugging = options.debug ?? surroundings.debug ?? false;
  return {
    endpoint: checkedEndpoint(options.endpoint ?? surroundings.endpoint ?? "http://127.0.0.1:8000"),
    pluginId,
    pluginVersion,
    sourceTypes: names,
    platform,
    ...checkedNumbers(options),
    onError: guarded("onError", options.onError ?? logError(pluginId)),
    onRejected: guarded("onRejected", options.onRejected ?? logRejected(pluginId)),
    onRecovered: guarded("onRecovered", options.onRecovered ?? (() => console.warn(`openclone: plugin_id=${pluginId} events are accepted again`))),
    debug: isDebugging ? (text) => console.error(`${new Date().toISOString()} openclone: ${text}`) : () => {},
  };
}

/** A number of an option between `least` and `most`. */
export function checkNumber(name: string, value: unknown, least: number, most: number): number {
  demand(typeof value === "number" && value >= least && value <= most,
    `${name} ${show(value)} is not between ${least} and ${most}`);
  return value;
}

/** One of the words that an option may be. */
export function checkWord<W extends string>(name: string, value: unknown, words: readonly W[]): W {
  demand(words.some((word) => word === value), `${name} ${show(value)} is none of ${words.join(", ")}`);
  return value as W;
}

/** What is common to all events of a client: a batch without events and timestamp, encoded. */
export function encodeHeader(options: CheckedOptions<SourceTypeName>, name: SourceTypeName, deviceId: string): Uint8Array {
  const { pluginId, pluginVersion } = options;
  const sourceType = SOURCE_TYPES[name];
  const platform = PLATFORMS[options.platform];
  return toBinary(BatchSchema, create(BatchSchema, { sourceType, platform, deviceId, pluginId, pluginVersion }));
}

function checkedNumbers(options: CommonOptions<SourceTypeName>) {
  const maxBatchEvents = checkNumber("maxBatchEvents", options.maxBatchEvents ?? 100, 1, 500);
  demand(Number.isInteger(maxBatchEvents), `maxBatchEvents ${maxBatchEvents} is not a whole number`);
  const retryBase = checkNumber("retryBase", options.retryBase ?? 0.5, 0.001, 3600);
  return {
    maxBatchEvents,
    maxBatchAge: options.maxBatchAge === undefined ? undefined : checkNumber("maxBatchAge", options.maxBatchAge, 0, 86_400),
    retryBase,
    responseTimeout: checkNumber("responseTimeout", options.responseTimeout ?? 30, 0.001, 3600),
    clockRetry: checkNumber("clockRetry", options.clockRetry ?? 3600, 0.001, 86_400),
    retryCap: checkNumber("retryCap", options.retryCap ?? Math.max(60, retryBase), retryBase, 86_400),
  };
}

function checkedEndpoint(endpoint: unknown): string {
  const url = typeof endpoint === "string" && URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  demand(url !== undefined && /^https?:$/.test(url.protocol), "endpoint is not an http:// or https:// address");
  demand(url.username === "" && url.password === "", "endpoint has a user or password in it: the key goes into apiKey");
  demand(url.search === "" && url.hash === "", "endpoint has a query or fragment: give scheme, host, port and perhaps a path");
  return url.href.replace(/\/+$/, "");
}

/** Sending goes on whatever the caller's code does. */
function guarded<T = void>(name: string, handler: (argument: T) => void): (argument: T) => void {
  demand(typeof handler === "function", `${name} is not a function`);
  return (argument) => {
    try {
      handler(argument);
    } catch (error) {
      console.warn(`openclone: ${name} has thrown: ${reasonOf(error)}`);
    }
  };
}

function logError(pluginId: string): (error: OpenCloneError) => void {
  return (error) => console.warn(`openclone: plugin_id=${pluginId} error=${error.name}: ${error.message}`);
}

function logRejected(pluginId: string): (rejected: Rejected) => void {
  return ({ rawRef, reasons, place }) =>
    console.warn(`openclone: event rejected plugin_id=${pluginId} raw_ref=${rawRef} place=${place}: ${reasons.join("; ")}`);
}

function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new InvalidOptions(otherwise);
}

function show(value: unknown): string {
  return value === undefined ? "(missing)" : JSON.stringify(String(value).slice(0, 100));
}
