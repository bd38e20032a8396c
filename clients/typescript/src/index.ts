/**
 * The OpenClone SDK for Node. For browsers there is `openclone/web`; the generated messages are in `openclone/proto`.
 *
 * @module
 */

export * from "./core/errors.js";
export { EARLIEST, type Event, MAX_EVENT_BYTES, MAX_RAW_REF } from "./core/event.js";
export type { JsonObject, JsonValue } from "./core/json.js";
export type { Payload, PayloadFields, PlatformName, SourceTypeName } from "./core/names.js";
export type { CommonOptions, Rejected } from "./core/options.js";
export { payload } from "./core/payload.js";
export { Client, type Stats } from "./node/client.js";
export type { ClientOptions, OnFull, TransportName } from "./node/options.js";
