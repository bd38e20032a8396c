//! `fsck`: compares vaults, journal and index, and changes nothing.

mod compare;

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    path::Path,
};

use super::{
    Maintenance, MaintenanceError,
    database::Database,
    forgotten, header,
    scan::{Found, scan_file},
    tenants::{MissingVault, TenantVault, Unread, Vaults},
};
use crate::{
    event_id::EventId,
    fs::NamedFile,
    wal::{Wal, WalError},
    writer::roots,
};

/// Faults of one kind that are named; the others are counted.
const NAMED: usize = 1000;

/// What may be off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// A vault or file cannot be read.
    Unreadable,
    /// The database is gone or damaged.
    Database,
    /// A vault's marker file is missing or another one's.
    Marker,
    /// A daily file's header is damaged.
    Header,
    /// A line has NULs in it.
    Zeros,
    /// An entry has lost its id.
    WithoutId,
    /// An id stands more than once in a tenant's daily files.
    DuplicateId,
    /// The index lacks an id: if the event came again, it would be stored again.
    NotInIndex,
    /// An event that was forgotten is in a file again.
    ForgottenAgain,
}

/// Something that is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub kind: ProblemKind,
    /// Where: a path, with a line if there is one.
    pub place: String,
    /// More about it; may be empty.
    pub detail: String,
}

/// Events of one folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FolderCount {
    /// Daily files.
    pub files: u64,
    /// Entries in them.
    pub events: u64,
    /// Other Markdown files with entries: copies that sync tools made, moved and archived pages.
    pub copies: u64,
    /// Entries in them.
    pub copied: u64,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FsckReport {
    /// By tenant and folder.
    pub folders: BTreeMap<(String, String), FolderCount>,
    /// Ids at rest.
    pub indexed: u64,
    /// Ids at rest of events that stand in no vault: someone has removed them.
    pub removed: u64,
    /// Groups in the journal: the next start sees to it that they are in the vault.
    pub groups: u64,
    /// Ids in them.
    pub in_journal: u64,
    /// How many faults of each kind there are.
    pub faults: BTreeMap<ProblemKind, u64>,
    /// The first thousand of each kind.
    pub named: Vec<Fault>,
}

/// All ids that stand in vaults.
#[derive(Default)]
struct Standing {
    all: Vec<EventId>,
    twice: Vec<EventId>,
}

impl Maintenance {
    /// Checks everything. `progress` is told the bytes read so far.
    ///
    /// # Errors
    /// When another process holds the database. Anything else that is off is part of the result.
    pub fn fsck(&self, progress: &mut dyn FnMut(u64)) -> Result<FsckReport, MaintenanceError> {
        // Its lock is held to the end, so that nobody writes meanwhile.
        let database = Database::open(&self.db)?;
        let mut report = FsckReport::default();
        let Vaults {
            found: vaults,
            missing,
            unread,
        } = self.vaults(None)?;
        report.unreadable(unread);
        let log = self.open_log().unwrap_or_else(|error| {
            report.log(&self.wal.dir, &error);
            None
        });
        self.check_missing(&missing, &vaults, log.as_ref(), &mut report)?;
        let mut standing = Standing::default();
        let forgotten = self.forgotten_ids(&mut report);
        let mut bytes = 0;
        for vault in &vaults {
            let mut ids = Vec::new();
            for name in &vault.files {
                bytes += self.check_file(vault, name, &forgotten, &mut report, &mut ids);
                progress(bytes);
            }
            standing.add(ids);
        }
        standing.all.sort_unstable();
        let lacking = self.check_database(&database, log.as_ref(), &vaults, &standing, &mut report)?;
        self.locate(&vaults, &standing.twice, &lacking, &mut report);
        report.named.sort_by_key(|named| named.kind);
        Ok(report)
    }

    fn forgotten_ids(&self, report: &mut FsckReport) -> HashSet<EventId> {
        match forgotten::read(&self.forgotten) {
            Ok(ids) => ids.into_iter().collect(),
            Err(error) => {
                let path = self.forgotten.display().to_string();
                report.fault(ProblemKind::Unreadable, || (path, error.to_string()));
                HashSet::new()
            }
        }
    }

    /// Its ids go to `ids`, whether it is a daily file with each; its length comes back.
    fn check_file(
        &self,
        vault: &TenantVault,
        name: &NamedFile,
        forgotten: &HashSet<EventId>,
        report: &mut FsckReport,
        ids: &mut Vec<(EventId, bool)>,
    ) -> u64 {
        let mut unread = Vec::new();
        let Some(file) = self.open_file(vault, name, &mut unread) else {
            report.unreadable(unread);
            return 0;
        };
        let place = self.show(&vault.tenant, name);
        let daily = header::is_daily(name);
        if daily {
            match header::read(name, &*file) {
                Ok(header) => {
                    if let Some(fault) = header.fault {
                        report.fault(ProblemKind::Header, || (place.clone(), fault.into()));
                    }
                }
                Err(error) => unread.push(self.unread(vault, name, &error)),
            }
        }
        let before = ids.len();
        let read = scan_file(&*file, &mut |found| match found {
            Found::Entry(entry) => {
                ids.push((entry.id, daily));
                if forgotten.contains(&entry.id) {
                    report.fault(ProblemKind::ForgottenAgain, || {
                        let detail = "`openclone forget --again` deletes it".to_owned();
                        (format!("{place}:{}", entry.start.line), detail)
                    });
                }
            }
            Found::Nameless(line) => {
                report.fault(ProblemKind::WithoutId, || {
                    (format!("{place}:{line}"), String::new())
                });
            }
            Found::Zeros(line) => {
                report.fault(ProblemKind::Zeros, || (format!("{place}:{line}"), String::new()));
            }
        });
        unread.extend(read.err().map(|error| self.unread(vault, name, &error)));
        report.unreadable(unread);
        let found = (ids.len() - before) as u64;
        report.count(&vault.tenant, name, daily, found);
        file.len().unwrap_or(0)
    }

