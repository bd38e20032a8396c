//! When each key was last used: `<home>/keys-used.toml`, `<id> = "2026-02-26T14:30:00Z"`.
//!
//! Uses are recorded in memory. The first one after a write schedules the next write some seconds later, so many uses cause
//! one write, and an idle service none. The file is informational: an invalid or missing one is replaced.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use jiff::Timestamp;
use tokio::runtime::Handle;
use tracing::warn;

use crate::config::home::files;

/// The delay between a use and its write.
const DELAY: Duration = Duration::from_secs(10);

/// When each key was last used.
#[derive(Debug)]
pub(super) struct LastUses {
    path: PathBuf,
    moments: Mutex<BTreeMap<String, Moment>>,
    planned: AtomicBool,
    delay: Duration,
}

/// Unix seconds of one key's last use; 0 for never.
pub(super) type Moment = Arc<AtomicI64>;

impl LastUses {
    pub(super) fn load(path: PathBuf) -> Arc<Self> {
        let moments = read(&path)
            .into_iter()
            .map(|(id, timestamp)| (id, Arc::new(AtomicI64::new(timestamp.as_second()))));
        Arc::new(Self {
            moments: Mutex::new(moments.collect()),
            planned: AtomicBool::new(false),
            delay: DELAY,
            path,
        })
    }

    /// The time of the last use of one key, which is kept up to date.
    pub(super) fn of(&self, id: &str) -> Moment {
        let mut moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(moments.entry(id.to_owned()).or_default())
    }

    /// Records a use of the key of `timestamp` now.
    pub(super) fn note(self: &Arc<Self>, timestamp: &AtomicI64) {
        let now = Timestamp::now().as_second();
        if timestamp.load(Relaxed) == now
            || timestamp.swap(now, Relaxed) == now
            || self.planned.swap(true, Relaxed)
        {
            return;
        }
        let Ok(runtime) = Handle::try_current() else {
            self.planned.store(false, Relaxed);
            return;
        };
        let (uses, delay) = (Arc::downgrade(self), self.delay);
        runtime.spawn(async move {
            tokio::time::sleep(delay).await;
            if let Some(uses) = uses.upgrade() {
                // not joined: it logs its own failure
                drop(tokio::task::spawn_blocking(move || uses.save()));
            }
        });
    }

    /// Writes all last uses.
    pub(super) fn save(&self) {
        self.planned.store(false, Relaxed);
        if let Err(error) = self.write() {
            warn!(path = %self.path.display(), %error, "cannot write when keys were last used");
        }
    }

    fn write(&self) -> io::Result<()> {
        let moments = self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from("# When keys were last used, to some seconds. Written by the service.\n");
        for (id, timestamp) in moments.iter() {
            let seconds = timestamp.load(Relaxed);
            if let Some(timestamp) = Timestamp::from_second(seconds).ok().filter(|_| seconds != 0) {
                text.push_str(&format!("{id} = \"{timestamp}\"\n"));
            }
        }
        if !text.contains('=') {
            return Ok(()); // no key was ever used
        }
        files::replace_private(&self.path, text.as_bytes())
    }
}

/// Reads the file; empty if it is missing or invalid.
pub fn read(path: &Path) -> BTreeMap<String, Timestamp> {
    let text = files::read_text(path).ok().flatten().unwrap_or_default();
    let written: BTreeMap<String, String> = toml::from_str(&text).unwrap_or_default();
    written
        .into_iter()
        .filter_map(|(id, timestamp)| Some((id, timestamp.parse().ok()?)))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn many_uses_are_one_write_and_outlive_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("used.toml");
        let mut uses = LastUses::load(path.clone());
        Arc::get_mut(&mut uses).unwrap().delay = Duration::from_millis(100);
        let key = uses.of("aaaaaaaa");
        for _ in 0..1000 {
            uses.note(&key);
        }
        assert!(!path.exists(), "nothing is written at once");
        for _ in 0..200 {
            if path.exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let written = read(&path)["aaaaaaaa"];
        assert_eq!(written.as_second(), key.load(Relaxed));
        assert_eq!(
            LastUses::load(path).of("aaaaaaaa").load(Relaxed),
            written.as_second()
        );
    }
}
