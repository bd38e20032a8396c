//! Finds every keyword of the rules in one pass over a text, at a few instructions a byte.
//!
//! Three bytes at each position, letters in one case, are hashed into a bitmap that says whether a keyword may begin
//! there. Positions do not depend on each other, as the states of an automaton do, so the processor works on several at a
//! time. A position that the bitmap admits is compared in full with the few keywords of its hash.

/// Bits of a hash.
const BITS: u32 = 15;
/// Bytes that are hashed; no keyword may be shorter.
pub(crate) const PREFIX: usize = 3;
/// Positions that are looked up before anything is decided.
const STRIDE: usize = 16;

/// Keywords, ready to be searched for.
#[derive(Debug)]
pub(crate) struct Keywords {
    bitmap: Box<[u8; 1 << (BITS - 3)]>,
    /// For each hash the number of its list, counted from 1; 0 for none.
    slots: Box<[u16]>,
    /// Keywords with one hash, each with its number.
    lists: Vec<Vec<(Box<[u8]>, usize)>>,
}

impl Keywords {
    /// Numbers the keywords in their order. `None` if a keyword is shorter than [`PREFIX`] bytes.
    pub(crate) fn new<'k>(keywords: impl IntoIterator<Item = &'k str>) -> Option<Self> {
        let mut all = Self {
            bitmap: Box::new([0; 1 << (BITS - 3)]),
            slots: vec![0; 1 << BITS].into_boxed_slice(),
            lists: Vec::new(),
        };
        for (number, keyword) in keywords.into_iter().enumerate() {
            let hash = hash(*keyword.as_bytes().first_chunk()?);
            all.bitmap[hash >> 3] |= 1 << (hash & 7);
            if all.slots[hash] == 0 {
                all.lists.push(Vec::new());
                all.slots[hash] = u16::try_from(all.lists.len()).ok()?;
            }
            all.lists[usize::from(all.slots[hash]) - 1].push((keyword.as_bytes().into(), number));
        }
        Some(all)
    }

    /// Whether `text` contains any keyword, in any ASCII case.
    pub(crate) fn any(&self, text: &str) -> bool {
        let mut found = false;
        self.search(text.as_bytes(), |_, _| {
            found = true;
            false
        });
        found
    }

    /// Calls `found` with the position and the number of each keyword, from left to right.
    pub(crate) fn each(&self, text: &str, mut found: impl FnMut(usize, usize)) {
        self.search(text.as_bytes(), |at, number| {
            found(at, number);
            true
        });
    }

    /// Ends early when `found` returns false.
    fn search(&self, bytes: &[u8], mut found: impl FnMut(usize, usize) -> bool) {
        let mut from = 0;
        // A stride also reads the two bytes behind it.
        while let Some(stride) = bytes[from..].first_chunk::<{ STRIDE + PREFIX - 1 }>() {
            if self.admits(stride) && !self.compare(bytes, from..from + STRIDE, &mut found) {
                return;
            }
            from += STRIDE;
        }
        self.compare(bytes, from..bytes.len(), &mut found);
    }

    fn admits(&self, stride: &[u8; STRIDE + PREFIX - 1]) -> bool {
        let mut any = 0;
        for at in 0..STRIDE {
            let hash = hash([stride[at], stride[at + 1], stride[at + 2]]);
            any |= self.bitmap[hash >> 3] >> (hash & 7);
        }
        any & 1 != 0
    }

    fn compare(
        &self,
        bytes: &[u8],
        positions: std::ops::Range<usize>,
        found: &mut impl FnMut(usize, usize) -> bool,
    ) -> bool {
        for at in positions {
            let Some(first) = bytes[at..].first_chunk() else {
                return true;
            };
            let hash = hash(*first);
            if self.bitmap[hash >> 3] >> (hash & 7) & 1 == 0 {
                continue;
            }
            for (keyword, number) in &self.lists[usize::from(self.slots[hash]) - 1] {
                if begins(&bytes[at..], keyword) && !found(at, *number) {
                    return false;
                }
            }
        }
        true
    }
}

/// Bit 5 distinguishes the two cases of a letter. Other characters may become equal by it, which costs a comparison.
fn hash(first: [u8; PREFIX]) -> usize {
    let folded = u32::from_le_bytes([first[0], first[1], first[2], 0]) | 0x0020_2020;
    (folded.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

fn begins(bytes: &[u8], keyword: &[u8]) -> bool {
    bytes
        .get(..keyword.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(keyword))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 6] = ["key", "://", "sk-", "secret", "eyj", "contrase"];

    #[test]
    fn keywords_are_found_at_every_position() {
        let keywords = Keywords::new(WORDS).unwrap();
        for length in 0..60 {
            let plain = ".".repeat(length);
            assert!(!keywords.any(&plain));
            for (word, at) in WORDS
                .iter()
                .flat_map(|word| (0..=length).map(move |at| (word, at)))
            {
                let upper = word.to_ascii_uppercase();
                assert!(keywords.any(&format!("{}{word}{}", &plain[..at], &plain[at..])));
                assert!(keywords.any(&format!("{}{upper}{}", &plain[..at], &plain[at..])));
            }
        }
    }

    #[test]
    fn a_keyword_that_cannot_be_hashed_is_rejected() {
        assert!(Keywords::new(["ab"]).is_none());
        let many: Vec<String> = (0..3000).map(|n| format!("{n:04}")).collect();
        assert!(
            Keywords::new(many.iter().map(String::as_str))
                .unwrap()
                .any("2999")
        );
    }

    proptest! {
        #[test]
        fn every_occurrence_is_reported(text in "([ks_:/eycrt -]|key|KEY|sec|ñ|ret){0,40}") {
            let mut found = Vec::new();
            Keywords::new(WORDS).unwrap().each(&text, |at, number| found.push((at, number)));
            let lower = text.to_ascii_lowercase();
            let mut expected: Vec<(usize, usize)> = WORDS
                .iter()
                .enumerate()
                .flat_map(|(number, word)| (0..text.len())
                    .filter(|at| lower.as_bytes()[*at..].starts_with(word.as_bytes()))
                    .map(move |at| (at, number))
                    .collect::<Vec<_>>())
                .collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
