//! The simulated machine keeps what it promises, and breaks what it does not.
#![allow(clippy::unwrap_used)]

mod faults;
mod power;

use std::path::Path;

use super::SimDisk;
use crate::{
    entry::DailyFile,
    fs::{VaultFs, VaultRoot},
};

const FILE: DailyFile = DailyFile {
    folder: "Audio",
    date: jiff::civil::date(2026, 2, 26),
};
const PATH: &str = "/vault/Audio/2026-02-26.md";

fn open(disk: &SimDisk) -> Box<dyn VaultRoot> {
    disk.process().create_root(Path::new("/vault")).unwrap()
}
