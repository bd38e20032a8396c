//! Observability: metrics, health checks, the admin routes, logs, traces and request ids.

pub(crate) mod admin_api;
pub mod health;
pub(crate) mod log_limiter;
pub mod metrics;
pub(crate) mod operations;
pub(crate) mod request_id;
pub mod telemetry;
pub(crate) mod tenants;
