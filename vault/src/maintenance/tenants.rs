//! Lists the tenants and the files of their vaults.

use std::{fs, io, path::PathBuf, sync::Arc};

use openclone_core::TenantId;

use super::{Maintenance, MaintenanceError, at};
use crate::{
    fs::{NamedFile, VaultFile, VaultRoot},
    writer::roots,
};

/// The vault of a tenant that is there.
pub(super) struct TenantVault {
    pub(super) tenant: Arc<str>,
    pub(super) root: Box<dyn VaultRoot>,
    /// All Markdown files, wherever in the vault they are.
    pub(super) files: Vec<NamedFile>,
    /// Symbolic links in it, which are not followed.
    pub(super) links: Vec<PathBuf>,
}

/// The vaults of tenants.
#[derive(Default)]
pub(super) struct Vaults {
    /// Those that are there.
    pub(super) found: Vec<TenantVault>,
    /// Those that are not there, or that lack their marker file, as the mount point of a disk that is not mounted does.
    pub(super) missing: Vec<MissingVault>,
    /// What cannot be read: vaults, and folders of vaults.
    pub(super) unread: Vec<Unread>,
}

/// A vault that is not where it should be.
pub(super) struct MissingVault {
    pub(super) tenant: Arc<str>,
    pub(super) path: PathBuf,
    reason: String,
}

/// Something that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread {
    /// A vault or a file in it.
    pub(super) what: String,
    pub(super) reason: String,
}

impl Maintenance {
    /// `default` and each tenant that has a directory, in order.
    pub(super) fn tenants(&self) -> Result<Vec<Arc<str>>, MaintenanceError> {
        let mut tenants = vec![Arc::from("default")];
        let entries = match fs::read_dir(&self.dirs.tenants) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(tenants),
            Err(error) => return Err(at(&self.dirs.tenants)(error)),
        };
        for entry in entries {
            let name = entry.map_err(at(&self.dirs.tenants))?.file_name();
            let tenant = name
                .to_str()
                .filter(|name| *name != "default" && TenantId::is_valid(name));
            tenants.extend(tenant.map(Arc::from));
        }
        tenants[1..].sort_unstable();
        Ok(tenants)
    }

    /// The vaults of all tenants, or of one.
    ///
    /// # Errors
    /// When the tenants cannot be listed, or there is no such tenant.
    pub(super) fn vaults(&self, only: Option<&str>) -> Result<Vaults, MaintenanceError> {
        let mut vaults = Vaults::default();
        let tenants = self.tenants()?;
        if let Some(only) = only.filter(|only| tenants.iter().all(|tenant| &**tenant != *only)) {
            return Err(MaintenanceError::First(format!("there is no tenant {only:?}")));
        }
        for tenant in tenants {
            if only.is_none_or(|only| only == &*tenant) {
                self.add_vault(tenant, &mut vaults);
            }
        }
        Ok(vaults)
    }

    fn add_vault(&self, tenant: Arc<str>, vaults: &mut Vaults) {
        let path = self.dirs.of(&tenant);
        let root = match self.fs.open_root(&path) {
            Ok(root) => root,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let reason = "it is missing: is it mounted, or was it moved?".to_owned();
                return vaults.missing.push(MissingVault { tenant, path, reason });
            }
            Err(error) => {
                return vaults.unread.push(Unread {
                    what: path.display().to_string(),
                    reason: error.to_string(),
                });
            }
        };
        if let Some(reason) = without_marker(&*root) {
            vaults.missing.push(MissingVault {
                tenant: Arc::clone(&tenant),
                path: path.clone(),
                reason,
            });
        }
        let listing = root.markdown_files();
        let unreadable = listing.unreadable.into_iter();
        vaults.unread.extend(unreadable.map(|(folder, error)| Unread {
            what: path.join(folder).display().to_string(),
            reason: error.to_string(),
        }));
        vaults.found.push(TenantVault {
            tenant,
            root,
            files: listing.files,
            links: listing.links,
        });
    }

    /// How a file is named to people.
    pub(super) fn show(&self, tenant: &str, file: &NamedFile) -> String {
        self.dirs.of(tenant).join(file.path()).display().to_string()
    }

    /// The symbolic links of a vault, which nothing here follows.
    pub(super) fn show_links<'a>(&'a self, vault: &'a TenantVault) -> impl Iterator<Item = String> + 'a {
        let path = self.dirs.of(&vault.tenant);
        vault
            .links
            .iter()
            .map(move |link| path.join(link).display().to_string())
    }

    /// Opens a file; one that is gone by now is none.
    pub(super) fn open_file(
        &self,
        vault: &TenantVault,
        name: &NamedFile,
        unread: &mut Vec<Unread>,
    ) -> Option<Box<dyn VaultFile>> {
        match vault.root.open_named(name) {
            Ok(file) => file,
            Err(error) => {
                unread.push(self.unread(vault, name, &error));
                None
            }
        }
    }

    pub(super) fn unread(&self, vault: &TenantVault, name: &NamedFile, error: &io::Error) -> Unread {
        Unread {
            what: self.show(&vault.tenant, name),
            reason: error.to_string(),
        }
    }
}

impl MissingVault {
    /// Whether the note of the tenant's vault names this directory.
    pub(super) fn is_at(&self, note: &[u8]) -> bool {
        roots::known_vault(note).is_some_and(|(_, path)| path == self.path)
    }

    /// As something that cannot be read.
    pub(super) fn unread(&self) -> Unread {
        Unread {
            what: self.path.display().to_string(),
            reason: self.reason.clone(),
        }
    }

    /// As an error of a command that needs it.
    pub(super) fn error(&self) -> MaintenanceError {
        let (path, reason) = (self.path.display(), &self.reason);
        MaintenanceError::First(format!(
            "cannot use the vault {path}: {reason}; nothing was changed"
        ))
    }
}

/// Why a directory is no vault of this service, judging by its marker file.
fn without_marker(root: &dyn VaultRoot) -> Option<String> {
    match root.read_marker() {
        Ok(Some(_)) => None,
        Ok(None) => Some("its marker file .openclone is missing: is it mounted? if this is the right directory, restore that file; where the database is gone, an empty one will do".to_owned()),
        Err(error) => Some(error.to_string()),
    }
}
