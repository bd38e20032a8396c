/**
 * The OpenClone SDK for browsers: the same as for Node, over gRPC-Web or JSON. The queue is in memory and in IndexedDB.
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
export { Client, type WebOptions, type WebStats } from "./web/client.js";
