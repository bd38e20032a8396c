//! Reloads the manifests when one of them changes; idle otherwise.
//!
//! It watches the plugins directory and the directories of the plugins, without their subdirectories; or the parent while
//! the plugins directory is missing. Watches are renewed before the manifests are read, so that no change is missed.

use std::{fs, io, os::unix::fs::DirBuilderExt as _, path::Path, sync::Arc, time::Duration};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _,
    event::{AccessKind, AccessMode},
};
use tokio::{
    sync::Notify,
    task::{AbortHandle, spawn_blocking},
    time::{sleep, timeout},
};
use tracing::{info, warn};

use super::Registry;

/// Time without further changes before a reload.
const QUIET: Duration = Duration::from_millis(200);
/// The longest time before a reload.
const LATEST: Duration = Duration::from_secs(2);

/// Keeps a registry up to date until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch(AbortHandle);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Watch {
    /// Creates the plugins directory if it is missing, and watches it.
    pub(crate) fn start(registry: Arc<Registry>) -> Self {
        let made = fs::DirBuilder::new().mode(0o700).create(&registry.dir);
        if let Err(error) = made.as_ref()
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            warn!(path = %registry.dir.display(), %error, "cannot create the plugins directory");
        }
        Self(tokio::spawn(keep(registry)).abort_handle())
    }
}

async fn keep(registry: Arc<Registry>) {
    let changed = Arc::new(Notify::new());
    let mut watcher = None;
    loop {
        let (registry, signal) = (Arc::clone(&registry), Arc::clone(&changed));
        let old = watcher.take();
        let renewed = spawn_blocking(move || {
            let watcher = watch(&registry.dir, signal);
            registry.reload();
            drop(old);
            watcher
        });
        watcher = match renewed.await {
            Ok(Ok(watcher)) => Some(watcher),
            Ok(Err(error)) => {
                warn!(%error, "cannot watch the plugins; changes apply after a restart");
                return;
            }
            Err(_) => return,
        };
        changed.notified().await;
        // an installation is many changes
        let complete = async { while timeout(QUIET, changed.notified()).await.is_ok() {} };
        tokio::select! {
            () = complete => {}
            () = sleep(LATEST) => {}
        }
        info!("reloading changed plugins");
    }
}

fn watch(dir: &Path, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    // the system reports real paths
    let dir = fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned());
    let plugins = dir.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if event.is_err() || event.is_ok_and(|event| matters(&event, &plugins)) {
            changed.notify_one();
        }
    })?;
    if !dir.is_dir() {
        let parent = dir.parent().unwrap_or(&dir);
        watcher.watch(parent, RecursiveMode::NonRecursive)?;
        return Ok(watcher);
    }
    watcher.watch(&dir, RecursiveMode::NonRecursive)?;
    for entry in fs::read_dir(&dir).map_err(notify::Error::io)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // one that is gone again has told so already
            let _ = watcher.watch(&entry.path(), RecursiveMode::NonRecursive);
        }
    }
    Ok(watcher)
}

/// Whether a manifest may have changed. Reading one does not count, or each reload would cause the next.
fn matters(event: &Event, plugins: &Path) -> bool {
    let is_reading =
        matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    let concerns = |path: &Path| {
        let is_manifest = path.file_name().is_some_and(|name| name == "plugin.json");
        path == plugins
            || path.parent() == Some(plugins)
            || (is_manifest && path.parent().and_then(Path::parent) == Some(plugins))
    };
    !is_reading && (event.need_rescan() || event.paths.iter().any(|path| concerns(path)))
}

#[cfg(test)]
mod tests {
    use notify::event::{CreateKind, Flag};

    use super::*;

    #[test]
    fn only_what_may_change_a_manifest_matters() {
        let plugins = Path::new("/home/plugins");
        let created = |path: &str| Event::new(EventKind::Create(CreateKind::Any)).add_path(path.into());
        for path in ["/home/plugins", "/home/plugins/a", "/home/plugins/a/plugin.json"] {
            assert!(matters(&created(path), plugins), "{path}");
        }
        for path in [
            "/home/.env",
            "/home/plugins/a/log",
            "/home/plugins/a/b/plugin.json",
        ] {
            assert!(!matters(&created(path), plugins), "{path}");
        }
        let opened = Event::new(EventKind::Access(AccessKind::Open(AccessMode::Any)));
        assert!(!matters(
            &opened.add_path("/home/plugins/a/plugin.json".into()),
            plugins
        ));
        assert!(matters(
            &Event::new(EventKind::Other).set_flag(Flag::Rescan),
            plugins
        ));
    }
}
