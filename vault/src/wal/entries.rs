//! Small files of records that are only appended to: applied markers and notes.

use std::io;

use super::{
    WalError,
    record::{Found, Seal, align},
};
use crate::fs::VaultFile;

/// Appends a record; not durable.
pub(super) fn append(file: &mut dyn VaultFile, seal: Seal, sequence: u64, payload: &[u8]) -> io::Result<()> {
    let mut bytes = seal.head(sequence, &[payload]).to_vec();
    bytes.extend_from_slice(payload);
    bytes.resize(align(bytes.len()), 0);
    append_all(file, &bytes)
}

/// The valid records from the beginning of `bytes` on.
pub(super) fn read(seal: Seal, bytes: &[u8]) -> Vec<Found> {
    let mut at = 0;
    let next = || {
        let found = seal.read(bytes, at)?;
        at = found.end();
        Some(found)
    };
    std::iter::from_fn(next).collect()
}

/// All bytes of a file.
pub(super) fn read_all(file: &dyn VaultFile) -> Result<Vec<u8>, WalError> {
    let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(usize::MAX)];
    let count = file.read_at(0, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// Appends all of `bytes`, with more than one write if need be.
pub(super) fn append_all(file: &mut dyn VaultFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = file.append(bytes)?.written;
        if written == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        bytes = &bytes[written..];
    }
    Ok(())
}
