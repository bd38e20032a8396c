//! State that every request depends on: the lifecycle of the service and the clock.

pub mod clock;
pub(crate) mod convert;
pub mod lifecycle;
pub(crate) mod offload;
pub(crate) mod sink;
