//! `forget`: removes the events that a plugin captured since some moment, and keeps their ids, so that a retry cannot
//! bring them back.
//!
//! In this order: the journal is replayed and emptied, so that no later replay appends what is removed; the ids become
//! durable in the file `forgotten` and are persisted in the index; only then are files rewritten, each as a whole, and segments
//! of the log that have such an event zeroed and deleted. A crash leaves some files as they were, and the same command ends
//! the work.
//!
//! What is removed are an entry's own lines, from its first to the one with its id, wherever in the vault they are.
//! Everything else stays, byte for byte, but for the indentation of what a user put under an entry. A file that changes
//! while it is rewritten is left as it is.
//!
//! An editor with an old buffer, or a sync tool, may bring entries back afterwards: [`Maintenance::forget_again`] removes
//! them once more.

mod headings;
mod outdent;
mod selection;

use std::{collections::BTreeSet, io, ops::Range};

use jiff::Timestamp;

use self::selection::{Selection, Verdict};
use super::{
    Maintenance, MaintenanceError, at,
    database::{Database, damaged},
    forgotten,
    reindex::in_words,
    scan::scan_bytes,
    tenants::{TenantVault, Unread, Vaults},
};
use crate::{
    event_id::EventId,
    fs::{NamedFile, VaultFile},
    store::IdStore as _,
    writer::{Options, Vault},
};

/// What to forget.
#[derive(Clone, Debug)]
pub struct Forget<'a> {
    /// Whose events.
    pub plugin: &'a str,
    /// Those captured at this moment or later; to the second.
    pub since: Timestamp,
    /// Only this tenant's.
    pub tenant: Option<&'a str>,
}

/// What was forgotten, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Files with such events and how many each has.
    pub files: Vec<(String, u64)>,
    /// Ids, each once.
    pub ids: Vec<EventId>,
    /// Entries of the plugin whose time cannot be read any more: they stay.
    pub timeless: u64,
    /// Entries whose plugin cannot be read any more: they stay.
    pub unnamed: u64,
    /// Symbolic links in the vaults, which are not followed.
    pub links: Vec<String>,
    /// What could not be read or rewritten, each with the reason; forgotten all the same, but still there.
    pub failed: Vec<(String, String)>,
}

/// A file's part.
struct Part<'v> {
    vault: &'v TenantVault,
    name: &'v NamedFile,
}

impl Maintenance {
    /// What would be forgotten; changes nothing, and may run beside a server.
    ///
    /// # Errors
    /// When the tenants cannot be listed.
    pub fn would_forget(&self, what: &Forget<'_>) -> Result<Forgotten, MaintenanceError> {
        self.preview(&Selection::Captured(what))
    }

    /// Forgets. `options` are those of the server, which must not run.
    ///
    /// # Errors
    /// When another process holds the database, or something failed before anything was removed.
    pub fn forget(&self, what: &Forget<'_>, options: Options) -> Result<Forgotten, MaintenanceError> {
        self.remove_selected(&Selection::Captured(what), options)
    }

    /// What [`Self::forget_again`] would remove.
    ///
    /// # Errors
    /// As [`Self::would_forget`].
    pub fn would_forget_again(&self, tenant: Option<&str>) -> Result<Forgotten, MaintenanceError> {
        self.preview(&self.again(tenant)?)
    }

    /// Removes events that were forgotten before and are in a file again.
    ///
    /// # Errors
    /// As [`Self::forget`].
    pub fn forget_again(
        &self,
        tenant: Option<&str>,
        options: Options,
    ) -> Result<Forgotten, MaintenanceError> {
        self.remove_selected(&self.again(tenant)?, options)
    }

