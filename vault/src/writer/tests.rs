//! The writer on a simulated disk: crashes, power losses, failing syncs, full disks, and users' hands.

mod bench;
mod faults;
mod simulation;
mod users;
