//! Tests of the cluster in virtual time.
//!
//! `OPENCLONE_SEEDS` sets the number of seeds of each simulation, `OPENCLONE_FIRST_SEED` the first one.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod bucket;
mod nodes;
mod partition;
mod sim;
