//! What the database has against what stands in the vaults.

use std::collections::{HashMap, HashSet};

use super::{FsckReport, ProblemKind};
use crate::{
    event_id::EventId,
    maintenance::{
        Maintenance, header,
        scan::{Found, scan_file},
        tenants::TenantVault,
    },
    store::{IdStore, StoreError},
    wal::{Wal, WalError},
    writer::record::Group,
};

/// The ids in the journal.
pub(super) fn journal(log: &Wal, report: &mut FsckReport) -> Result<HashSet<EventId>, WalError> {
    let mut ids = HashSet::new();
    for seq in log.groups()? {
        // That each is as it was written was found when the log was opened.
        let group = log
            .group(seq)?
            .and_then(|group| Group::decode(&group.record).ok());
        if let Some(group) = group {
            report.groups += 1;
            ids.extend(group.ids());
        }
    }
    report.in_journal = ids.len() as u64;
    Ok(ids)
}

/// Walks along both orders at once; the ids of `standing` that are neither at rest nor in the journal.
pub(super) fn index(
    store: &dyn IdStore,
    standing: &[EventId],
    journal: &HashSet<EventId>,
    report: &mut FsckReport,
) -> Result<Vec<EventId>, StoreError> {
    let mut lacking = Vec::new();
    let mut ahead = standing.iter().copied().peekable();
    store.visit_ids(&mut |indexed| {
        report.indexed += 1;
        while let Some(id) = ahead.next_if(|id| *id < indexed) {
            lacking.push(id);
        }
        if ahead.next_if_eq(&indexed).is_none() {
            report.removed += 1;
        }
        true
    })?;
    lacking.extend(ahead);
    lacking.retain(|id| !journal.contains(id));
    Ok(lacking)
}

impl Maintenance {
    /// Says where the ids stand that are off.
    pub(super) fn locate(
        &self,
        vaults: &[TenantVault],
        twice: &[EventId],
        lacking: &[EventId],
        report: &mut FsckReport,
    ) {
        let (twice, lacking): (HashSet<_>, HashSet<_>) =
            (twice.iter().copied().collect(), lacking.iter().copied().collect());
        if twice.is_empty() && lacking.is_empty() {
            return;
        }
        for vault in vaults {
            let mut first: HashMap<EventId, String> = HashMap::new();
            for name in &vault.files {
                // What cannot be read has been told before.
                let Ok(Some(file)) = vault.root.open_named(name) else {
                    continue;
                };
                let path = self.show(&vault.tenant, name);
                let daily = header::is_daily(name);
                let _ = scan_file(&*file, &mut |found| {
                    let Found::Entry(entry) = found else { return };
                    let place = || format!("{path}:{}", entry.start.line);
                    if daily && twice.contains(&entry.id) {
                        match first.get(&entry.id) {
                            None => _ = first.insert(entry.id, place()),
                            Some(other) => report.fault(ProblemKind::DuplicateId, || {
                                (place(), format!("{}, first at {other}", entry.id))
                            }),
                        }
                    }
                    if lacking.contains(&entry.id) {
                        report.fault(ProblemKind::NotInIndex, || (place(), entry.id.to_string()));
                    }
                });
            }
        }
    }
}
