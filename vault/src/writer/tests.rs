//! The writer on a simulated disk: crashes, power losses, failing syncs, full disks, and users' hands.

mod bench;
pub(super) use bench::options;
mod crowd;
mod edited;
mod eio;
mod faults;
mod filling;
mod handles;
mod inline;
mod log_disk;
mod replay;
mod simulation;
mod users;
