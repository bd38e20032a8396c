//! Writes a day of the realistic corpus as a vault, to be looked at in an editor:
//! `cargo run --release -p openclone-vault --example corpus_vault DIRECTORY [EVENTS]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, dead_code, missing_docs)]

#[path = "../tests/it/markdown/realistic.rs"]
mod realistic;

use std::{path::PathBuf, sync::mpsc};

use openclone_vault::{CheckpointPolicy, Format, Options, Vault, VaultDirs, WalOptions};

fn main() {
    let directory = PathBuf::from(std::env::args().nth(1).unwrap());
    let events = std::env::args().nth(2).map_or(1000, |text| text.parse().unwrap());
    let home = std::env::temp_dir().join(format!("openclone-corpus-{}", std::process::id()));
    let vault = Vault::open(Options {
        db: home.join("db"),
        wal: WalOptions::new(home.join("wal")),
        dirs: VaultDirs {
            default: directory,
            tenants: home.join("tenants"),
        },
        min_free: 0,
        checkpoint: CheckpointPolicy::default(),
        open_files: 64,
    })
    .unwrap();
    let (reply, answers) = mpsc::channel();
    for event in openclone_corpus::events(27, events) {
        let reply = reply.clone();
        vault.append(realistic::batch(&event, Format::default()), move |outcome| {
            _ = reply.send(outcome)
        });
        answers.recv().unwrap().unwrap();
    }
    vault.close().unwrap();
    std::fs::remove_dir_all(home).unwrap();
    println!("{events} events");
}
