//! The form of a key: `oc_<id>_<secret>_<checksum>`.
//!
//! The id (8 of `a-z2-7`) identifies the key in lists and logs and is not secret. The secret has 32 of them, 160 bits. The
//! checksum has 6, from the BLAKE3 hash of everything before it: it detects mistyped and truncated keys without a lookup,
//! and lets scanners recognise leaked keys.

use data_encoding::BASE32_NOPAD;
use secrecy::SecretString;
use uuid::Uuid;

const PREFIX: &str = "oc_";
const ID: usize = 8;
const SECRET: usize = 32;
const CHECKSUM: usize = 6;

/// A newly generated key.
#[derive(Debug)]
pub struct NewKey {
    /// Its id.
    pub id: String,
    /// The complete key.
    pub secret: SecretString,
}

impl NewKey {
    /// Generates a key.
    pub fn generate() -> Self {
        let letters = BASE32_NOPAD.encode(&random()[..30]).to_lowercase();
        let (id, rest) = letters.split_at(ID);
        let body = format!("{PREFIX}{id}_{}", &rest[..SECRET]);
        let secret = format!("{body}_{}", checksum(&body));
        Self {
            id: id.to_owned(),
            secret: secret.into(),
        }
    }
}

/// The id of `key`, if it has the form of a key, checksum included.
pub fn id_of(key: &str) -> Option<&str> {
    let (body, given) = key.rsplit_once('_')?;
    let (id, secret) = body.strip_prefix(PREFIX)?.split_once('_')?;
    let fits = is_id(id) && secret.len() == SECRET && secret.bytes().all(is_letter);
    (fits && checksum(body) == given).then_some(id)
}

/// Whether `text` is a valid id of a key.
pub fn is_id(text: &str) -> bool {
    text.len() == ID && text.bytes().all(is_letter)
}

/// 32 random bytes.
pub(super) fn random() -> [u8; 32] {
    let mut seed = [0_u8; 48];
    for part in seed.chunks_exact_mut(16) {
        part.copy_from_slice(Uuid::new_v4().as_bytes());
    }
    *blake3::hash(&seed).as_bytes()
}

fn checksum(body: &str) -> String {
    let digest = blake3::hash(body.as_bytes());
    let mut text = BASE32_NOPAD.encode(&digest.as_bytes()[..5]).to_lowercase();
    text.truncate(CHECKSUM);
    text
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_lowercase() || (b'2'..=b'7').contains(&byte)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_key_has_its_form_and_every_slip_shows() {
        let key = NewKey::generate();
        let text = key.secret.expose_secret();
        assert_eq!(text.len(), 3 + ID + 1 + SECRET + 1 + CHECKSUM);
        assert_eq!(id_of(text), Some(key.id.as_str()));
        for at in 0..text.len() {
            let mut slip = text.to_owned().into_bytes();
            slip[at] = if slip[at] == b'a' { b'b' } else { b'a' };
            assert_eq!(id_of(&String::from_utf8(slip).unwrap()), None, "{at}");
            assert_eq!(id_of(&text[..at]), None);
        }
        assert_ne!(NewKey::generate().id, key.id);
    }
}
