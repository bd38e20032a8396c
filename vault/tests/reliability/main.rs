//! The writer on a real disk with RocksDB: killed at single system calls and under load, after power losses, and with
//! flipped bits in the database.
//!
//! The process that is killed is this test itself, started again (see [`keeper`]), so that it can also run the writers
//! that are wrong on purpose. `OPENCLONE_SCOREBOARD` takes the results (see `tests/common/scoreboard.rs`).

// A failure is told with what reproduces it, and what is left out is told at all.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, missing_docs)]

mod damage;
mod eio;
mod events;
mod flips;
mod fuzz;
mod home;
mod keeper;
mod kill;
mod points;
mod power;
#[path = "../../../tests/common/scoreboard.rs"]
mod scoreboard;
mod watched;
#[path = "../wrong/store.rs"]
mod wrong;

/// The name under which `wrong` knows the library.
use openclone_vault as vault;
