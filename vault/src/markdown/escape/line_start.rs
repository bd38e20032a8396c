//! Constructs that mean something only at the beginning of a line.

/// The longest number that begins an item of an ordered list.
const LIST_DIGITS: usize = 9;
/// Longer than any roman numeral that pandoc reads.
const ROMAN_DIGITS: usize = 16;

/// The place in `line` of the character that must get a backslash lest a block begins there, looked for behind the
/// indentation, however deep it is: parsers differ in how much of it they strip.
pub(super) fn block_marker(line: &str) -> Option<usize> {
    let body = line.trim_start();
    let indentation = line.len() - body.len();
    marker(body).map(|at| indentation + at)
}

fn marker(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let first = *bytes.first()?;
    let run = bytes.iter().take_while(|&&byte| byte == first).count();
    let is_block = match first {
        b'>' | b':' => true,
        b'#' => ends_marker(body, run) || list_item(body, 1).is_some(),
        b'-' => ends_marker(body, 1) || bytes.get(1) == Some(&b'#') || is_rule(bytes),
        b'+' | b'*' => ends_marker(body, 1) || is_rule(bytes),
        b'~' => run >= 3 || ends_marker(body, 1),
        b'=' | b'_' | b'|' => is_rule(bytes),
        b'(' => return in_parentheses(body),
        b'0'..=b'9' => return list_item(body, digits(bytes).min(LIST_DIGITS + 1)),
        b'a'..=b'z' | b'A'..=b'Z' => return list_item(body, 1).or_else(|| list_item(body, roman(bytes))),
        _ => false,
    };
    is_block.then_some(0)
}

/// Whether a marker of `length` bytes is one: white space or the line's end follows.
fn ends_marker(body: &str, length: usize) -> bool {
    body[length..].chars().next().is_none_or(char::is_whitespace)
}

/// The place of the `.` or `)` behind a list item's number of `length` bytes.
fn list_item(body: &str, length: usize) -> Option<usize> {
    let is_number = (1..=LIST_DIGITS.max(ROMAN_DIGITS)).contains(&length)
        && !(length > LIST_DIGITS && body.as_bytes()[0].is_ascii_digit());
    let closes = matches!(body.as_bytes().get(length), Some(b'.' | b')'));
    (is_number && closes && ends_marker(body, length + 1)).then_some(length)
}

/// `(1)`, `(a)`, `(iv)`: the opening bracket gets the backslash.
fn in_parentheses(body: &str) -> Option<usize> {
    let inner = &body[1..];
    let bytes = inner.as_bytes();
    let lengths = [digits(bytes), 1, roman(bytes)];
    let is_number = |length: usize| {
        length > 0
            && length < inner.len()
            && bytes[0].is_ascii_alphanumeric()
            && bytes[length] == b')'
            && ends_marker(inner, length + 1)
    };
    lengths.into_iter().any(is_number).then_some(0)
}

fn digits(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// The length of a roman numeral in one case; 0 if it is too long to be one.
fn roman(bytes: &[u8]) -> usize {
    let count = |digits: &[u8]| bytes.iter().take_while(|byte| digits.contains(byte)).count();
    let length = count(b"ivxlcdm").max(count(b"IVXLCDM"));
    if length <= ROMAN_DIGITS { length } else { 0 }
}

/// Whether the line could be a rule, a heading's underline, or a row between a table's head and body.
fn is_rule(bytes: &[u8]) -> bool {
    let belongs = |byte: &u8| {
        matches!(
            byte,
            b'-' | b'=' | b'_' | b'*' | b'+' | b':' | b'|' | b' ' | b'\t'
        )
    };
    bytes.iter().all(belongs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn block_markers_are_found_behind_any_indentation() {
        let table = [
            ("# H", 0),
            ("####### H", 0),
            ("#", 0),
            ("#. a", 0),
            ("> q", 0),
            (">q", 0),
            ("- a", 0),
            ("-", 0),
            ("-\u{a0}a", 0),
            ("-# sub", 0),
            ("---", 0),
            ("- - -", 0),
            ("+ a", 0),
            ("+++", 0),
            ("+--+==+", 0),
            ("* a", 0),
            ("* * *", 0),
            ("===", 0),
            ("_ _ _", 0),
            ("|---|:-:|", 0),
            (":-- | --", 0),
            (": d", 0),
            (":smile:", 0),
            ("~ d", 0),
            ("~~~sh", 0),
            ("1. a", 1),
            ("123456789) a", 9),
            ("a. b", 1),
            ("B) c", 1),
            ("xiv. a", 3),
            ("(1) a", 0),
            ("(iv) a", 0),
            ("(a)", 0),
        ];
        for (line, at) in table {
            for indentation in ["", " ", "    ", "\u{3000}", "                 "] {
                let line = format!("{indentation}{line}");
                assert_eq!(block_marker(&line), Some(indentation.len() + at), "{line:?}");
            }
        }
    }

    #[test]
    fn other_lines_begin_no_block() {
        for line in [
            "",
            "   ",
            "text",
            "--flag",
            "-x",
            "+1",
            "*args",
            "#tag",
            "#12",
            "1.5 l",
            "1a. x",
            "1234567890. a",
            "=x",
            "_x_",
            "a.b",
            "ab. c",
            "iva. c",
            "Ix. c",
            "(see) x",
            "(1)x",
            "~/src",
            "~~ x",
            "| a | b |",
            "I.e. x",
        ] {
            assert_eq!(block_marker(line), None, "{line:?}");
        }
    }
}
