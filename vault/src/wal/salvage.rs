//! What can still be read of a damaged log.

use std::collections::BTreeMap;

use super::{
    WalError, WalOptions,
    checkpoint::CheckpointFile,
    entries::read_all,
    identity, notes,
    record::{self, LogId, Seal},
    recovery::{group_of, markers_of},
    segment,
};
use crate::{
    fs::{Directory, VaultFs},
    store::{JournalledGroup, Seq},
};

/// Groups of a log that cannot be opened.
#[derive(Debug, Default)]
pub struct Salvage {
    /// Each under a new number, in the order in which they were written. One that was written again is there twice; replay
    /// finds its entries the second time.
    pub groups: Vec<(Seq, JournalledGroup)>,
    /// Records that are known to be missing among them.
    pub lost: u64,
    /// Notes, if all of them can be read.
    pub notes: Vec<(String, Vec<u8>)>,
}

/// Reads all groups that are whole and that may still be needed. Changes nothing.
///
/// # Errors
/// When the directory cannot be read.
pub fn salvage(fs: &dyn VaultFs, options: &WalOptions) -> Result<Salvage, WalError> {
    let Some(directory) = fs.open_directory(&options.dir)? else {
        return Ok(Salvage::default());
    };
    directory.lock()?;
    let checkpoint = CheckpointFile::open(&*directory).ok().flatten();
    let id = checkpoint.as_ref().map(|(_, id)| *id);
    // Without a checkpoint number all that is kept may be needed.
    let (segment, sequence) = checkpoint.map_or((0, 0), |(file, _)| {
        (file.position.segment, file.position.sequence)
    });
    let mut found = BTreeMap::new();
    for name in directory.names()? {
        if name.ends_with(".wal") {
            read_segment(&*directory, &name, id, segment, &mut found)?;
        }
    }
    let mut salvaged = collect(found.split_off(&sequence));
    salvaged.notes = id.map_or_else(Vec::new, |id| notes::read(&*directory, id));
    Ok(salvaged)
}

/// Forgets the id of a log that was moved away, so that the next opening creates a new one.
///
/// # Errors
/// When the home cannot be written.
pub fn forget_log(fs: &dyn VaultFs, options: &WalOptions) -> Result<(), WalError> {
    identity::remove_id(fs, options)
}

fn read_segment(
    directory: &dyn Directory,
    name: &str,
    known: Option<LogId>,
    least: u64,
    found: &mut BTreeMap<u64, JournalledGroup>,
) -> Result<(), WalError> {
    let Some(file) = directory.open(name)? else {
        return Ok(());
    };
    let bytes = read_all(&*file)?;
    let Some((header, id)) = segment::identify(&bytes) else {
        return Ok(());
    };
    if header.number < least || known.is_some_and(|known| known != id) {
        return Ok(());
    }
    let seal = Seal::new(id, header.number);
    let mut markers: BTreeMap<u64, Vec<u8>> = markers_of(directory, name, seal)?.into_iter().collect();
    for record in record::all(seal, &bytes, header.first) {
        if let Some((_, content)) = group_of(&bytes[record.payload.clone()]) {
            let group = JournalledGroup {
                record: content.to_vec(),
                marker: markers.remove(&record.sequence),
            };
            found.insert(record.sequence, group);
        }
    }
    Ok(())
}

fn collect(found: BTreeMap<u64, JournalledGroup>) -> Salvage {
    let span = match (found.keys().next(), found.keys().next_back()) {
        (Some(first), Some(last)) => last - first + 1,
        _ => 0,
    };
    Salvage {
        lost: span - found.len() as u64,
        groups: (1..).zip(found.into_values()).collect(),
        notes: Vec::new(),
    }
}
