//! Opens the vaults with the options of the service, and their maintenance.

use openclone_vault::{
    CheckpointPolicy, OpenError, Options, Vault, VaultDirs, WalOptions,
    maintenance::{Maintenance, MaintenanceError},
};
use rustix::process::{Resource, getrlimit};
use tracing::warn;

use super::Opener;
use crate::config::{Config, home::Home};

/// Rebuilds a missing index from the vaults first: without it, resent events would be stored again, including deleted ones.
pub(super) fn open_vault(
    options: Options,
    opener: Opener,
    maintenance: &Maintenance,
) -> Result<Vault, OpenError> {
    match maintenance.reindex_if_gone() {
        Ok(None) => {}
        Ok(Some(done)) => {
            warn!(
                ids = done.after,
                files = done.files,
                "the database was missing, rebuilt its index from the vault"
            );
            if let Some((what, reason)) = done.unread.first() {
                warn!(
                    what,
                    reason,
                    others = done.unread.len() - 1,
                    "cannot read a part of the vault"
                );
            }
        }
        Err(MaintenanceError::Open(error)) => return Err(error),
        Err(error) => {
            return Err(OpenError::Database {
                path: options.db,
                reason: format!("the database is missing and its index cannot be rebuilt: {error}"),
            });
        }
    }
    opener(options)
}

/// The options of the vaults.
pub(crate) fn vault_options(config: &Config, home: &Home) -> Options {
    Options {
        db: home.db(),
        wal: WalOptions {
            keep_for: config.vault.keep_log_for,
            keep_bytes: config.vault.keep_log_bytes,
            ..WalOptions::new(home.wal())
        },
        dirs: VaultDirs {
            default: config.vault.dir.clone().unwrap_or_else(|| home.vault()),
            tenants: home.tenants(),
        },
        min_free: config.vault.min_free,
        checkpoint: CheckpointPolicy::default(),
        open_files: open_files(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)),
    }
}

/// The number of daily files that may be open, for a limit of file descriptors.
pub(crate) fn open_files(descriptors: u64) -> usize {
    usize::try_from(descriptors / 64)
        .unwrap_or(usize::MAX)
        .clamp(16, 256)
}

/// Maintenance of the same vaults.
pub(crate) fn maintenance(options: &Options, home: &Home) -> Maintenance {
    Maintenance::new(
        options.db.clone(),
        options.wal.clone(),
        options.dirs.clone(),
        home.forgotten(),
    )
}
