//! BLAKE3 over parts, each as its `u32` little-endian byte length, then its bytes.

use super::EventId;

/// Room for the longest raw_ref with all that goes with it, and for the content of a short event.
const SHORT: usize = 512;

/// Hashes parts. What is short is gathered on the stack and hashed at one go; setting up a streaming hasher costs
/// more than hashing it.
pub(super) struct PartHasher {
    short: [u8; SHORT],
    len: usize,
    long: Option<Box<blake3::Hasher>>,
}

impl Default for PartHasher {
    fn default() -> Self {
        Self {
            short: [0; SHORT],
            len: 0,
            long: None,
        }
    }
}

impl PartHasher {
    pub(super) fn part(&mut self, part: &[u8]) {
        let len = u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes();
        let end = self.len + len.len() + part.len();
        if self.long.is_none()
            && let Some(place) = self.short.get_mut(self.len..end)
        {
            let (first, rest) = place.split_at_mut(len.len());
            first.copy_from_slice(&len);
            rest.copy_from_slice(part);
            self.len = end;
            return;
        }
        let short = &self.short[..self.len];
        let hasher = self.long.get_or_insert_with(|| {
            let mut hasher = Box::new(blake3::Hasher::new());
            hasher.update(short);
            hasher
        });
        hasher.update(&len).update(part);
    }

    pub(super) fn finish(&self) -> EventId {
        let hash = match &self.long {
            Some(hasher) => hasher.finalize(),
            None => blake3::hash(&self.short[..self.len]),
        };
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        EventId(id)
    }
}
