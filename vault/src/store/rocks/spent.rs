//! Logs that RocksDB removes, given back to the disk in pieces.
//!
//! To give back the blocks of a removed log takes tens of milliseconds (64 MiB on a file system that tells the disk of
//! free blocks), and each sync that begins meanwhile waits. So the log is held open over its removal: its name goes at
//! once, its blocks stay, and a thread gives them back a piece at a time, with pauses in which syncs pass.
//!
//! Only a file without a name is cut: it must have had one when it was taken, and have none since. Nobody can open it
//! then, and after an end of the process the system gives back what is left. Another process that was reading it, to see
//! whether the database is whole, finds it at its end. What cannot be held is removed as ever.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::MetadataExt as _,
    path::Path,
    thread,
    time::Duration,
};

/// What one cut gives back: some hundreds of microseconds.
const PIECE: u64 = 1 << 20;
/// Between two cuts; together some 300 MiB a second, more than comes in.
const PAUSE: Duration = Duration::from_millis(2);
/// RocksDB removes a log a moment after the flush that made it needless.
const MOMENTS: usize = 40;
const MOMENT: Duration = Duration::from_millis(25);

/// The logs of a database, held open.
pub(super) struct Logs(Vec<File>);

impl Logs {
    /// Takes those that are there now and large enough to matter.
    pub(super) fn hold(db: &Path) -> Self {
        let Ok(entries) = fs::read_dir(db) else {
            return Self(vec![]);
        };
        let paths = entries.flatten().map(|entry| entry.path());
        let logs = paths.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
        Self(logs.filter_map(|path| hold(&path).ok().flatten()).collect())
    }

    /// Gives back those that are removed soon; returns at once.
    pub(super) fn give_back(self) {
        if self.0.is_empty() {
            return;
        }
        let work = move || self.0.iter().for_each(give_back);
        // Without a thread they are given back whole, here and now.
        let _ = thread::Builder::new().name("vault-logs".into()).spawn(work);
    }
}

fn hold(log: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new().write(true).open(log)?;
    let metadata = file.metadata()?;
    Ok((metadata.nlink() == 1 && metadata.len() > PIECE).then_some(file))
}

/// One log; a failure leaves the rest to the system, as soon as the file is closed.
fn give_back(log: &File) {
    let _ = is_removed_soon(log).and_then(|removed| if removed { cut_in_pieces(log) } else { Ok(()) });
}

fn is_removed_soon(log: &File) -> io::Result<bool> {
    for _ in 0..MOMENTS {
        if log.metadata()?.nlink() == 0 {
            return Ok(true);
        }
        thread::sleep(MOMENT);
    }
    Ok(false)
}

fn cut_in_pieces(log: &File) -> io::Result<()> {
    let mut length = log.metadata()?.len();
    while length > 0 {
        length = length.saturating_sub(PIECE);
        log.set_len(length)?;
        thread::sleep(PAUSE);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn log(home: &Path, length: u64) -> std::path::PathBuf {
        let path = home.join("000004.log");
        File::create(&path).unwrap().set_len(length).unwrap();
        path
    }

    #[test]
    fn a_log_that_keeps_its_name_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = log(home.path(), 3 * PIECE);
        let logs = Logs::hold(home.path());
        logs.0.iter().for_each(give_back);
        assert_eq!(logs.0.len(), 1);
        assert_eq!(fs::metadata(path).unwrap().len(), 3 * PIECE);
    }

    #[test]
    fn a_removed_log_gives_all_back() {
        let home = tempfile::tempdir().unwrap();
        let path = log(home.path(), 3 * PIECE + 1);
        let logs = Logs::hold(home.path());
        fs::remove_file(path).unwrap();
        logs.0.iter().for_each(give_back);
        assert_eq!(logs.0[0].metadata().unwrap().len(), 0);
    }

    #[test]
    fn one_with_a_second_name_is_never_taken() {
        let home = tempfile::tempdir().unwrap();
        let path = log(home.path(), 3 * PIECE);
        fs::hard_link(&path, home.path().join("kept")).unwrap();
        assert!(Logs::hold(home.path()).0.is_empty());
    }
}
