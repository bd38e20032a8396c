//! Tells a secret from a word, an identifier, a placeholder and code.

mod prose;

pub(crate) use prose::{is_label, is_state, is_type};

/// Bytes of a value that are judged; a longer one is judged by its beginning, so that judging stays linear.
pub(crate) const JUDGED: usize = 96;

/// More equal characters in a row than a secret has.
const ROW: usize = 12;

/// Whether it contains an ASCII digit.
pub(crate) fn has_digit(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
}

/// Whether it has as many different characters as a secret, and a placeholder such as `xxxx` has not.
pub(crate) fn varied(value: &str) -> bool {
    let mut seen = [false; 256];
    let (mut different, mut row, mut before) = (0, 0, None);
    for &byte in value.as_bytes().iter().take(JUDGED) {
        different += u32::from(!std::mem::replace(&mut seen[usize::from(byte)], true));
        row = if before == Some(byte) { row + 1 } else { 1 };
        if row > ROW {
            return false;
        }
        before = Some(byte);
    }
    different >= 8
}

/// Whether it has capitals, small letters and digits.
pub(crate) fn mixes_cases_and_digits(value: &str) -> bool {
    let has = |test: fn(&u8) -> bool| value.as_bytes().iter().any(test);
    has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase) && varied(value)
}

/// Whether it looks made by a machine: letters with digits, or with capitals inside, and varied enough.
pub(crate) fn looks_random(value: &str) -> bool {
    let value = head(value, JUDGED);
    let letters = value.bytes().any(|byte| byte.is_ascii_alphabetic());
    letters && (has_digit(value) || turns(value).case >= 3) && entropy(value) >= 2.8
}

/// How often the kind of character changes from one to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Turns {
    /// Between a letter and a digit.
    pub(crate) digit: u32,
    /// From a small letter to a capital.
    pub(crate) case: u32,
}

/// Counts the turns of `value`, of which a random text has many.
pub(crate) fn turns(value: &str) -> Turns {
    let mut turns = Turns::default();
    for pair in value.as_bytes().windows(2) {
        let [before, after] = [pair[0], pair[1]];
        let digit = before.is_ascii_digit() != after.is_ascii_digit();
        turns.digit += u32::from(digit && before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric());
        turns.case += u32::from(before.is_ascii_lowercase() && after.is_ascii_uppercase());
    }
    turns
}

/// Whether it reads as a word of prose or an identifier: letters, hyphens, apostrophes and underscores only.
pub(crate) fn is_word(value: &str) -> bool {
    value
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, '-' | '_' | '\'' | '\u{2019}'))
}

/// Whether a capital follows a small letter, as in `firstToken`.
pub(crate) fn capital_inside(value: &str) -> bool {
    turns(value).case > 0
}

/// Whether every part between separators is a word, with a short number behind it at most: `access_token_2`,
/// `node-modules-v3`, `Befaehigung_P2`.
pub(crate) fn reads_as_identifier(value: &str) -> bool {
    let part = |part: &str| {
        let letters = part.trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = part.len() - letters.len();
        let word = letters.bytes().all(|byte| byte.is_ascii_alphabetic());
        word && digits <= 4
            && (letters.len() < 12 || vowels(letters) * 5 >= letters.len())
            && pronounceable(letters)
    };
    value
        .split([
            '_', '-', '.', '/', ':', '[', ']', '(', ')', '=', '+', '~', '%', ' ',
        ])
        .all(part)
}

fn vowels(letters: &str) -> usize {
    letters
        .bytes()
        .filter(|byte| b"aeiouyAEIOUY".contains(byte))
        .count()
}

/// No more than five consonants in a row, as long words have, and few capitals inside.
fn pronounceable(letters: &str) -> bool {
    let mut row = 0;
    let mut longest = 0;
    for byte in letters.bytes() {
        row = if b"aeiouyAEIOUY".contains(&byte) {
            0
        } else {
            row + 1
        };
        longest = longest.max(row);
    }
    let capitals = letters.bytes().all(|byte| byte.is_ascii_uppercase());
    longest <= 5 && (capitals || turns(letters).case as usize * 4 <= letters.len())
}

