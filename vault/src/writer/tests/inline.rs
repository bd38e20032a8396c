//! The fuzz target of a damaged daily file, where there is no nightly compiler; the same with the writer's thread is in
//! `vault/tests/reliability/fuzz.rs`.

use super::{daily_file, inputs, scoreboard::env_number};
use crate::writer::inline::InlineWriter;

const INPUTS: u64 = 1_000;

#[test]
fn any_daily_file_is_completed_without_a_thread_too() {
    for seed in 0..env_number("OPENCLONE_INPUTS").unwrap_or(INPUTS) {
        daily_file::run::<InlineWriter>(&inputs::input(seed));
    }
}
