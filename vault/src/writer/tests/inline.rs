//! The fuzz target of a damaged daily file, where there is no nightly compiler; the same with the writer's thread is in
//! `vault/tests/it/reliability/fuzz.rs`.

use crate::{
    testing::{daily_file, inputs},
    writer::inline::InlineWriter,
};
use openclone_test_support::scoreboard::env_number;

const INPUTS: u64 = 1_000;

#[test]
fn any_daily_file_is_completed_without_a_thread_too() {
    for seed in 0..env_number("OPENCLONE_INPUTS").unwrap_or(INPUTS) {
        daily_file::run::<InlineWriter>(&inputs::input(seed));
    }
}
