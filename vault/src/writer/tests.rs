//! The writer on a simulated disk: crashes, power losses, failing syncs, full disks, and users' hands.

mod bench;
mod eio;
mod faults;
mod handles;
#[path = "../../../tests/common/scoreboard.rs"]
mod scoreboard;
mod simulation;
mod users;
#[path = "../../tests/wrong/store.rs"]
mod wrong;

/// The name under which `wrong` knows the library, which other tests of it see from outside.
use crate as vault;
