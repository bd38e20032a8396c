//! Shapes of text that something acts on, wherever they stand.

/// Whether a tag's name begins here: with something in it that is no digit.
pub(super) fn is_tag_name(text: &str) -> bool {
    text.chars()
        .take_while(|character| !character.is_whitespace() && !"#,;.:!?'\"`()[]{}".contains(*character))
        .any(|character| !character.is_ascii_digit())
}

/// Whether `bytes` begin with `YYYY-MM-DD`.
pub(in crate::markdown) fn is_date(bytes: &[u8]) -> bool {
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Whether what follows a `&` makes it a character reference.
pub(in crate::markdown) fn is_entity(rest: &[u8]) -> bool {
    /// As long as the longest name that HTML knows.
    const LONGEST: usize = 32;
    let (body, longest, belongs): (_, _, fn(&u8) -> bool) = match rest {
        [b'#', b'x' | b'X', hex @ ..] => (hex, 7, u8::is_ascii_hexdigit),
        [b'#', decimal @ ..] => (decimal, 8, u8::is_ascii_digit),
        [first, ..] if first.is_ascii_alphabetic() => (rest, LONGEST, u8::is_ascii_alphanumeric),
        _ => return false,
    };
    let length = body
        .iter()
        .take(longest + 1)
        .take_while(|byte| belongs(byte))
        .count();
    (1..=longest).contains(&length) && body.get(length) == Some(&b';')
}
