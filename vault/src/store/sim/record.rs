//! Records of the simulated log.
//!
//! `u32` length of the payload, 8 bytes of its BLAKE3, payload: a kind byte, then the fields; numbers are little-endian.
//! No payload is empty, so zeros are no record.

use crate::{event_id::EventId, store::Seq};

/// Length and checksum, in bytes.
const HEAD: usize = 12;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    Group(Seq, Vec<u8>),
    Marker(Seq, Vec<u8>),
    Ids(Vec<EventId>),
    Forget(Vec<Seq>),
    Note(String, Vec<u8>),
}

/// A record as it stands in the log.
pub(super) fn write(record: &Record) -> Vec<u8> {
    let payload = payload(record);
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
    let mut bytes = length.to_le_bytes().to_vec();
    bytes.extend(checksum(&payload));
    bytes.extend(payload);
    bytes
}

/// The first record and what follows it; `None` at the end, or where it is torn or wrong.
pub(super) fn read(log: &[u8]) -> Option<(Record, &[u8])> {
    let (head, rest) = log.split_at_checked(HEAD)?;
    let (length, sum) = head.split_first_chunk::<4>()?;
    let (payload, after) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    if checksum(payload) != sum {
        return None;
    }
    Some((parse(payload)?, after))
}

fn payload(record: &Record) -> Vec<u8> {
    match record {
        Record::Group(seq, group) => [b"g", seq.to_le_bytes().as_slice(), group].concat(),
        Record::Marker(seq, marker) => [b"m", seq.to_le_bytes().as_slice(), marker].concat(),
        Record::Ids(ids) => [b"i".to_vec(), ids.iter().flat_map(|id| id.0).collect()].concat(),
        Record::Forget(groups) => [
            b"f".to_vec(),
            groups.iter().flat_map(|seq| seq.to_le_bytes()).collect(),
        ]
        .concat(),
        Record::Note(name, note) => {
            let length = (name.len() as u64).to_le_bytes();
            [b"n", length.as_slice(), name.as_bytes(), note].concat()
        }
    }
}

fn parse(payload: &[u8]) -> Option<Record> {
    let (kind, fields) = payload.split_first()?;
    Some(match kind {
        b'g' => number(fields).map(|(seq, group)| Record::Group(seq, group.to_vec()))?,
        b'm' => number(fields).map(|(seq, marker)| Record::Marker(seq, marker.to_vec()))?,
        b'i' => Record::Ids(fields.as_chunks::<16>().0.iter().copied().map(EventId).collect()),
        b'f' => Record::Forget(
            fields
                .as_chunks::<8>()
                .0
                .iter()
                .copied()
                .map(u64::from_le_bytes)
                .collect(),
        ),
        b'n' => {
            let (length, rest) = number(fields)?;
            let (name, note) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Record::Note(String::from_utf8(name.to_vec()).ok()?, note.to_vec())
        }
        _ => return None,
    })
}

fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*number), rest))
}

fn checksum(payload: &[u8]) -> [u8; 8] {
    let mut sum = [0; 8];
    sum.copy_from_slice(&blake3::hash(payload).as_bytes()[..8]);
    sum
}
