//! A new sorted file in the system's cache.
//!
//! RocksDB has the system drop what it writes of a file that is to be ingested. But blocks of it are asked for soon: for some
//! of the new ids of which the filter in memory is not sure, and whole when files are merged. If they are read from a disk
//! which is busy with syncs, the writer waits for milliseconds each time, a sixth of all its time at full load.

use std::{fs::File, io, path::Path};

/// As much as the system reads ahead at once; of a longer piece it would leave the rest.
#[cfg(target_os = "linux")]
const PIECE: std::num::NonZeroU64 = std::num::NonZeroU64::new(128 << 10).unwrap();

/// Has the system begin to read a sorted file; that it is there is waited for by nobody. Without it all is slower, not wrong.
pub(super) fn begin(path: &Path) {
    let _ = File::open(path).and_then(|file| read_ahead(&file));
}

#[cfg(target_os = "linux")]
fn read_ahead(file: &File) -> io::Result<()> {
    let length = file.metadata()?.len();
    let mut offset = 0;
    while offset < length {
        rustix::fs::fadvise(file, offset, Some(PIECE), rustix::fs::Advice::WillNeed)?;
        offset += PIECE.get();
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn read_ahead(_: &File) -> io::Result<()> {
    Ok(())
}
