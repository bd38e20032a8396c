//! The gateway in front of a service that only exists here, in the same process and over a socket.
#![allow(clippy::unwrap_used, missing_docs)]

mod bodies;
mod corpus;
mod flow;
mod pages;
mod service;
