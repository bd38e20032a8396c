//! Row 8: the fuzz targets of the vault with random inputs, where there is no nightly compiler. `cargo fuzz` looks deeper.

#[path = "../../../fuzz/cases/daily_file.rs"]
mod daily_file;
#[path = "../../../fuzz/cases/inputs.rs"]
mod inputs;
#[path = "../../../fuzz/cases/journal_record.rs"]
mod journal_record;
#[path = "../../../fuzz/cases/splice.rs"]
#[allow(unreachable_pub)]
mod splice;

use std::{
    panic::catch_unwind,
    sync::{Arc, mpsc},
    time::Instant,
};

use openclone_vault::{Options, PreparedBatch, Receipt, Vault, fs::sim::SimDisk, store::sim::SimStore};

use crate::scoreboard::{Against, Row, env_number};

/// Inputs of the short form.
const INPUTS: u64 = 20_000;

/// As the service has it, with its thread.
impl daily_file::Taking for Vault {
    fn open(options: Options, disk: &SimDisk) -> Self {
        let process = disk.process();
        let store = SimStore::open(&process).unwrap();
        Self::open_on(options, Arc::new(process), Arc::new(store), disk.boot_id()).unwrap()
    }

    fn send(&mut self, batch: PreparedBatch) -> Receipt {
        let (reply, answer) = mpsc::channel();
        self.append(batch, move |told| reply.send(told).unwrap());
        answer.recv().unwrap().unwrap()
    }

    fn close(self) {
        Self::close(&self).unwrap();
    }

    fn fall(self) {
        // It fails, since the process has ended; but its thread ends too.
        assert!(Self::close(&self).is_err());
    }
}

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
        command: format!(
            "OPENCLONE_INPUTS={all} cargo test --release -p openclone-vault --test reliability {test}"
        ),
        began,
    };
    row.settle();
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
