//! Row 4 on a real process and file system: each sync of a scripted run in turn answers `EIO`, by strace.
//!
//! After a failed sync a disk may have what it was given, or not; each site is tried both ways. What it has lost is what
//! was written to that file since its last sync that succeeded: zeros stand there, as on a file system that keeps lengths apart from
//! bytes. For other files of the database, and for directories, only
//! the error is told. Then a start, everything again, and each event stands there once.
//!
//! A process that lives on may write anew what the log should have had. So at a segment a third way is tried: the process ends
//! with the call.
//!
//! A file that has no name yet cannot be told to strace; the simulated disk lets those fail too.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    os::unix::{fs::FileExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    time::Instant,
};

use super::{
    child_process,
    crash_points::{has_strace, strace},
    home::Home,
    scoreboard::{Against, Row, env_number},
};

/// Sites that the short form tries.
const SHORT: usize = 6;
/// A wrong writer need not be caught more often, in the long form and in the short.
const ENOUGH: [u64; 2] = [3, 1];

/// The `nth` call of a name on a path, in the thread that makes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Site {
    call: String,
    /// Below the home, or as it is.
    path: PathBuf,
    nth: u64,
}

/// What the disk has of what should have been synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Everything,
    Nothing,
    /// And the process has ended.
    NothingAtAll,
}

impl Site {
    fn is_log(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "wal")
    }

    fn is_daily_file(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "md")
    }

    /// The ways in which it is tried.
    fn ways(&self) -> &'static [Left] {
        if self.is_log() {
            &[Left::Everything, Left::Nothing, Left::NothingAtAll]
        } else {
            &[Left::Everything, Left::Nothing]
        }
    }
}

/// A call as strace tells it when it begins: thread, name, path.
fn begun(line: &str) -> Option<(&str, &str, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (name, rest) = rest.trim_start().split_once('(')?;
    let (_, rest) = rest.split_once('<')?;
    let (path, after) = rest.split_once('>')?;
    let has_name = !name.starts_with('<') && !after.starts_with("(deleted)");
    has_name.then_some((thread, name, path))
}

/// All sites of a run in which nothing fails, but for files with names of chance.
fn sites(against: Against) -> Vec<Site> {
    let dir = tempfile::tempdir().unwrap();
    let home = Home::new(dir.path(), against);
    let log = dir.path().join("calls");
    let filters = ["-y".to_owned(), "-etrace=fsync,fdatasync".to_owned()];
    let status = child_process::command(&home, None, &strace(&filters, log.to_str().unwrap())).status();
    assert!(status.unwrap().success(), "the scripted run fails under strace");
    let mut counts: BTreeMap<(String, String, PathBuf), u64> = BTreeMap::new();
    let mut sites = BTreeSet::new();
    for (thread, call, path) in fs::read_to_string(&log).unwrap().lines().filter_map(begun) {
        let path = Path::new(path)
            .strip_prefix(dir.path())
            .unwrap_or(Path::new(path));
        if path.to_str().unwrap().contains(".tmp") {
            continue;
        }
        let nth = counts
            .entry((thread.to_owned(), call.to_owned(), path.to_owned()))
            .or_default();
        *nth += 1;
        sites.insert(Site {
            call: call.to_owned(),
            path: path.to_owned(),
            nth: *nth,
        });
    }
    sites.into_iter().collect()
}

/// What a trace says of one file.
enum Call {
    /// Where, if the call says so, else at the end; and how many bytes.
    Write(Option<u64>, u64),
    /// Whether it succeeded.
    Sync(bool),
}

/// The calls of a trace, in order.
fn calls(trace: &str) -> Vec<Call> {
    let parse = |line: &str| {
        let failed = line.contains("(INJECTED)") || line.contains("killed by SIGKILL");
        if failed {
            return Some(Call::Sync(false));
        }
        let (call, result) = line.rsplit_once(" = ")?;
        if call.contains("sync") {
            return (result == "0").then_some(Call::Sync(true));
        }
        let offset = call.trim_end().strip_suffix(')')?.rsplit_once(", ")?.1;
        let offset = offset.parse().ok().filter(|_| call.contains("pwrite64"));
        Some(Call::Write(offset, result.parse().ok()?))
    };
    trace.lines().filter_map(parse).collect()
}

/// Takes from a file what the disk has lost.
fn lose(path: &Path, calls: &[Call]) {
    let Ok(file) = OpenOptions::new().write(true).open(path) else {
        // The database has put another in its place.
        return;
    };
    let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
    let in_place =
        path.extension().is_some_and(|extension| extension == "wal") || path.ends_with("wal/checkpoint");
    if in_place {
        for at in lost_bytes(calls, length) {
            file.write_all_at(&[0], at as u64).unwrap();
        }
        return;
    }
    let kept = length - usize::try_from(unsynced(calls)).unwrap().min(length);
    if path.extension().is_some_and(|extension| extension == "md") {
        file.write_all_at(&vec![0; length - kept], kept as u64).unwrap();
    } else if path.ends_with("wal/notes") {
        file.set_len(kept as u64).unwrap();
    }
}

