/**
 * The generated messages and services, for what the clients do not offer.
 *
 * @module
 */

export * from "./gen/openclone/v1/access_service_pb.js";
export * from "./gen/openclone/v1/batch_pb.js";
export * from "./gen/openclone/v1/ingest_service_pb.js";
export * from "./gen/openclone/v1/registry_service_pb.js";
