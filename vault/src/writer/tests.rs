//! The writer on a simulated disk: crashes, power losses, failing syncs, full disks, and users' hands.

mod bench;
pub(super) use bench::options;
mod crowd;
#[path = "../../../fuzz/cases/daily_file.rs"]
#[allow(clippy::cast_possible_truncation)]
mod daily_file;
#[path = "../../../fuzz/cases/daily_file_still.rs"]
mod daily_file_still;
mod eio;
mod faults;
mod filling;
mod handles;
mod inline;
#[path = "../../../fuzz/cases/inputs.rs"]
mod inputs;
mod kept;
mod replay;
#[path = "../../../tests/common/scoreboard.rs"]
mod scoreboard;
mod simulation;
#[path = "../../../fuzz/cases/splice.rs"]
#[allow(unreachable_pub)]
mod splice;
mod users;
#[path = "../../tests/wrong/store.rs"]
mod wrong;

/// The name under which `wrong` knows the library, which other tests of it see from outside.
use crate as vault;
