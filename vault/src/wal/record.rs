//! One record: how it is sealed, written and found.

use std::ops::Range;

/// Bytes before a payload: CRC, length, sequence.
pub(super) const HEAD: usize = 16;
/// Records begin at multiples of this.
const ALIGNMENT: usize = 8;

/// The id of a log. It is random and secret enough that no payload can imitate a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogId(pub(super) [u8; 16]);

/// What every CRC of one segment begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seal(u32);

/// A valid record within the bytes of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) sequence: u64,
    pub(super) payload: Range<usize>,
}

impl Found {
    /// Where the next record begins.
    pub(super) fn end(&self) -> usize {
        align(self.payload.end)
    }
}

impl Seal {
    pub(super) fn new(id: LogId, number: u64) -> Self {
        Self(crc32c::crc32c_append(
            crc32c::crc32c(&id.0),
            &number.to_le_bytes(),
        ))
    }

    /// The head of a record with a payload in several parts.
    pub(super) fn head(self, sequence: u64, parts: &[&[u8]]) -> [u8; HEAD] {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let mut head = [0; HEAD];
        // A record is some MiB at most; a longer one would not fit a segment.
        head[4..8].copy_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
        head[8..].copy_from_slice(&sequence.to_le_bytes());
        let sum = self.sum(&head[4..], parts);
        head[..4].copy_from_slice(&sum.to_le_bytes());
        head
    }

    /// The valid record that begins at `at`, whatever its sequence; `None` if there is none.
    pub(super) fn read(self, bytes: &[u8], at: usize) -> Option<Found> {
        let (length, sequence) = fields(bytes, at)?;
        self.check(bytes, at, length, sequence)
    }

    /// A valid record behind `from` whose sequence is `least` or higher: what is invalid before it was durable once.
    pub(super) fn find_later(self, bytes: &[u8], from: usize, least: u64) -> Option<usize> {
        let most = least.saturating_add((bytes.len() / HEAD) as u64);
        let starts = (align(from)..bytes.len()).step_by(ALIGNMENT);
        starts.into_iter().find(|at| {
            fields(bytes, *at).is_some_and(|(length, sequence)| {
                (least..most).contains(&sequence) && self.check(bytes, *at, length, sequence).is_some()
            })
        })
    }

    fn check(self, bytes: &[u8], at: usize, length: usize, sequence: u64) -> Option<Found> {
        let payload = at + HEAD..(at + HEAD).checked_add(length)?;
        let content = bytes.get(payload.clone())?;
        let sum = self.sum(bytes.get(at + 4..at + HEAD)?, &[content]);
        (bytes[at..at + 4] == sum.to_le_bytes()).then_some(Found { sequence, payload })
    }

    fn sum(self, fields: &[u8], parts: &[&[u8]]) -> u32 {
        let sum = crc32c::crc32c_append(self.0, fields);
        parts
            .iter()
            .fold(sum, |sum, part| crc32c::crc32c_append(sum, part))
    }
}

/// All valid records with sequences from `first` on, wherever they begin.
pub(super) fn all(seal: Seal, bytes: &[u8], first: u64) -> impl Iterator<Item = Found> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = seal.find_later(bytes, at, first)?;
        let found = seal.read(bytes, start)?;
        at = found.end();
        Some(found)
    })
}

/// Length and sequence; `None` where no record can begin. No payload is empty, so zeros are no record.
fn fields(bytes: &[u8], at: usize) -> Option<(usize, u64)> {
    let head = bytes.get(at..at + HEAD)?;
    let length = u32::from_le_bytes(*head[4..].first_chunk()?) as usize;
    let sequence = u64::from_le_bytes(*head[8..].first_chunk()?);
    let fits = length > 0 && length <= bytes.len() - at - HEAD;
    fits.then_some((length, sequence))
}

/// The next place where a record may begin.
pub(super) fn align(offset: usize) -> usize {
    offset.next_multiple_of(ALIGNMENT)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: LogId = LogId([7; 16]);

    fn written(seal: Seal, sequence: u64, payload: &[u8]) -> Vec<u8> {
        [&seal.head(sequence, &[payload])[..], payload].concat()
    }

    #[test]
    fn the_checksum_is_crc32c() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn a_record_is_valid_in_its_log_and_segment_only() {
        let bytes = written(Seal::new(ID, 3), 9, b"payload");
        let found = Seal::new(ID, 3).read(&bytes, 0).unwrap();
        assert_eq!(
            (found.sequence, &bytes[found.payload.clone()]),
            (9, &b"payload"[..])
        );
        assert_eq!(found.end(), 24);
        assert_eq!(Seal::new(ID, 4).read(&bytes, 0), None);
        assert_eq!(Seal::new(LogId([8; 16]), 3).read(&bytes, 0), None);
    }

    #[test]
    fn zeros_are_no_record() {
        assert_eq!(Seal::new(ID, 1).read(&[0; 64], 0), None);
    }

    proptest! {
        #[test]
        fn any_flipped_bit_and_any_cut_is_noticed(payload in prop::collection::vec(any::<u8>(), 1..300), bit in any::<usize>()) {
            let seal = Seal::new(ID, 1);
            let bytes = written(seal, 5, &payload);
            let mut flipped = bytes.clone();
            let bit = bit % (bytes.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(seal.read(&flipped, 0), None);
            for length in 0..bytes.len() {
                prop_assert_eq!(seal.read(&bytes[..length], 0), None);
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), at in 0_usize..220) {
            let seal = Seal::new(ID, 1);
            prop_assert_eq!(seal.read(&bytes, at), None);
            prop_assert_eq!(seal.find_later(&bytes, at, 0), None);
        }
    }
}
