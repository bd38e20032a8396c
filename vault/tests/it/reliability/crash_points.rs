//! Row 1 on a real process: two scripted runs of ten batches each, killed at each single system call that changes the disk.
//!
//! `strace` kills the process when it enters its n-th call of one name, for each name and n. It counts for each thread,
//! so the thread that makes most calls of a name decides; the simulated disk counts all of them together.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::process::ExitStatusExt as _,
    process::{Command, Stdio},
    time::Instant,
};

use super::{
    child_process,
    home::Home,
    scoreboard::{Against, Row, env_number},
};

/// What changes a disk.
const CALLS: &str = "write,pwrite64,writev,pwritev,fsync,fdatasync,sync_file_range,rename,renameat,renameat2,unlink,\
                     unlinkat,link,linkat,mkdir,mkdirat,ftruncate,fallocate";
/// Points that the short form tries.
const SHORT: usize = 12;
/// A wrong writer need not be caught more often, in the long form and in the short.
const ENOUGH: [u64; 2] = [3, 1];

/// How often each call is made, in the thread that makes it most.
fn calls() -> Vec<(String, u64)> {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path(), Against::Ours);
    let log = dir.path().join("calls");
    let status = child_process::command(
        &home,
        None,
        &strace(&[format!("-etrace={CALLS}")], log.to_str().unwrap()),
    )
    .status();
    assert!(status.unwrap().success(), "the scripted run fails under strace");
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for line in fs::read_to_string(&log).unwrap().lines() {
        let (thread, rest) = line.split_once(' ').unwrap();
        let Some((name, _)) = rest.trim_start().split_once('(') else {
            continue;
        };
        if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            *counts.entry((name.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, u64> = BTreeMap::new();
    for ((name, _), count) in counts {
        let known = most.entry(name).or_default();
        *known = count.max(*known);
    }
    most.into_iter().collect()
}

/// The words that let strace start a command, and note its calls in `log`.
pub(crate) fn strace(filters: &[String], log: &str) -> Vec<String> {
    let mut words: Vec<String> = ["strace", "-f", "-qq", "-o", log].map(str::to_owned).into();
    words.extend_from_slice(filters);
    words
}

/// Whether strace is there; the long form demands it.
pub(crate) fn has_strace() -> bool {
    let mut version = Command::new("strace");
    let found = version.arg("-V").stdout(Stdio::null()).status().is_ok();
    assert!(
        found || env_number("OPENCLONE_LONG").is_none(),
        "the long form needs strace"
    );
    if !found {
        println!("skipped: strace is not installed");
    }
    found
}

/// Kills at one point; `None` if the run did not come to it.
fn trial((name, nth): &(String, u64), against: Against) -> Option<Result<(), String>> {
    let dir = tempfile::tempdir().unwrap();
    let mut home = Home::new(dir.path(), against);
    let inject = [
        format!("-etrace={name}"),
        format!("-einject={name}:signal=KILL:when={nth}"),
    ];
    let status = child_process::command(&home, None, &strace(&inject, "/dev/null"))
        .status()
        .unwrap();
    if status.signal() != Some(9) {
        assert!(status.success(), "{status}");
        return None;
    }
    child_process::read_notes(&mut home);
    Some(home.judge())
}

#[test]
fn a_kill_at_each_system_call_loses_and_doubles_nothing() {
    if !has_strace() {
        return;
    }
    let all: Vec<(String, u64)> = calls()
        .into_iter()
        .flat_map(|(name, count)| (1..=count).map(move |nth| (name.clone(), nth)))
        .collect();
    let long = env_number("OPENCLONE_LONG").is_some();
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let began = Instant::now();
        let (mut trials, mut violations) = (0, 0);
        let step = if long { 1 } else { all.len().div_ceil(SHORT) };
        // A wrong writer is tried where it syncs and writes, until it is caught often enough.
        let telling = |name: &str| against == Against::Ours || ["fdatasync", "write"].contains(&name);
        let points = all.iter().filter(|(name, _)| telling(name));
        for point in points.step_by(if against == Against::Ours { step } else { 1 }) {
            let Some(outcome) = trial(point, against) else {
                continue;
            };
            trials += 1;
            if let Err(violation) = outcome {
                violations += 1;
                eprintln!("{against:?} at {point:?}: {violation}");
            }
            if against != Against::Ours && violations == ENOUGH[usize::from(!long)] {
                break;
            }
        }
        let row = Row {
            issue: 1,
            title: "every crash point, real process and disk",
            tried: "twenty batches in two runs through the writer, RocksDB and real files; killed by strace at the n-th write, sync, \
                    rename, link, unlink, mkdir or truncate, for each n; then a restart and everything again",
            against,
            trials,
            violations,
            seeds: String::new(),
            command: "OPENCLONE_LONG=1 cargo test --release -p openclone-vault --test it crash_points::"
                .into(),
            began,
        };
        row.record();
    }
}