    fn again<'a>(&self, tenant: Option<&'a str>) -> Result<Selection<'a>, MaintenanceError> {
        let ids = forgotten::read(&self.forgotten).map_err(at(&self.forgotten))?;
        let ids = ids.into_iter().collect();
        Ok(Selection::Again { ids, tenant })
    }

    fn preview(&self, what: &Selection<'_>) -> Result<Forgotten, MaintenanceError> {
        let Vaults {
            found,
            missing,
            unread,
        } = self.vaults(what.tenant())?;
        if let Some(missing) = missing.iter().find(|missing| what.needs(missing)) {
            return Err(missing.error());
        }
        Ok(self.plan(what, &found, unread).0)
    }

    fn remove_selected(&self, what: &Selection<'_>, options: Options) -> Result<Forgotten, MaintenanceError> {
        let vaults = self.vaults(what.tenant())?;
        if let Some(missing) = vaults.missing.iter().find(|missing| what.needs(missing)) {
            return Err(missing.error());
        }
        self.empty_journal(options)?;
        let store = match Database::open(&self.db)? {
            Database::Intact { store, .. } => store,
            Database::Gone => return Err(damaged(&self.db, "it is gone".into())),
            Database::Damaged { reason, .. } => return Err(damaged(&self.db, reason)),
        };
        let log = self.open_log().map_err(|error| self.log_failed(&error))?;
        self.check_log_is_empty(log.as_ref())?;
        let Vaults {
            found,
            missing,
            unread,
        } = self.vaults(what.tenant())?;
        self.check_none_was_used(&missing, log.as_ref())?;
        let (mut done, parts) = self.plan(what, &found, unread);
        forgotten::add(&self.forgotten, &what.why(), &done.ids).map_err(at(&self.forgotten))?;
        store.persist_ids(&done.ids)?;
        for part in parts {
            if let Err(error) = remove(what, &part) {
                let unread = self.unread(part.vault, part.name, &error);
                done.failed.push((unread.what, unread.reason));
            }
        }
        // All that were ever forgotten: an earlier run may have ended before this.
        let all = forgotten::read(&self.forgotten).map_err(at(&self.forgotten))?;
        self.erase_from_log(log.as_ref(), &all)?;
        Ok(done)
    }

    /// Replays what a crash has left, moves all ids to rest, and lets go of the database.
    fn empty_journal(&self, options: Options) -> Result<(), MaintenanceError> {
        if Database::is_gone(&self.db)? {
            return Err(damaged(&self.db, "it is gone".into()));
        }
        let vault = Vault::open(options)?;
        vault
            .close()
            .map_err(|error| MaintenanceError::First(error.to_string()))
    }

    fn plan<'v>(
        &self,
        what: &Selection<'_>,
        vaults: &'v [TenantVault],
        mut unread: Vec<Unread>,
    ) -> (Forgotten, Vec<Part<'v>>) {
        let mut done = Forgotten::default();
        let (mut ids, mut parts) = (BTreeSet::new(), Vec::new());
        for vault in vaults {
            done.links.extend(self.show_links(vault));
            for name in &vault.files {
                let Some(file) = self.open_file(vault, name, &mut unread) else {
                    continue;
                };
                let mut count = 0;
                let read = what.matching(&*file, &mut |verdict, entry| match verdict {
                    Verdict::Timeless => done.timeless += 1,
                    Verdict::Unnamed => done.unnamed += 1,
                    Verdict::Matches => {
                        ids.insert(entry.id);
                        count += 1;
                    }
                });
                unread.extend(read.err().map(|error| self.unread(vault, name, &error)));
                if count > 0 {
                    done.files.push((self.show(&vault.tenant, name), count));
                    parts.push(Part { vault, name });
                }
            }
        }
        done.ids = ids.into_iter().collect();
        done.failed = in_words(unread);
        (done, parts)
    }
}

/// Rewrites a file without what matches.
fn remove(what: &Selection<'_>, part: &Part<'_>) -> io::Result<()> {
    let root = &part.vault.root;
    let gone = || io::Error::new(io::ErrorKind::NotFound, "it is gone");
    let file = root.open_named(part.name)?.ok_or_else(gone)?;
    let original = read_all(&*file)?;
    let mut ranges: Vec<Range<usize>> = Vec::new();
    scan_bytes(&original, &mut |found| {
        what.judge(found, &mut |verdict, entry| {
            if let Verdict::Matches = verdict {
                ranges.push(index(entry.start.offset)..index(entry.end));
            }
        });
    })?;
    let removed = headings::with_emptied(&original, ranges.clone());
    let kept = outdent::without(&original, &removed, &ranges);
    let now = root.open_named(part.name)?.ok_or_else(gone)?;
    if now.id() != file.id() || read_all(&*now)? != original {
        return Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "it has just been changed; run this again",
        ));
    }
    root.replace(part.name, &kept)
}

fn read_all(file: &dyn VaultFile) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; index(file.len()?)];
    let mut filled = 0;
    loop {
        let count = file.read_at(filled as u64, &mut bytes[filled..])?;
        filled += count;
        if count == 0 {
            bytes.truncate(filled);
            return Ok(bytes);
        }
    }
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}
