//! Ids of events: an event whose id was stored before is skipped, for ever.
//!
//! 128 bits of BLAKE3 over parts, each as its `u32` little-endian byte length, then its bytes:
//! - with a `raw_ref`: `"ref"`, tenant, source_type, plugin_id, raw_ref;
//! - without: `"content"`, tenant, source_type, plugin_id, device_id, the timestamp in decimal nanoseconds, and the
//!   data as canonical JSON: keys sorted by bytes, no spaces, strings with only `"`, `\` and control characters
//!   escaped, numbers as [`crate::json::Number`] has them.
//!
//! Written in RFC 4648 base32, lower-case, without padding.

mod part_hasher;

use std::{cell::RefCell, fmt, str::FromStr};

use part_hasher::PartHasher;

use crate::{
    SourceType,
    json::{self, Form, Object},
};

/// Characters of an id in its text form.
pub const TEXT_LEN: usize = 26;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Larger buffers are freed after use.
const KEPT: usize = 256 << 10;

thread_local! {
    static BUFFER: RefCell<String> = const { RefCell::new(String::new()) };
}

/// 128 bits of BLAKE3; shown as 26 characters of `a-z2-7`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub [u8; 16]);

/// The text is not an event id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event id is 26 characters of a-z and 2-7, the last one of aeimquy4")]
pub struct ParseIdError;

impl EventId {
    /// The id of an event that its plugin named.
    #[must_use]
    pub fn from_ref(tenant: &str, source_type: SourceType, plugin_id: &str, raw_ref: &str) -> Self {
        let mut hasher = PartHasher::default();
        for part in ["ref", tenant, source_type.as_str(), plugin_id, raw_ref] {
            hasher.part(part.as_bytes());
        }
        hasher.finish()
    }

    /// The id of an event without a raw_ref. `timestamp_micros`: Unix microseconds.
    #[must_use]
    pub fn from_content(
        tenant: &str,
        source_type: SourceType,
        plugin_id: &str,
        device_id: &str,
        timestamp_micros: i64,
        data: &Object<'_>,
    ) -> Self {
        let mut hasher = PartHasher::default();
        for part in ["content", tenant, source_type.as_str(), plugin_id, device_id] {
            hasher.part(part.as_bytes());
        }
        let mut canonical = BUFFER.take();
        canonical.clear();
        // Nanoseconds of any i64 of microseconds need more than 64 bits.
        let _ = fmt::write(
            &mut canonical,
            format_args!("{}", i128::from(timestamp_micros) * 1000),
        );
        hasher.part(canonical.as_bytes());
        canonical.clear();
        json::write_object(&mut canonical, data, Form::Canonical);
        hasher.part(canonical.as_bytes());
        if canonical.capacity() <= KEPT {
            BUFFER.set(canonical);
        }
        hasher.finish()
    }

    /// The text form.
    #[must_use]
    pub fn to_text(self) -> [u8; TEXT_LEN] {
        let bits = u128::from_be_bytes(self.0);
        let mut text = [0; TEXT_LEN];
        for (index, character) in text.iter_mut().enumerate() {
            // 26 characters hold 130 bits: the last one carries three bits and two zeros.
            let five = if index < 25 {
                bits >> (123 - 5 * index)
            } else {
                bits << 2
            };
            *character = ALPHABET[(five & 31) as usize];
        }
        text
    }

    /// Parses the text form.
    #[must_use]
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let text: &[u8; TEXT_LEN] = text.try_into().ok()?;
        let mut bits = 0_u128;
        for &character in &text[..25] {
            bits = bits << 5 | u128::from(digit(character)?);
        }
        let last = digit(text[25])?;
        // Only one text is accepted for each id.
        if last & 3 != 0 {
            return None;
        }
        Some(Self((bits << 3 | u128::from(last >> 2)).to_be_bytes()))
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'a'..=b'z' => Some(character - b'a'),
        b'2'..=b'7' => Some(character - b'2' + 26),
        _ => None,
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_text()
            .iter()
            .try_for_each(|&character| fmt::Write::write_char(f, char::from(character)))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EventId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        Self::from_text(text.as_bytes()).ok_or(ParseIdError)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn documented_vectors() {
        let audio = SourceType::AudioSystem;
        let reference = "chunk-2026-02-18-14h30-001";
        let id = EventId::from_ref("default", audio, "openclone-mac-audio", reference);
        assert_eq!(id.to_string(), "kn6ndbcruwb2smnw4m5xxcmfju");

        let id = EventId::from_ref("default", SourceType::Braindump, "my-plugin", "e1");
        assert_eq!(id.to_string(), "lvbogv4zzntfcomeayfzfotehq");

        let data = Object::parse(r#"{"text": "Hello!", "mood": 1.0}"#).unwrap();
        let micros = 1_708_258_800_000_000;
        let braindump = SourceType::Braindump;
        let id = EventId::from_content("default", braindump, "my-plugin", "test-001", micros, &data);
        assert_eq!(id.to_string(), "gxotae3i3xjpsj7y2rex7wv5tm");
    }

    #[test]
    fn parts_are_delimited() {
        let one = EventId::from_ref("a", SourceType::Notes, "bc", "d");
        let other = EventId::from_ref("a", SourceType::Notes, "b", "cd");
        assert_ne!(one, other);
    }

    #[test]
    fn short_and_long_parts_are_hashed_alike() {
        for len in [0, 900, 950, 1000, 1024, 5000] {
            let reference = "x".repeat(len);
            let mut whole = Vec::new();
            for part in ["ref", "t", "notes", "p", &reference] {
                whole.extend_from_slice(&u32::try_from(part.len()).unwrap().to_le_bytes());
                whole.extend_from_slice(part.as_bytes());
            }
            let id = EventId::from_ref("t", SourceType::Notes, "p", &reference);
            assert_eq!(id.0, blake3::hash(&whole).as_bytes()[..16], "{len}");
        }
    }

    #[test]
    fn invalid_ids_are_rejected() {
        let id = "kn6ndbcruwb2smnw4m5xxcmfju";
        assert!(id.parse::<EventId>().is_ok());
        for bad in [
            "",
            "kn6ndbcruwb2smnw4m5xxcmfj",
            "kn6ndbcruwb2smnw4m5xxcmfjua",
            "kn6ndbcruwb2smnw4m5xxcmfjv",
        ] {
            assert_eq!(bad.parse::<EventId>(), Err(ParseIdError), "{bad}");
        }
        assert!(id.to_uppercase().parse::<EventId>().is_err());
        assert!(id.replace('6', "1").parse::<EventId>().is_err());
    }

    proptest! {
        #[test]
        fn text_form_round_trips(bytes: [u8; 16]) {
            let id = EventId(bytes);
            prop_assert_eq!(id.to_string().parse::<EventId>(), Ok(id));
        }

        #[test]
        fn each_id_has_one_text_form(text in "[a-z2-7]{26}") {
            if let Ok(id) = text.parse::<EventId>() {
                prop_assert_eq!(id.to_string(), text);
            }
        }
    }
}
