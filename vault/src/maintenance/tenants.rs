//! Which tenants there are, and the files of their vaults.

use std::{fs, io, sync::Arc};

use openclone_core::TenantId;

use super::{Maintenance, MaintenanceError, at};
use crate::fs::{NamedFile, VaultFile, VaultRoot};

/// The vault of a tenant that is there.
pub(super) struct TenantVault {
    pub(super) tenant: Arc<str>,
    pub(super) root: Box<dyn VaultRoot>,
    pub(super) files: Vec<NamedFile>,
}

/// Something that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unread {
    /// A vault or a file in it.
    pub(super) what: String,
    pub(super) reason: String,
}

impl Maintenance {
    /// `default` and everyone who has a directory, in order.
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

    /// The vaults that are there, all or that of one tenant, and what cannot be read.
    pub(super) fn vaults(
        &self,
        only: Option<&str>,
    ) -> Result<(Vec<TenantVault>, Vec<Unread>), MaintenanceError> {
        let (mut vaults, mut unread) = (Vec::new(), Vec::new());
        for tenant in self.tenants()? {
            if only.is_some_and(|only| only != &*tenant) {
                continue;
            }
            match self.vault(&tenant) {
                Ok(Some(vault)) => vaults.push(vault),
                Ok(None) => {}
                Err(error) => unread.push(Unread {
                    what: self.dirs.of(&tenant).display().to_string(),
                    reason: error.to_string(),
                }),
            }
        }
        Ok((vaults, unread))
    }

    fn vault(&self, tenant: &Arc<str>) -> io::Result<Option<TenantVault>> {
        let path = self.dirs.of(tenant);
        if matches!(fs::symlink_metadata(&path), Err(error) if error.kind() == io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let root = self.fs.open_root(&path)?;
        let files = root.daily_files()?;
        let tenant = Arc::clone(tenant);
        Ok(Some(TenantVault { tenant, root, files }))
    }

    /// How a file is named to people.
    pub(super) fn show(&self, tenant: &str, file: &NamedFile) -> String {
        self.dirs
            .of(tenant)
            .join(file.folder())
            .join(file.name())
            .display()
            .to_string()
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
