/**
 * The OpenClone SDK for Node. For browsers there is `openclone-client/web`; the generated messages are in `openclone-client/proto`.
 *
 * @module
 */

export * from "./core/errors.js";
export type { Event } from "./core/event.js";
export { EARLIEST_SECONDS, MAX_EVENT_JSON_BYTES, MAX_RAW_REF_BYTES } from "./core/rules.js";
export type { JsonObject, JsonValue } from "./core/json.js";
export type { Payload, PayloadFields, PlatformName, SourceTypeName } from "./core/names.js";
export type { CommonOptions, Rejected } from "./core/options.js";
export { payload } from "./core/payload.js";
export type { KeyProvider } from "./core/key.js";
export { VERSION } from "./core/version.js";
export { MemoryTransport, type StoredEvent } from "./core/memory.js";
export { Client, type Stats } from "./node/client.js";
export type { HealthStateName } from "./node/health.js";
export { type Config, type Manifest, readConfig, readManifest, type SensitivityName, type Setting } from "./node/manifest.js";
export type { ClientOptions, OnFull, TransportName } from "./node/options.js";
