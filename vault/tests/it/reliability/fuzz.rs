//! Row 8: the fuzz targets of the vault with random inputs, where there is no nightly compiler. `cargo fuzz` looks deeper.

use std::{panic::catch_unwind, time::Instant};

use openclone_vault::{
    Vault,
    testing::{daily_file, inputs, journal_record},
};

use openclone_test_support::scoreboard::{Against, Row, env_number};

/// Inputs of the short form.
const INPUTS: u64 = 20_000;

/// `share`: one in so many, for a case that takes long.
fn feed(title: &'static str, tried: &'static str, test: &str, share: u64, run: fn(&[u8])) {
    let began = Instant::now();
    let all = env_number("OPENCLONE_INPUTS").unwrap_or(INPUTS);
    let broken = |seed: &u64| {
        let broken = catch_unwind(|| run(&inputs::input(*seed))).is_err();
        if broken {
            eprintln!("input {seed}");
        }
        broken
    };
    let violations = (0..all / share).filter(broken).count() as u64;
    let row = Row {
        issue: 8,
        title,
        tried,
        against: Against::Ours,
        trials: all / share,
        violations,
        seeds: format!("0..{}", all / share),
        command: format!("OPENCLONE_INPUTS={all} cargo test --release -p openclone-vault --test it {test}"),
        began,
    };
    row.record();
}

#[test]
fn any_record_of_the_journal_is_refused_or_means_what_it_says() {
    feed(
        "random records of the journal",
        "records near a valid one, and any bytes: refused, or written as the same again; no panic",
        "any_record",
        1,
        journal_record::run,
    );
}

#[test]
fn any_daily_file_is_completed_without_altering_a_byte() {
    feed(
        "random damage of a daily file",
        "a file with anything in it when a group is replayed after a loss of power: no byte but zeros is altered, the \
         start succeeds, what was acknowledged is skipped",
        "any_daily_file",
        100,
        daily_file::run::<Vault>,
    );
}
