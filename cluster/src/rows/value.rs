//! Values of rows.
//!
//! Entries are zstd behind a format byte. Decompressed, each list is preceded by its length as a little-endian `u32`:
//! folder, day (year as `u16`, month, day), header, ids (16 bytes each), ends (`u32` each), hours, bytes. Folder and day
//! repeat what the `f` row's key says, so that all other rows can be rebuilt from the entries.

use openclone_core::event_id::EventId;

use crate::{
    batch::{Day, FilePart},
    error::EngineError,
};

/// The format of entries.
const FORMAT: u8 = 1;
/// No group has more bytes, so a larger length is damage.
const MAX_LEN: usize = 64 << 20;
const LEVEL: i32 = 1;

/// What is known of an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdState {
    /// Its entry is in the row with this sequence.
    Stored(u64),
    /// Its entry was removed on request, and is not accepted again.
    Forgotten,
}

/// Totals of a tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// The sequence of the next entry row.
    pub next: u64,
    /// Events stored.
    pub events: u64,
    /// Bytes of entries stored.
    pub bytes: u64,
}

/// Encodes what is known of an id.
#[must_use]
pub fn encode_id(state: IdState) -> Vec<u8> {
    match state {
        IdState::Forgotten => vec![0],
        IdState::Stored(sequence) => std::iter::once(1).chain(sequence.to_be_bytes()).collect(),
    }
}

/// Decodes what is known of an id.
///
/// # Errors
/// [`EngineError::Damaged`]
pub fn decode_id(value: &[u8]) -> Result<IdState, EngineError> {
    match value {
        [0] => Ok(IdState::Forgotten),
        [1, sequence @ ..] => {
            let sequence = <[u8; 8]>::try_from(sequence).map_err(|_| damaged("an id row"))?;
            Ok(IdState::Stored(u64::from_be_bytes(sequence)))
        }
        _ => Err(damaged("an id row")),
    }
}

/// Encodes totals.
#[must_use]
pub fn encode_totals(totals: Totals) -> Vec<u8> {
    [totals.next, totals.events, totals.bytes]
        .into_iter()
        .flat_map(u64::to_be_bytes)
        .collect()
}

/// Decodes totals.
///
/// # Errors
/// [`EngineError::Damaged`]
pub fn decode_totals(value: &[u8]) -> Result<Totals, EngineError> {
    let (chunks, rest) = value.as_chunks::<8>();
    match (chunks, rest) {
        ([next, events, bytes], []) => Ok(Totals {
            next: u64::from_be_bytes(*next),
            events: u64::from_be_bytes(*events),
            bytes: u64::from_be_bytes(*bytes),
        }),
        _ => Err(damaged("a row of totals")),
    }
}

/// Encodes the entries of one batch for one daily file.
///
/// # Errors
/// When compression fails.
pub fn encode_entries(part: &FilePart) -> Result<Vec<u8>, EngineError> {
    let mut plain = Vec::with_capacity(part.bytes.len() + part.header.len() + part.ids.len() * 21 + 64);
    list(&mut plain, part.folder.as_bytes());
    plain.extend(part.day.year.to_le_bytes());
    plain.extend([part.day.month, part.day.day]);
    list(&mut plain, &part.header);
    list(
        &mut plain,
        &part.ids.iter().flat_map(|id| id.0).collect::<Vec<_>>(),
    );
    list(
        &mut plain,
        &part
            .ends
            .iter()
            .flat_map(|end| end.to_le_bytes())
            .collect::<Vec<_>>(),
    );
    list(&mut plain, &part.hours);
    list(&mut plain, &part.bytes);
    let compressed =
        zstd::bulk::compress(&plain, LEVEL).map_err(|error| EngineError::Store(error.to_string()))?;
    let mut value = vec![FORMAT];
    value.extend(u32::try_from(plain.len()).unwrap_or(u32::MAX).to_le_bytes());
    value.extend(compressed);
    Ok(value)
}

/// Decodes entries.
///
/// # Errors
/// [`EngineError::Damaged`]
pub fn decode_entries(value: &[u8]) -> Result<FilePart, EngineError> {
    decode(value).ok_or_else(|| damaged("a row of entries"))
}

fn decode(value: &[u8]) -> Option<FilePart> {
    let (format, rest) = value.split_first()?;
    let (length, compressed) = rest.split_first_chunk::<4>()?;
    let length = u32::from_le_bytes(*length) as usize;
    if *format != FORMAT || length > MAX_LEN {
        return None;
    }
    let plain = zstd::bulk::decompress(compressed, length).ok()?;
    let mut rest = &plain[..];
    let folder = String::from_utf8(take_list(&mut rest)?.to_vec()).ok()?;
    let ([y0, y1, month, day], tail) = rest.split_first_chunk::<4>()?;
    rest = tail;
    let day = Day {
        year: u16::from_le_bytes([*y0, *y1]),
        month: *month,
        day: *day,
    };
    let header = take_list(&mut rest)?.to_vec();
    let (ids, ids_rest) = take_list(&mut rest)?.as_chunks::<16>();
    let (ends, ends_rest) = take_list(&mut rest)?.as_chunks::<4>();
    let part = FilePart {
        folder,
        day,
        header,
        ids: ids.iter().map(|id| EventId(*id)).collect(),
        ends: ends.iter().map(|end| u32::from_le_bytes(*end)).collect(),
        hours: take_list(&mut rest)?.to_vec(),
        bytes: take_list(&mut rest)?.to_vec(),
    };
    (rest.is_empty() && ids_rest.is_empty() && ends_rest.is_empty()).then_some(part)
}

fn list(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend(u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn take_list<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    let (taken, tail) = tail.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = tail;
    Some(taken)
}

fn damaged(what: &str) -> EngineError {
    EngineError::Damaged(format!("{what} cannot be decoded"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entries_survive_encoding(entries in prop::collection::vec((any::<[u8; 16]>(), "[a-zé]{0,20}\n", 0_u8..24), 1..20)) {
            let mut part = FilePart {
                folder: "Música".to_owned(),
                day: Day { year: 2026, month: 2, day: 28 },
                header: b"---\ndate: 2026-02-28\n---\n".to_vec(),
                ids: vec![], ends: vec![], hours: vec![], bytes: vec![],
            };
            for (id, text, hour) in entries {
                part.ids.push(EventId(id));
                part.bytes.extend(text.as_bytes());
                part.ends.push(u32::try_from(part.bytes.len()).unwrap());
                part.hours.push(hour);
            }
            prop_assert_eq!(decode_entries(&encode_entries(&part).unwrap()).unwrap(), part);
        }

        #[test]
        fn decoding_garbage_fails_without_a_panic(mut value in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(first) = value.first_mut() {
                *first = FORMAT;
            }
            prop_assert!(decode_entries(&value).is_err());
        }

        #[test]
        fn ids_and_totals_survive_encoding(next: u64, events: u64, bytes: u64) {
            let totals = Totals { next, events, bytes };
            prop_assert_eq!(decode_totals(&encode_totals(totals)).unwrap(), totals);
            let stored = IdState::Stored(next);
            prop_assert_eq!(decode_id(&encode_id(stored)).unwrap(), stored);
        }
    }

    #[test]
    fn forgotten_ids_and_damage_are_told_apart() {
        assert_eq!(decode_id(&encode_id(IdState::Forgotten)), Ok(IdState::Forgotten));
        for damage in [&b""[..], b"\x01", b"\x02", b"\x00\x00"] {
            assert!(decode_id(damage).is_err());
        }
        assert!(decode_totals(b"short").is_err());
    }
}
