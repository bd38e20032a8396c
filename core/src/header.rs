//! Names of HTTP headers, which are the keys of gRPC metadata too.

/// The API key of the caller.
pub const API_KEY: &str = "x-api-key";
/// The id of the request in logs.
pub const REQUEST_ID: &str = "x-request-id";
/// The address of the peer. The socket layer removes what a client sent and sets its own.
pub const PEER: &str = "x-openclone-peer";
/// Requests that the key may make in one burst.
pub const RATE_LIMIT: &str = "x-ratelimit-limit";
/// Requests that are left of the burst.
pub const RATE_LIMIT_REMAINING: &str = "x-ratelimit-remaining";
/// When the whole burst is available again, in Unix seconds.
pub const RATE_LIMIT_RESET: &str = "x-ratelimit-reset";
