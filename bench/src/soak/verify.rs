//! Reads the vault: does each event that was acknowledged stand in it exactly once, and nothing else?

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::Path,
};

use serde::Serialize;

/// What the vault holds.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Found {
    pub(crate) acknowledged: u64,
    pub(crate) missing: u64,
    pub(crate) doubled: u64,
    /// Nobody has sent them.
    pub(crate) strange: u64,
}

impl Found {
    pub(super) fn is_right(&self) -> bool {
        self.acknowledged > 0 && self.violations() == 0
    }

    pub(super) fn violations(&self) -> u64 {
        self.missing + self.doubled + self.strange
    }
}

/// `batches` is how many each sender has sent, each of so many `events`.
pub(super) fn read(vault: &Path, batches: &BTreeMap<usize, u64>, events: usize) -> anyhow::Result<Found> {
    let mut seen: BTreeMap<usize, Vec<u8>> = batches
        .iter()
        .map(|(sender, count)| (*sender, vec![0; *count as usize * events]))
        .collect();
    let mut found = Found::default();
    for file in fs::read_dir(vault.join("Audio"))? {
        for line in BufReader::new(File::open(file?.path())?).lines() {
            let line = line?;
            let Some(after) = line.split("[ref:: ").nth(1) else {
                continue;
            };
            let reference = after.split(']').next().unwrap_or_default().trim_matches('"');
            match position(reference, events).and_then(|(sender, at)| seen.get_mut(&sender)?.get_mut(at)) {
                Some(count) => *count = count.saturating_add(1),
                None => found.strange += 1,
            }
        }
    }
    for count in seen.values().flatten() {
        found.acknowledged += 1;
        found.missing += u64::from(*count == 0);
        found.doubled += u64::from(*count > 1);
    }
    Ok(found)
}

/// Sender, and which of its events: `0-sender-batch-position`.
fn position(reference: &str, events: usize) -> Option<(usize, usize)> {
    let mut parts = reference
        .split('-')
        .skip(1)
        .map(|part| part.parse::<usize>().ok());
    let (sender, batch, position) = (parts.next()??, parts.next()??, parts.next()??);
    Some((sender, batch * events + position))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_doubled_or_strange_is_found() {
        let vault = tempfile::tempdir().unwrap();
        let audio = vault.path().join("Audio");
        fs::create_dir(&audio).unwrap();
        let text = "- a [ref:: \"0-4-0-0\"] ^oc-a\n- b [ref:: 0-4-1-1] ^oc-b\n- b [ref:: 0-4-1-1] ^oc-b\n\
                    - c [ref:: 0-4-0-1] ^oc-c\n- d [ref:: 0-9-0-0] ^oc-d\n";
        fs::write(audio.join("2026-01-01.md"), text).unwrap();
        let found = read(vault.path(), &BTreeMap::from([(4, 2)]), 2).unwrap();
        assert_eq!(
            (found.acknowledged, found.missing, found.doubled, found.strange),
            (4, 1, 1, 1)
        );
        assert!(!found.is_right());
    }
}
