//! Huge pages or small ones.
//!
//! The allocator asks the system for huge pages, and gives each thread a region of its own. A thread that holds some KiB
//! costs 2 MiB then: half of the memory of a service with little to do. Only with many ids in the index are they worth it:
//! a filter of a hundred MiB is looked at in random places, and the processor remembers where few small pages are.

use std::path::Path;

/// From so many bytes of database on, about four million ids.
#[cfg(any(target_os = "linux", test))]
const LARGE: u64 = 100 << 20;

/// Does without huge pages unless the database in `db` is large. To be called before there are threads; what has been
/// allocated before stays as it is. A system that cannot be told goes on as it likes.
#[cfg(target_os = "linux")]
pub(super) fn choose(db: Option<&Path>) {
    if db.is_none_or(|db| size(db) < LARGE) {
        let _ = rustix::thread::disable_transparent_huge_pages(true);
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn choose(_: Option<&Path>) {}

/// Bytes of the files in a directory; none if it cannot be read.
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
    fn a_database_is_as_large_as_its_files() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(size(&home.path().join("db")), 0);
        for (name, length) in [("000004.sst", 60 << 20), ("000005.log", 40 << 20)] {
            let file = std::fs::File::create(home.path().join(name)).unwrap();
            file.set_len(length).unwrap();
        }
        assert_eq!(size(home.path()), LARGE);
    }
}
