//! A new database in the place of one that is gone or damaged.
//!
//! It is made beside (`db.rebuild`), is called `db.new` once it is complete, and then takes the place; the damaged one is moved
//! away (`db.damaged-<n>`) and never deleted. A rebuilding that was cut off begins anew, unless only the moving was left.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use super::{MaintenanceError, at};
use crate::{
    event_id::EventId,
    store::{IdStore as _, StoreError, rocks::RocksStore},
    writer::database_error,
};

/// Ids carried over at once.
const CHUNK: usize = 1 << 20;

/// Begins a new database beside `db`; what is left of an earlier attempt goes.
pub(super) fn begin(db: &Path) -> Result<RocksStore, MaintenanceError> {
    let beside = unfinished(db);
    if beside.exists() {
        // Opening it tells whether someone is at work there.
        match RocksStore::open(&beside) {
            Err(error) if error.kind == io::ErrorKind::ResourceBusy => {
                return Err(database_error(&beside, error).into());
            }
            _ => fs::remove_dir_all(&beside).map_err(at(&beside))?,
        }
    }
    if let Some(home) = db.parent() {
        fs::create_dir_all(home).map_err(at(home))?;
    }
    RocksStore::open(&beside).map_err(|error| database_error(&beside, error).into())
}

/// Puts a new database that an earlier attempt had completed in the place of one that is gone.
pub(super) fn finish_earlier(db: &Path) -> Result<bool, MaintenanceError> {
    let beside = beside(db);
    if !beside.join("CURRENT").exists() {
        return Ok(false);
    }
    match RocksStore::open(&beside) {
        Ok(store) => drop(store),
        Err(error) if error.kind == io::ErrorKind::ResourceBusy => {
            return Err(database_error(&beside, error).into());
        }
        Err(_) => return Ok(false),
    }
    put_in_place(db).map(|()| true)
}

/// Copies the ids that can be read of `old`: those of events that users have deleted stand nowhere else. How many.
/// Those up to the first that cannot be read; what stands behind it is not known, but the vault has most.
pub(super) fn salvage(old: &RocksStore, new: &RocksStore) -> Result<u64, StoreError> {
    let mut chunk: Vec<EventId> = Vec::new();
    let (mut count, mut failed) = (0, None);
    let read = old.visit_ids(&mut |id| {
        chunk.push(id);
        count += 1;
        if chunk.len() < CHUNK {
            return true;
        }
        failed = new.persist_ids(&chunk).err();
        chunk.clear();
        failed.is_none()
    });
    if let Err(error) = read {
        tracing::warn!(%error, "not all ids of the damaged database could be read");
    }
    if let Some(error) = failed {
        return Err(error);
    }
    new.persist_ids(&chunk)?;
    Ok(count)
}

/// Closes the new database and puts it where there is none.
///
/// # Errors
/// When a server that started meanwhile has made one.
pub(super) fn finish(db: &Path, new: RocksStore) -> Result<(), MaintenanceError> {
    drop(new);
    let beside = beside(db);
    if beside.exists() {
        // Left by an attempt that was completed, while the one in its place has been damaged since.
        fs::remove_dir_all(&beside).map_err(at(&beside))?;
    }
    fs::rename(unfinished(db), &beside).map_err(at(&beside))?;
    sync_parent(db)?;
    put_in_place(db)
}

fn put_in_place(db: &Path) -> Result<(), MaintenanceError> {
    // Over an empty directory at most: the system refuses to replace one with something in it.
    fs::rename(beside(db), db).map_err(at(db))?;
    sync_parent(db)
}

/// Moves a damaged database, which nobody may have open, out of the way; where it is now.
pub(super) fn move_away(db: &Path) -> Result<PathBuf, MaintenanceError> {
    let free = (1..)
        .map(|number| with_suffix(db, &format!(".damaged-{number}")))
        .find(|path| fs::symlink_metadata(path).is_err());
    let away = free.unwrap_or_else(|| with_suffix(db, ".damaged"));
    fs::rename(db, &away).map_err(at(db))?;
    Ok(away)
}

fn sync_parent(path: &Path) -> Result<(), MaintenanceError> {
    let Some(parent) = path.parent() else {
        return Ok(());
    };
    File::open(parent)
        .and_then(|parent| parent.sync_all())
        .map_err(at(parent))
}

/// A new database that is complete.
fn beside(db: &Path) -> PathBuf {
    with_suffix(db, ".new")
}

/// One that is being made.
fn unfinished(db: &Path) -> PathBuf {
    with_suffix(db, ".rebuild")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().map_or_else(OsString::new, OsString::from);
    name.push(suffix);
    path.with_file_name(name)
}
