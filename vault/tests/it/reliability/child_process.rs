//! The process that is killed: this test program again, which keeps one vault and notes each answer in a file.
//!
//! It writes `<batch>\n` into `acknowledged` when the answer comes, and sends what it has noted in `sent` before; both
//! are in the page cache and survive its end.

use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
};

use super::{events, home::Home, scoreboard::Against};

const HOME: &str = "CHILD_HOME";
const WRITER: &str = "CHILD_WRITER";
const FIRST: &str = "CHILD_FIRST";
/// Batches of the scripted run.
pub(crate) const SCRIPT: u32 = 20;
/// A checkpoint comes at so many ids, so that several come in a run.
const CHECKPOINT_IDS: usize = 24;
/// Under load it ends by itself after so many batches.
const MOST: u32 = 20_000;
const IN_FLIGHT: usize = 8;

/// What to start; `wrapper` is a command that starts it, or nothing.
pub(crate) fn command(home: &Home, first: Option<u32>, wrapper: &[String]) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = match wrapper.split_first() {
        Some((head, rest)) => {
            let mut command = Command::new(head);
            command.args(rest).arg(program);
            command
        }
        None => Command::new(program),
    };
    command
        .args([
            "reliability::child_process::child_process",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(HOME, &home.path)
        .env(WRITER, format!("{:?}", home.against))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(first) = first {
        command.env(FIRST, first.to_string());
    }
    command
}

/// Takes over what an ended process has noted.
pub(crate) fn read_notes(home: &mut Home) {
    home.sent.extend(numbers(&home.path.join("sent")));
    home.acknowledged.extend(numbers(&home.path.join("acknowledged")));
}

/// Whole lines only: the process may have ended within one.
fn numbers(path: &Path) -> BTreeSet<u32> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'));
    whole.map(|line| line.parse().unwrap()).collect()
}

#[test]
fn child_process() {
    let Some(path) = std::env::var_os(HOME) else {
        return;
    };
    let against = match std::env::var(WRITER).unwrap().as_str() {
        "IdFirst" => Against::IdFirst,
        "BytesFirst" => Against::BytesFirst,
        _ => Against::Ours,
    };
    let home = Home::new(Path::new(&path), against);
    match std::env::var(FIRST) {
        Ok(first) => keep(&home, first.parse().unwrap(), MOST, IN_FLIGHT),
        // The second run begins with what the first has left at its end in order.
        Err(_) => [0, SCRIPT / 2]
            .into_iter()
            .for_each(|first| keep(&home, first, SCRIPT / 2, 1)),
    }
}

/// Sends batches, so many at once, and closes.
fn keep(home: &Home, first: u32, count: u32, in_flight: usize) {
    let vault = home.open(CHECKPOINT_IDS).unwrap();
    let (mut sent, acknowledged) = (notes(home, "sent"), notes(home, "acknowledged"));
    let (reply, answers) = mpsc::channel();
    for number in first..first + count {
        if (number - first) as usize >= in_flight {
            answers.recv().unwrap();
        }
        sent.write_all(format!("{number}\n").as_bytes()).unwrap();
        let (reply, mut acknowledged) = (reply.clone(), acknowledged.try_clone().unwrap());
        vault.append(events::batch(number), move |told| {
            if told.is_ok() {
                acknowledged.write_all(format!("{number}\n").as_bytes()).unwrap();
            }
            reply.send(()).unwrap();
        });
    }
    for _ in 0..in_flight {
        answers.recv().unwrap();
    }
    vault.close().unwrap();
}

fn notes(home: &Home, name: &str) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(home.path.join(name))
        .unwrap()
}
