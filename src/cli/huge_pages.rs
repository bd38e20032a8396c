//! Decides whether the allocator may use huge pages.
//!
//! The allocator requests huge pages and gives each thread its own region, so a thread that holds some KiB costs 2 MiB: half
//! of the memory of an idle service. Huge pages pay off only for a large index: lookups hit random positions of a filter of
//! 100 MiB, and huge pages keep the misses of the TLB low.

use std::path::Path;

/// The size of a large database, about four million ids.
#[cfg(any(target_os = "linux", test))]
const LARGE: u64 = 100 << 20;

/// Disables huge pages unless the database in `db` is large. Call it before starting threads; existing allocations are not
/// affected. Without support of the system it has no effect.
#[cfg(target_os = "linux")]
pub(super) fn configure(db: Option<&Path>) {
    if db.is_none_or(|db| size(db) < LARGE) {
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn configure(_: Option<&Path>) {}

/// Total size of the files in a directory; 0 if it cannot be read.
#[cfg(any(target_os = "linux", test))]
fn size(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn size_of_a_database_is_that_of_its_files() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(size(&home.path().join("db")), 0);
        for (name, length) in [("000004.sst", 60 << 20), ("000005.log", 40 << 20)] {
            let file = std::fs::File::create(home.path().join(name)).unwrap();
            file.set_len(length).unwrap();
        }
        assert_eq!(size(home.path()), LARGE);
    }
}
