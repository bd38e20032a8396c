//! Shared by the tests of several crates, so that no crate includes the sources of another.

#![allow(clippy::unwrap_used)]

pub mod scoreboard;
