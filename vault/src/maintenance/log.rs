//! The write-ahead log while no server runs: read by a check, emptied of forgotten events, replaced when it is damaged.

use std::{collections::HashSet, path::PathBuf};

use super::{Maintenance, MaintenanceError, rebuild, tenants::MissingVault};
use crate::{
    event_id::EventId,
    wal::{Salvage, Wal, WalError, forget_log, salvage},
    writer::{SYNC_FAILED, log_error, record::Group, roots},
};

/// A log that was damaged and has been replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplacedLog {
    /// What was wrong.
    pub reason: String,
    /// Where the damaged one is now.
    pub moved_to: PathBuf,
    /// Groups that were carried over: the next start completes them.
    pub groups: u64,
    /// Groups that are known to be lost.
    pub lost: u64,
}

impl Maintenance {
    /// Opens the log; `None` if the home has never had one.
    pub(super) fn open_log(&self) -> Result<Option<Wal>, WalError> {
        if !self.wal.id_file().exists() && !self.wal.dir.exists() {
            return Ok(None);
        }
        Wal::open(self.fs.clone(), self.wal.clone()).map(Some)
    }

    /// Replaces the log if it is damaged, and carries over what can be read. One that is missing or another home's is left to
    /// the operator: its disk may only not be mounted. Changes nothing if a vault is missing that the service has used.
    pub(super) fn mend_log(&self, missing: &[MissingVault]) -> Result<Option<ReplacedLog>, MaintenanceError> {
        let reason = match self.open_log() {
            Ok(log) => return self.check_none_was_used(missing, log.as_ref()).map(|()| None),
            Err(error @ WalError::Damaged { .. }) => error.to_string(),
            Err(error) => return Err(log_error(&self.wal.dir, &error).into()),
        };
        let salvaged = salvage(&*self.fs, &self.wal).map_err(|error| self.log_failed(&error))?;
        for (name, note) in &salvaged.notes {
            let noted = |vault: &&MissingVault| *name == roots::note_name(&vault.tenant) && vault.is_at(note);
            if let Some(vault) = missing.iter().find(noted) {
                return Err(vault.error());
            }
        }
        let moved_to = rebuild::move_away(&self.wal.dir)?;
        forget_log(&*self.fs, &self.wal).map_err(|error| self.log_failed(&error))?;
        let (groups, lost) = self
            .carry_over(salvaged)
            .map_err(|error| self.log_failed(&error))?;
        Ok(Some(ReplacedLog {
            reason,
            moved_to,
            groups,
            lost,
        }))
    }

    fn carry_over(&self, salvaged: Salvage) -> Result<(u64, u64), WalError> {
        let log = Wal::open(self.fs.clone(), self.wal.clone())?;
        for (name, content) in &salvaged.notes {
            log.set_note(name, content)?;
        }
        // Whatever the markers say: the damaged log may have known of a failed sync.
        log.set_note(SYNC_FAILED, b"1")?;
        let (mut groups, mut lost) = (0, salvaged.lost);
        for (seq, group) in salvaged.groups {
            if Group::decode(&group.record).is_err() {
                lost += 1;
                continue;
            }
            log.write_group(seq, &group.record)?;
            if let Some(marker) = &group.marker {
                log.mark_applied(seq, marker)?;
            }
            groups += 1;
        }
        Ok((groups, lost))
    }

    /// Removes forgotten events from all segments.
    pub(super) fn erase_from_log(&self, log: Option<&Wal>, ids: &[EventId]) -> Result<(), MaintenanceError> {
        let ids: HashSet<EventId> = ids.iter().copied().collect();
        let erased = log.map_or(Ok(0), |log| log.erase(&ids));
        erased.map(|_| ()).map_err(|error| self.log_failed(&error))
    }

    /// Rejects a log with groups that are not in the vault yet.
    pub(super) fn check_log_is_empty(&self, log: Option<&Wal>) -> Result<(), MaintenanceError> {
        let groups = log.map_or(Ok(Vec::new()), Wal::groups);
        if groups.map_err(|error| self.log_failed(&error))?.is_empty() {
            return Ok(());
        }
        let first = "some events could not be written into the vault yet; see `openclone fsck`";
        Err(MaintenanceError::First(first.into()))
    }

    /// What the log has noted about a tenant's vault, if the service has ever used one.
    pub(super) fn vault_note(&self, log: &Wal, tenant: &str) -> Result<Option<Vec<u8>>, MaintenanceError> {
        let note = log.note(&roots::note_name(tenant));
        note.map_err(|error| self.log_failed(&error))
    }

    /// Whether the service has ever used a vault that is missing: then something must be wrong.
    pub(super) fn was_used(
        &self,
        missing: &MissingVault,
        log: Option<&Wal>,
    ) -> Result<bool, MaintenanceError> {
        let Some(log) = log else { return Ok(false) };
        let note = self.vault_note(log, &missing.tenant)?;
        Ok(note.is_some_and(|note| missing.is_at(&note)))
    }

    /// Rejects vaults that are missing although the service has used them.
    pub(super) fn check_none_was_used(
        &self,
        missing: &[MissingVault],
        log: Option<&Wal>,
    ) -> Result<(), MaintenanceError> {
        for vault in missing {
            if self.was_used(vault, log)? {
                return Err(vault.error());
            }
        }
        Ok(())
    }

    pub(super) fn log_failed(&self, error: &WalError) -> MaintenanceError {
        log_error(&self.wal.dir, error).into()
    }
}
