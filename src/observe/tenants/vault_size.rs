//! Measures the daily files of a vault.

use std::{collections::BTreeSet, fs, path::Path};

use openclone_vault::SourceType;

/// Daily files and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct VaultSize {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// Measures only the folders of source types, since the rest of the vault belongs to its owner. Unreadable files do not
/// count.
pub(super) fn measure(vault: &Path) -> VaultSize {
    let folders: BTreeSet<_> = SourceType::ALL.into_iter().map(SourceType::folder).collect();
    let entries = folders
        .into_iter()
        .flat_map(|folder| fs::read_dir(vault.join(folder)).into_iter().flatten().flatten());
    let sizes = entries
        .filter(|entry| {
            Path::new(&entry.file_name())
                .extension()
                .is_some_and(|end| end == "md")
        })
        .filter_map(|entry| entry.metadata().ok())
        .filter(fs::Metadata::is_file);
    sizes.fold(VaultSize::default(), |sum, file| VaultSize {
        files: sum.files + 1,
        bytes: sum.bytes + file.len(),
    })
}