    /// The ids that the index lacks come back.
    fn check_database(
        &self,
        database: &Database,
        log: Option<&Wal>,
        vaults: &[TenantVault],
        standing: &Standing,
        report: &mut FsckReport,
    ) -> Result<Vec<EventId>, MaintenanceError> {
        let store = match database {
            Database::Intact { store, .. } => store,
            Database::Gone if standing.all.is_empty() => return Ok(Vec::new()),
            Database::Gone => {
                report.database(&self.db, "it is gone");
                return Ok(Vec::new());
            }
            Database::Damaged { reason, .. } => {
                report.database(&self.db, reason);
                return Ok(Vec::new());
            }
        };
        let mut journal = HashSet::new();
        if let Some(log) = log {
            for vault in vaults {
                self.check_marker(vault, log, report)?;
            }
            journal = compare::journal(log, report).map_err(|error| self.log_failed(&error))?;
        }
        Ok(compare::index(store, &standing.all, &journal, report)?)
    }

    fn check_marker(
        &self,
        vault: &TenantVault,
        log: &Wal,
        report: &mut FsckReport,
    ) -> Result<(), MaintenanceError> {
        let path = self.dirs.of(&vault.tenant);
        let note = self.vault_note(log, &vault.tenant)?;
        let known = note.as_deref().and_then(roots::known_vault);
        let Some((id, _)) = known.filter(|(_, noted)| *noted == path) else {
            return Ok(());
        };
        let fault = match vault.root.read_marker() {
            Ok(Some(marker)) if marker.trim() == id => return Ok(()),
            Ok(Some(_)) => "it is that of another vault".to_owned(),
            Ok(None) => format!("it is missing; is the vault mounted? its id is {id}"),
            Err(error) => error.to_string(),
        };
        let place = path.join(".openclone").display().to_string();
        report.fault(ProblemKind::Marker, || (place, fault));
        Ok(())
    }

    /// Reports vaults that the service has used and that are not there. Those without their marker are told elsewhere.
    fn check_missing(
        &self,
        missing: &[MissingVault],
        found: &[TenantVault],
        log: Option<&Wal>,
        report: &mut FsckReport,
    ) -> Result<(), MaintenanceError> {
        for vault in missing {
            let is_found = found.iter().any(|found| found.tenant == vault.tenant);
            if !is_found && self.was_used(vault, log)? {
                report.unreadable(vec![vault.unread()]);
            }
        }
        Ok(())
    }
}

impl FsckReport {
    /// Whether all is well.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    fn fault(&mut self, kind: ProblemKind, tell: impl FnOnce() -> (String, String)) {
        let count = self.faults.entry(kind).or_default();
        *count += 1;
        if *count <= NAMED as u64 {
            let (place, detail) = tell();
            self.named.push(Fault { kind, place, detail });
        }
    }

    fn unreadable(&mut self, unread: Vec<Unread>) {
        for one in unread {
            self.fault(ProblemKind::Unreadable, || (one.what, one.reason));
        }
    }

    fn database(&mut self, path: &Path, reason: &str) {
        let detail = format!("{reason}; `openclone reindex` makes a new one from the vault");
        self.fault(ProblemKind::Database, || (path.display().to_string(), detail));
    }

    fn log(&mut self, path: &Path, error: &WalError) {
        self.fault(ProblemKind::Database, || {
            (path.display().to_string(), error.to_string())
        });
    }

    fn count(&mut self, tenant: &str, name: &NamedFile, daily: bool, events: u64) {
        if !daily && events == 0 {
            return;
        }
        let folder = self
            .folders
            .entry((tenant.to_owned(), name.folder().display().to_string()))
            .or_default();
        if daily {
            folder.files += 1;
            folder.events += events;
        } else {
            folder.copies += 1;
            folder.copied += events;
        }
    }
}

impl Standing {
    /// Adds the ids of one tenant.
    fn add(&mut self, mut ids: Vec<(EventId, bool)>) {
        ids.sort_unstable();
        for pair in ids.windows(2) {
            if pair[0] == pair[1] && pair[0].1 && self.twice.last() != Some(&pair[0].0) {
                self.twice.push(pair[0].0);
            }
        }
        ids.dedup_by_key(|(id, _)| *id);
        self.all.extend(ids.into_iter().map(|(id, _)| id));
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "cannot be read",
            Self::Database => "database",
            Self::Marker => "marker",
            Self::Header => "header damaged",
            Self::Zeros => "zeros in the text",
            Self::WithoutId => "entry without an id",
            Self::DuplicateId => "id twice",
            Self::NotInIndex => "id not in the index",
            Self::ForgottenAgain => "forgotten event in a file again",
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.place)?;
        if self.detail.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.detail)
    }
}
