//! The documented JSON endpoint in front of the gRPC service.
