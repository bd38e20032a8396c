//! Versions of plugins: SemVer 2.0.

/// Bytes of a version, at most.
pub const MAX_LEN: usize = 256;

/// Whether `text` is a version: SemVer 2.0 of at most [`MAX_LEN`] bytes. The one rule for it.
///
/// The semver crate would reject numbers above 2^64, which the grammar of SemVer allows.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    text.len() <= MAX_LEN && is_semver(text.as_bytes())
}

fn is_semver(text: &[u8]) -> bool {
    let (rest, build) = split_once(text, b'+');
    let (core, pre_release) = split_once(rest, b'-');
    let has_parts = |list: Option<&[u8]>, is_part: fn(&[u8]) -> bool| {
        list.is_none_or(|list| list.split(|&byte| byte == b'.').all(is_part))
    };
    core.iter().filter(|&&byte| byte == b'.').count() == 2
        && has_parts(Some(core), is_numeric)
        && has_parts(pre_release, |part| match part.iter().all(u8::is_ascii_digit) {
            true => is_numeric(part),
            false => is_identifier(part),
        })
        && has_parts(build, is_identifier)
}

/// The text before the first `separator` and the text after it.
fn split_once(text: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&byte| byte == separator) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn is_numeric(part: &[u8]) -> bool {
    match part {
        [] | [b'0', _, ..] => false,
        digits => digits.iter().all(u8::is_ascii_digit),
    }
}

fn is_identifier(part: &[u8]) -> bool {
    !part.is_empty()
        && part
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_of_any_length_are_accepted_but_not_versions() {
        assert!(is_valid("99999999999999999999999.0.0"));
        assert!(is_valid(&format!("1.0.0+{}", "a".repeat(250))));
        assert!(!is_valid(&format!("1.0.0+{}", "a".repeat(251))));
    }

    proptest! {
        #[test]
        fn agrees_with_the_semver_crate(version in "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}(-[0-9A-Za-z.-]{0,8})?(\\+[0-9A-Za-z.-]{0,8})?") {
            prop_assert_eq!(is_valid(&version), semver::Version::parse(&version).is_ok(), "{}", version);
        }
    }
}