/// Whether it stands for a secret without being one: `****`, `$NAME`, `${name}`, `{{name}}`, `<name>`, `%NAME%`,
/// `[PASSWORD]`, `your-key`, `…`.
pub(crate) fn is_placeholder(value: &str) -> bool {
    let value = head(value, JUDGED);
    let mut chars = value.chars();
    let first = chars.next();
    if value.len() > 1 && chars.all(|c| Some(c) == first) {
        return true;
    }
    let variable = |name: &str| {
        let plain = name
            .bytes()
            .all(|b| b == b'_' || b.is_ascii_uppercase() || b.is_ascii_digit());
        plain || is_word(name)
    };
    let lower = head(value, 24).to_ascii_lowercase();
    value.strip_prefix('$').is_some_and(variable)
        || [
            "${",
            "$(",
            "{{",
            "#{",
            "$env:",
            "<%",
            "[redacted",
            "...",
            "…",
            "••",
            "**",
            "●●",
            "xxx",
            "·····",
        ]
        .iter()
        .any(|open| lower.starts_with(open))
        || [
            ("{", "}"),
            ("<", ">"),
            ("%", "%"),
            ("[", "]"),
            ("(", ")"),
            ("__", "__"),
        ]
        .iter()
        .any(|(open, close)| value.len() > 1 && value.starts_with(open) && value.ends_with(close))
        || [
            "your",
            "my-",
            "my_",
            "enter",
            "insert",
            "replace",
            "example",
            "placeholder",
            "dummy",
            "changeme",
            "change-me",
            "change_me",
            "todo",
            "fixme",
            "not-a-",
            "redacted",
            "n/a",
        ]
        .iter()
        .any(|word| lower.starts_with(word) && !mostly_random(value))
        || (value.contains("...") || value.contains('…') || value.contains("***") || value.contains("•••"))
}

fn mostly_random(value: &str) -> bool {
    turns(head(value, JUDGED)).digit >= 4
}

/// Whether it is code that names or fetches a secret: `os.environ["X"]`, `get_password(`, `process.env.X`, `&self.key`.
pub(crate) fn is_code(value: &str) -> bool {
    let value = head(value, JUDGED).trim_start_matches(['&', '*', '!', '@', '$', '(', '[', '-', '+', ':']);
    let name_end = value
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '?' | '!' | '-' | '>')))
        .unwrap_or(value.len());
    let (name, rest) = value.split_at(name_end);
    let parts = || name.split(['.', ':', '>']).filter(|part| !part.is_empty());
    let identifiers = parts().next().is_some() && parts().all(is_identifier);
    let called = rest.starts_with(['(', '[', '<']) || value.contains("()") || value.contains("=>");
    let member = (name.contains('.') && !name.starts_with('.')) || name.contains("->");
    (name.contains("::") && parts().next().is_some() && rest.is_empty())
        || identifiers && (called || (member && rest.is_empty()))
}

/// Whether a program could have a variable of that name.
fn is_identifier(part: &str) -> bool {
    let part = part.trim_end_matches(['?', '!', '-']);
    let first = part.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && reads_as_identifier(part)
}

/// An address, a path, a file or a date: where or when, not what.
pub(crate) fn is_elsewhere(value: &str) -> bool {
    let date = || {
        let bytes = value.as_bytes();
        bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[..4].iter().all(u8::is_ascii_digit)
    };
    let drive = || {
        let bytes = value.as_bytes();
        bytes.len() >= 3
            && bytes[0].is_ascii_alphabetic()
            && bytes[1] == b':'
            && matches!(bytes[2], b'\\' | b'/')
    };
    let lower = head(value, 24).to_ascii_lowercase();
    [
        "http://",
        "https://",
        "~/",
        "./",
        "../",
        "file:",
        "vault:",
        "op://",
        "arn:",
        "data:",
        "keyring:",
        "secret://",
        "aws:",
        "projects/",
        "www.",
    ]
    .iter()
    .any(|start| lower.starts_with(start))
        || (value.starts_with('/') && !mostly_random(value))
        || date()
        || drive()
}

/// The first `limit` bytes at most, whole characters.
pub(crate) fn head(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Shannon entropy in bits a byte, 0 to 8.
pub(crate) fn entropy(value: &str) -> f64 {
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
mod tests;
