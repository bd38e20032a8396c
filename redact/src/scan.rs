//! Whether a text has any keyword at all, at a few instructions a byte.
//!
//! Three bytes at each place, letters in one case, are hashed into a small table that says with which keywords a
//! keyword's first three bytes could begin here. Places do not depend on each other, as the states of an automaton do, so
//! the processor works on several at a time. What the table says "perhaps" to is compared in full: the answer is exact.

/// Bits of a hash.
const BITS: u32 = 12;
/// Bytes that are hashed: no keyword may be shorter.
const PREFIX: usize = 3;
/// Places that are looked up before anything is decided.
const STRIDE: usize = 16;

/// Keywords, ready to be looked for.
#[derive(Debug)]
pub(super) struct Scan {
    /// For each hash the number of a list, counted from 1; 0 for none.
    table: Box<[u8; 1 << BITS]>,
    /// Keywords whose first bytes have one hash.
    lists: Vec<Vec<Box<[u8]>>>,
}

impl Scan {
    /// `None` if a keyword is too short, or there are too many.
    pub(super) fn new<'k>(keywords: impl IntoIterator<Item = &'k str>) -> Option<Self> {
        let mut scan = Self {
            table: Box::new([0; 1 << BITS]),
            lists: Vec::new(),
        };
        for keyword in keywords {
            let slot = &mut scan.table[hash(*keyword.as_bytes().first_chunk()?)];
            if *slot == 0 {
                scan.lists.push(Vec::new());
                *slot = u8::try_from(scan.lists.len()).ok()?;
            }
            scan.lists[usize::from(*slot) - 1].push(keyword.as_bytes().into());
        }
        Some(scan)
    }

    /// Whether any keyword stands in `text`, in whatever ASCII case.
    pub(super) fn hits(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mut from = 0;
        // A stride looks at the two bytes behind it as well.
        while let Some(stride) = bytes[from..].first_chunk::<{ STRIDE + PREFIX - 1 }>() {
            if self.perhaps(stride) && self.begins_within(bytes, from, STRIDE) {
                return true;
            }
            from += STRIDE;
        }
        self.begins_within(bytes, from, bytes.len() - from)
    }

    fn perhaps(&self, stride: &[u8; STRIDE + PREFIX - 1]) -> bool {
        let mut any = 0;
        for at in 0..STRIDE {
            any |= self.table[hash([stride[at], stride[at + 1], stride[at + 2]])];
        }
        any != 0
    }

    fn begins_within(&self, bytes: &[u8], from: usize, places: usize) -> bool {
        (from..from + places).any(|at| {
            let Some(first) = bytes[at..].first_chunk() else {
                return false;
            };
            let list = self.table[hash(*first)];
            list != 0
                && self.lists[usize::from(list) - 1]
                    .iter()
                    .any(|keyword| begins(&bytes[at..], keyword))
        })
    }
}

/// Bit 5 tells the two cases of a letter apart. Other characters may become equal by it, which costs a comparison.
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
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;

    const WORDS: [&str; 6] = ["key", "://", "sk-", "secret", "eyj", "contrase"];

    #[test]
    fn keywords_are_found_at_every_place() {
        let scan = Scan::new(WORDS).unwrap();
        for length in 0..60 {
            let plain = ".".repeat(length);
            assert!(!scan.hits(&plain));
            for (word, at) in WORDS
                .iter()
                .flat_map(|word| (0..=length).map(move |at| (word, at)))
            {
                let upper = word.to_ascii_uppercase();
                assert!(scan.hits(&format!("{}{word}{}", &plain[..at], &plain[at..])));
                assert!(scan.hits(&format!("{}{upper}{}", &plain[..at], &plain[at..])));
            }
        }
    }

    #[test]
    fn what_cannot_be_hashed_is_refused() {
        assert!(Scan::new(["ab"]).is_none());
        let many: Vec<String> = (0..3000).map(|n| format!("{n:04}")).collect();
        assert!(Scan::new(many.iter().map(String::as_str)).is_none());
    }

    proptest! {
        #[test]
        fn it_agrees_with_an_automaton(text in "([ks_:/eycrt -]|key|KEY|sec|ñ|ret){0,40}") {
            let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(WORDS).unwrap();
            prop_assert_eq!(Scan::new(WORDS).unwrap().hits(&text), automaton.is_match(&text));
        }
    }
}
