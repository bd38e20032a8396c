//! The sorted files of a database, seen from outside: how much they take, and when RocksDB has merged some of them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::{task::JoinHandle, time::sleep};

const LOOK: Duration = Duration::from_millis(50);

/// Looks at a database until it is dropped.
pub(super) struct Watch {
    merges: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

/// Begins to look at the files of `db`.
pub(super) fn watch(db: PathBuf) -> Watch {
    let merges = Arc::new(AtomicU32::new(0));
    let seen = Arc::clone(&merges);
    let task = tokio::spawn(async move {
        let mut before = files(&db).len();
        loop {
            sleep(LOOK).await;
            let now = files(&db).len();
            // Nothing else makes them fewer.
            if now < before {
                seen.fetch_add(1, Ordering::Relaxed);
            }
            before = now;
        }
    });
    Watch { merges, task }
}

impl Watch {
    /// How many merges have ended; two that ended between two looks count as one.
    pub(super) fn merges(&self) -> u32 {
        self.merges.load(Ordering::Relaxed)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Bytes of all sorted files.
pub(super) fn bytes(db: &Path) -> anyhow::Result<u64> {
    let lengths = files(db).into_iter().map(|file| Ok(fs::metadata(file)?.len()));
    lengths.sum()
}

fn files(db: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(db).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "sst"))
        .collect()
}
