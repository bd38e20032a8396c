//! `forget`: removes the events that a plugin captured since some moment, and keeps their ids, so that a retry cannot
//! bring them back.
//!
//! In this order: the journal is replayed and emptied, so that no later replay appends what is removed; the ids become
//! durable in the file `forgotten` and come to rest in the index; only then are files rewritten, each as a whole. A
//! crash leaves some files as they were, and the same command ends the work.
//!
//! What is removed are an entry's own lines, from its first to the one with its id. Everything else stays, byte for
//! byte. A file that changes while it is rewritten is left as it is.

mod headings;

use std::{collections::BTreeSet, io, ops::Range};

use jiff::Timestamp;

use super::{
    Maintenance, MaintenanceError, at,
    database::{Database, damaged},
    forgotten,
    reindex::in_words,
    scan::{Entry, Found, scan_bytes, scan_file},
    tenants::{MissingVault, TenantVault, Unread, Vaults},
};
use crate::{
    event_id::EventId,
    fs::{NamedFile, VaultFile},
    store::Store as _,
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
        let Vaults {
            found,
            missing,
            unread,
        } = self.vaults(what.tenant)?;
        if let Some(missing) = missing.iter().find(|missing| what.needs(missing)) {
            return Err(missing.error());
        }
        Ok(self.plan(what, &found, unread).0)
    }

    /// Forgets. `options` are those of the server, which must not run.
    ///
    /// # Errors
    /// When another process holds the database, or something failed before anything was removed.
    pub fn forget(&self, what: &Forget<'_>, options: Options) -> Result<Forgotten, MaintenanceError> {
        let vaults = self.vaults(what.tenant)?;
        if let Some(missing) = vaults.missing.iter().find(|missing| what.needs(missing)) {
            return Err(missing.error());
        }
        self.empty_journal(options)?;
        let store = match Database::open(&self.db)? {
            Database::Intact { store, .. } => store,
            Database::Gone => return Err(damaged(&self.db, "it is gone".into())),
            Database::Damaged { reason, .. } => return Err(damaged(&self.db, reason)),
        };
        if !store.groups()?.is_empty() {
            let first = "some events could not be written into the vault yet; see `openclone fsck`";
            return Err(MaintenanceError::First(first.into()));
        }
        let Vaults {
            found,
            missing,
            unread,
        } = self.vaults(what.tenant)?;
        for missing in missing {
            if missing.was_used(&store)? {
                return Err(missing.error());
            }
        }
        let (mut done, parts) = self.plan(what, &found, unread);
        let why = format!("plugin {} since {}", what.plugin, what.since);
        forgotten::add(&self.forgotten, &why, &done.ids).map_err(at(&self.forgotten))?;
        store.persist_ids(&done.ids)?;
        for part in parts {
            if let Err(error) = remove(what, &part) {
                let unread = self.unread(part.vault, part.name, &error);
                done.failed.push((unread.what, unread.reason));
            }
        }
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
        what: &Forget<'_>,
        vaults: &'v [TenantVault],
        mut unread: Vec<Unread>,
    ) -> (Forgotten, Vec<Part<'v>>) {
        let mut done = Forgotten::default();
        let (mut ids, mut parts) = (BTreeSet::new(), Vec::new());
        for vault in vaults {
            for name in &vault.files {
                let Some(file) = self.open_file(vault, name, &mut unread) else {
                    continue;
                };
                let mut count = 0;
                let read = what.matching(&*file, &mut |verdict, entry| match verdict {
                    Verdict::Timeless => done.timeless += 1,
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

/// Whether an entry of the plugin is meant.
enum Verdict {
    Matches,
    Timeless,
}

impl Forget<'_> {
    /// Whether a vault must be there: that of tenant `default`, and the one that was named. Another tenant may have none yet.
    fn needs(&self, vault: &MissingVault) -> bool {
        self.tenant.is_some() || &*vault.tenant == "default"
    }

    /// Visits the plugin's entries in a file.
    fn matching(&self, file: &dyn VaultFile, visit: &mut dyn FnMut(Verdict, &Entry<'_>)) -> io::Result<()> {
        scan_file(file, &mut |found| self.judge(found, visit))
    }

    fn judge(&self, found: Found<'_>, visit: &mut dyn FnMut(Verdict, &Entry<'_>)) {
        let Found::Entry(entry) = found else { return };
        if entry.plugin() != Some(self.plugin) {
            return;
        }
        match entry.captured() {
            None => visit(Verdict::Timeless, &entry),
            Some(captured) if captured.as_second() >= self.since.as_second() => {
                visit(Verdict::Matches, &entry);
            }
            Some(_) => {}
        }
    }
}

/// Rewrites a file without what matches.
fn remove(what: &Forget<'_>, part: &Part<'_>) -> io::Result<()> {
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
    let ranges = headings::with_emptied(&original, ranges);
    let kept = without(&original, &ranges);
    let now = root.open_named(part.name)?.ok_or_else(gone)?;
    if now.id() != file.id() || read_all(&*now)? != original {
        return Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "it has just been changed; run this again",
        ));
    }
    root.replace(part.name, &kept)
}

fn without(original: &[u8], ranges: &[Range<usize>]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(original.len());
    let mut from = 0;
    for range in ranges {
        kept.extend_from_slice(&original[from..range.start]);
        from = range.end;
    }
    kept.extend_from_slice(&original[from..]);
    kept
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
