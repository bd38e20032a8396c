//! The writer on a real disk with RocksDB: killed at single system calls and under load, after power losses, and with
//! flipped bits in the database.
//!
//! The process that is killed is this test binary itself, started again (see [`child_process`]), so that it can also run
//! writers on deliberately faulty stores. `OPENCLONE_SCOREBOARD` takes the results (see `openclone_test_support::scoreboard`).

mod bit_flips;
mod child_process;
mod crash_points;
mod damage;
mod eio;
mod events;
mod fuzz;
mod home;
mod kill;
mod power;
mod remount;
mod watched;

use openclone_test_support::scoreboard;