/// Bytes written since the last good sync before the first that failed, and after it.
fn unsynced(calls: &[Call]) -> u64 {
    let (mut bytes, mut failed) = (0, false);
    for call in calls {
        match call {
            Call::Write(_, count) => bytes += count,
            Call::Sync(true) if !failed => bytes = 0,
            Call::Sync(good) => failed |= !good,
        }
    }
    bytes
}

/// Where a file that is written in place has zeros: what was never synced since it was written. What is written again as it
/// was before, and then lost, stays as it was.
fn lost_bytes(calls: &[Call], length: usize) -> Vec<usize> {
    let (mut durable, mut lost, mut pending) = (vec![false; length], vec![false; length], Vec::new());
    for call in calls.iter().chain([&Call::Sync(false)]) {
        match call {
            Call::Write(offset, count) => {
                let from = usize::try_from(offset.unwrap()).unwrap();
                pending.extend(from..from + usize::try_from(*count).unwrap());
            }
            Call::Sync(good) => {
                for at in std::mem::take(&mut pending) {
                    durable[at] |= good;
                    lost[at] = !durable[at];
                }
            }
        }
    }
    (0..length).filter(|at| lost[*at]).collect()
}

/// One failing sync; `None` if the run did not come to it.
fn trial(site: &Site, left: Left, against: Against) -> Option<Result<(), String>> {
    let dir = tempfile::tempdir().unwrap();
    let mut home = Home::new(dir.path(), against);
    let log = dir.path().join("calls");
    // Without a slash at its end, if it is the home itself.
    let path: PathBuf = dir.path().join(&site.path).components().collect();
    let (call, nth) = (&site.call, site.nth);
    let end = if left == Left::NothingAtAll {
        ":signal=SIGKILL"
    } else {
        ""
    };
    let filters = [
        "-P".to_owned(),
        path.to_str().unwrap().to_owned(),
        "-etrace=fsync,fdatasync,write,pwrite64".to_owned(),
        format!("-einject={call}:error=EIO{end}:when={nth}"),
    ];
    let status = child_process::command(&home, None, &strace(&filters, log.to_str().unwrap()))
        .status()
        .unwrap();
    let killed = (status.signal() == Some(9)).then_some(Left::NothingAtAll);
    assert!(
        status.signal().is_none() || killed == Some(left),
        "it must go on, or end by itself"
    );
    child_process::read_notes(&mut home);
    let calls = calls(&fs::read_to_string(&log).unwrap());
    if !calls.iter().any(|call| matches!(call, Call::Sync(false))) {
        return None;
    }
    if left != Left::Everything {
        lose(&path, &calls);
    }
    Some(home.judge())
}

#[test]
fn eio_at_each_sync_of_a_real_process_loses_and_doubles_nothing() {
    if !has_strace() {
        return;
    }
    let long = env_number("OPENCLONE_LONG").is_some();
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let began = Instant::now();
        let sites = sites(against);
        for place in ["db/", "wal/", "vault/", "vault"] {
            let has = |site: &Site| site.path.to_str().unwrap().starts_with(place);
            assert!(sites.iter().any(has), "no sync in {place}: {sites:?}");
        }
        let step = if long || against != Against::Ours {
            1
        } else {
            sites.len().div_ceil(SHORT)
        };
        // A wrong writer, which has no log, is tried where it syncs daily files, until it is caught often enough.
        let telling = |site: &&Site| against == Against::Ours || site.is_daily_file();
        let (mut trials, mut violations) = (0, 0);
        let all = sites.iter().filter(telling).step_by(step);
        let all = all.flat_map(|site| site.ways().iter().map(move |left| (site, *left)));
        for (site, left) in all {
            let Some(outcome) = trial(site, left, against) else {
                eprintln!("{against:?}, {site:?}, {left:?} left: not reached");
                continue;
            };
            trials += 1;
            if let Err(violation) = outcome {
                violations += 1;
                eprintln!("{against:?}, {site:?}, {left:?} left: {violation}");
            }
            if against != Against::Ours && violations == ENOUGH[usize::from(!long)] {
                break;
            }
        }
        let row = Row {
            issue: 4,
            title: "EIO at each sync, real process and disk",
            tried: "twenty batches through the writer, RocksDB and real files; strace lets the n-th sync of each file and \
                    directory fail, and the disk has what was to be synced, or it has lost it (at a log also with the \
                    end of the process); then a restart and everything again",
            against,
            trials,
            violations,
            seeds: String::new(),
            command: "OPENCLONE_LONG=1 cargo test --release -p openclone-vault --test it eio::".into(),
            began,
        };
        row.record();
    }
}
