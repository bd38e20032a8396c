//! Tells a secret from an ordinary word.

/// Whether there is an ASCII digit in it.
pub(super) fn has_digit(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether it looks made by a machine: letters with digits, or with capitals inside, and varied enough.
pub(super) fn looks_random(value: &str) -> bool {
    let letters = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    letters && (has_digit(value) || capital_inside(value)) && entropy(value) >= 2.8
}

/// Whether it reads as a word of prose: letters, hyphens, apostrophes and underscores, and capitals only in front or
/// throughout.
pub(super) fn is_word(value: &str) -> bool {
    value
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, '-' | '_' | '\'' | '\u{2019}'))
        && !capital_inside(value)
}

/// Whether it stands for a secret without being one: `****`, `$NAME`, `${name}`, `{{name}}`, `<name>`, `%NAME%`.
pub(super) fn is_placeholder(value: &str) -> bool {
    let mut chars = value.chars();
    let first = chars.next();
    if chars.all(|c| Some(c) == first) {
        return true;
    }
    let variable = |name: &str| {
        name.bytes()
            .all(|b| b == b'_' || b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    value.strip_prefix('$').is_some_and(variable)
        || ["${", "$(", "{{"].iter().any(|open| value.starts_with(open))
        || [("{", "}"), ("<", ">"), ("%", "%")]
            .iter()
            .any(|(open, close)| value.starts_with(open) && value.ends_with(close))
}

/// Whether it is code that fetches a secret: `os.environ`, `get_password(`.
pub(super) fn is_code(value: &str) -> bool {
    let name = value.split('(').next().unwrap_or_default();
    let letters = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
    name.split('.').all(letters) && (value.len() > name.len() || name.contains('.'))
}

/// Whether a capital follows a small letter.
fn capital_inside(value: &str) -> bool {
    value
        .as_bytes()
        .windows(2)
        .any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

/// Shannon entropy in bits a byte, 0 to 8.
fn entropy(value: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in value.bytes() {
        counts[usize::from(byte)] += 1;
    }
    let total = value.len() as f64;
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| f64::from(count) / total)
        .map(|p| -p * p.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_or_not() {
        for random in ["q7Zr2xW9kP", "dGhpcyBpcyBub3Q", "9f86d081884c7d65"] {
            assert!(looks_random(random), "{random}");
        }
        for plain in [
            "internationalisation",
            "1708258800.0",
            "aaaaaaaaaa1",
            "Constantinople",
            "",
        ] {
            assert!(!looks_random(plain), "{plain}");
        }
    }

    #[test]
    fn code() {
        for value in [
            "os.environ",
            "get_password(",
            "settings.SECRET",
            "vault.read(path",
        ] {
            assert!(is_code(value), "{value}");
        }
        for value in ["swordfish", "hunter2.x", ".x", "tr0ub4dor(3"] {
            assert!(!is_code(value), "{value}");
        }
    }

    #[test]
    fn placeholders() {
        for value in [
            "****",
            "xxxxxx",
            "$DB_PASSWORD",
            "${secret}",
            "{{ key }}",
            "<your-key>",
            "%PASS%",
            "$(pass x)",
        ] {
            assert!(is_placeholder(value), "{value}");
        }
        for value in ["$ecret1", "hunter2", "<3cats", "{x"] {
            assert!(!is_placeholder(value), "{value}");
        }
    }
}
