//! `find`: locates an event.

use super::{
    Maintenance, MaintenanceError,
    reindex::in_words,
    scan::{Found, scan_file},
    tenants::MissingVault,
};
use crate::{event_id::EventId, markdown::ref_fields};

/// Where an event is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose vault.
    pub tenant: String,
    /// The file.
    pub path: String,
    /// The entry's first line, from 1.
    pub line: u64,
    /// Its id.
    pub id: EventId,
}

/// What a search did not reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NotSearched {
    /// Files and folders that cannot be read, each with the reason.
    pub unread: Vec<(String, String)>,
    /// Symbolic links in the vaults, which are not followed.
    pub links: Vec<String>,
}

impl Maintenance {
    /// Finds the events that are `wanted`: an id, with or without `^oc-` before it, or a raw_ref, of all tenants or of
    /// `only`, in every Markdown file of their vaults. Needs no database and may run beside a server.
    ///
    /// # Errors
    /// When the tenants cannot be listed.
    pub fn find(
        &self,
        wanted: &str,
        only: Option<&str>,
        tell: &mut dyn FnMut(Place),
    ) -> Result<NotSearched, MaintenanceError> {
        let id = id_in(wanted);
        let fields = ref_fields(wanted);
        let vaults = self.vaults(only)?;
        let mut unread = vaults.unread;
        let used = |tenant: &str| only.is_some() || tenant == "default";
        let missing = vaults.missing.iter().filter(|missing| used(&missing.tenant));
        unread.extend(missing.map(MissingVault::unread));
        let mut links = Vec::new();
        for vault in &vaults.found {
            links.extend(self.show_links(vault));
            for name in &vault.files {
                let Some(file) = self.open_file(vault, name, &mut unread) else {
                    continue;
                };
                let path = self.show(&vault.tenant, name);
                let read = scan_file(&*file, &mut |found| {
                    let Found::Entry(entry) = found else { return };
                    if id == Some(entry.id) || fields.iter().any(|field| entry.has(field)) {
                        tell(Place {
                            tenant: vault.tenant.to_string(),
                            path: path.clone(),
                            line: entry.start.line,
                            id: entry.id,
                        });
                    }
                });
                unread.extend(read.err().map(|error| self.unread(vault, name, &error)));
            }
        }
        let unread = in_words(unread);
        Ok(NotSearched { unread, links })
    }
}

fn id_in(wanted: &str) -> Option<EventId> {
    let text = wanted.trim_start_matches('^');
    text.strip_prefix("oc-").unwrap_or(text).parse().ok()
}
