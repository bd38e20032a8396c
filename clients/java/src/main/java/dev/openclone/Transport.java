package dev.openclone;

/** How batches travel. */
public enum Transport {
  /** A gRPC stream; the JSON endpoint for a while when streams get no response. */
  AUTO,
  /** A gRPC stream, always. */
  GRPC,
  /** The JSON endpoint, always. */
  JSON
}
