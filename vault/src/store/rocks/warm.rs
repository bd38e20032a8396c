//! A new sorted file in the system's cache.
//!
//! RocksDB has the system drop what it writes of a file that is to be ingested. But blocks of it are asked for soon: for some
//! of the new ids of which the filter in memory is not sure, and whole when files are merged. If they are read from a disk
//! which is busy with syncs, the writer waits for milliseconds each time, a sixth of all its time at full load.

use std::path::Path;

/// Has the system begin to read a sorted file; nobody waits for that. Without it all is slower, not wrong.
pub(super) fn begin(path: &Path) {
    #[cfg(target_os = "linux")]
    if let Ok(file) = std::fs::File::open(path) {
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::WillNeed);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
}
