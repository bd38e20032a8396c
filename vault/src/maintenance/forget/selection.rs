//! Which entries a `forget` removes.

use std::{collections::HashSet, io};

use super::Forget;
use crate::{
    event_id::EventId,
    fs::VaultFile,
    maintenance::{
        scan::{Entry, Found, scan_file},
        tenants::MissingVault,
    },
};

/// What to remove.
pub(super) enum Selection<'a> {
    /// What a plugin captured since some time.
    Captured(&'a Forget<'a>),
    /// What was forgotten before and is in a file again.
    Again {
        ids: HashSet<EventId>,
        tenant: Option<&'a str>,
    },
}

/// Whether an entry is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Matches,
    /// It is the plugin's, but its time cannot be read.
    Timeless,
    /// Its plugin cannot be read.
    Unnamed,
}

impl Selection<'_> {
    /// Whose events; those of all tenants if `None`.
    pub(super) fn tenant(&self) -> Option<&str> {
        match self {
            Self::Captured(what) => what.tenant,
            Self::Again { tenant, .. } => *tenant,
        }
    }

    /// Whether a vault must be there: that of tenant `default`, and the one that was named. Another tenant may have none yet.
    pub(super) fn needs(&self, vault: &MissingVault) -> bool {
        self.tenant().is_some() || &*vault.tenant == "default"
    }

    /// As a comment in the file of forgotten ids.
    pub(super) fn why(&self) -> String {
        match self {
            Self::Captured(what) => format!("plugin {} since {}", what.plugin, what.since),
            Self::Again { .. } => "again".to_owned(),
        }
    }

    /// Visits the entries in a file that are removed, and those of which this cannot be said.
    pub(super) fn matching(
        &self,
        file: &dyn VaultFile,
        visit: &mut dyn FnMut(Verdict, &Entry<'_>),
    ) -> io::Result<()> {
        scan_file(file, &mut |found| self.judge(found, visit))
    }

    pub(super) fn judge(&self, found: Found<'_>, visit: &mut dyn FnMut(Verdict, &Entry<'_>)) {
        let Found::Entry(entry) = found else { return };
        if let Some(verdict) = self.verdict(&entry) {
            visit(verdict, &entry);
        }
    }

    fn verdict(&self, entry: &Entry<'_>) -> Option<Verdict> {
        let what = match self {
            Self::Captured(what) => what,
            Self::Again { ids, .. } => return ids.contains(&entry.id).then_some(Verdict::Matches),
        };
        match (entry.plugin(), entry.captured()) {
            (None, _) => Some(Verdict::Unnamed),
            (Some(plugin), _) if plugin != what.plugin => None,
            (Some(_), None) => Some(Verdict::Timeless),
            (Some(_), Some(captured)) => {
                (captured.as_second() >= what.since.as_second()).then_some(Verdict::Matches)
            }
        }
    }
}
