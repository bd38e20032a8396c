//! How a line of text is written so that it reads as itself and nothing else. The rules stand in
//! [`crate::markdown`].

/// Bytes that are written as they are wherever they stand within a line.
const PLAIN: u8 = 0;
/// Bytes that always get a backslash.
const ALWAYS: u8 = 1;
/// Bytes whose neighbours decide.
const DEPENDS: u8 = 2;

static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut class = [PLAIN; 256];
    let mut index = 0;
    while index < 256 {
        class[index] = match index as u8 {
            b'\\' | b'`' | b'*' | b'_' | b'[' | b']' | b'~' | b'$' | b'|' | b'^' => ALWAYS,
            b'<' | b'&' | b':' | b'#' | b'%' | b'=' | b'{' | b'.' | b'@' | b'-' => DEPENDS,
            _ => PLAIN,
        };
        index += 1;
    }
    class
}

/// Where a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Behind something of ours that ends in a space or an opening bracket.
    Within,
    /// At the beginning of a line of the file, but for indentation.
    Line,
}

/// Appends `line`, which is normalised and holds no line break, escaped.
pub(super) fn escape_line(out: &mut Vec<u8>, line: &str, start: Start) {
    let bytes = line.as_bytes();
    out.reserve(bytes.len() + bytes.len() / 8);
    let mut written = if start == Start::Line {
        escape_line_start(out, bytes)
    } else {
        0
    };
    let mut at = written;
    while let Some(found) = bytes[at..]
        .iter()
        .position(|&byte| CLASS[usize::from(byte)] != PLAIN)
    {
        at += found;
        if let Some(replacement) = replacement(bytes, at, start) {
            out.extend_from_slice(&bytes[written..at]);
            out.extend_from_slice(replacement.before);
            written = at + usize::from(replacement.instead);
        }
        at += 1;
    }
    out.extend_from_slice(&bytes[written..]);
}

/// What is written before a byte, or instead of it.
struct Replacement {
    before: &'static [u8],
    instead: bool,
}

const BACKSLASH: Option<Replacement> = Some(Replacement {
    before: b"\\",
    instead: false,
});

const fn entity(name: &'static [u8]) -> Option<Replacement> {
    Some(Replacement {
        before: name,
        instead: true,
    })
}

#[inline]
fn replacement(bytes: &[u8], at: usize, start: Start) -> Option<Replacement> {
    if CLASS[usize::from(bytes[at])] == ALWAYS {
        return BACKSLASH;
    }
    let before = at.checked_sub(1).map(|before| bytes[before]);
    let after = bytes.get(at + 1).copied();
    let backslash = match bytes[at] {
        b'<' => return entity(b"&lt;"),
        b'&' => return entity(b"&amp;"),
        b'#' if begins_tag(&bytes[at + 1..]) => return entity(b"&num;"),
        b'#' => !before.is_some_and(is_word) && after != Some(b' '),
        b':' => colon_means_something(before, after) && !is_in_redaction(&bytes[..at], after),
        b'%' => matches!(before, Some(b'%' | b'{')) || matches!(after, Some(b'%' | b'>' | b'}')),
        b'=' => before == Some(b'=') || after == Some(b'='),
        b'{' => before == Some(b'{'),
        b'.' => at >= 3 && bytes[at - 3..at].eq_ignore_ascii_case(b"www"),
        b'@' => after.is_some_and(|after| after != b' '),
        _ => is_marked_date(bytes, at, start),
    };
    if backslash { BACKSLASH } else { None }
}

/// Handles what means something only at the beginning of a line; returns how much of it is written.
fn escape_line_start(out: &mut Vec<u8>, bytes: &[u8]) -> usize {
    match bytes.first() {
        Some(b'#') if begins_tag(&bytes[1..]) => return 0,
        Some(&first @ (b'#' | b'>' | b'+' | b'-' | b'=' | b':')) => {
            out.extend_from_slice(&[b'\\', first]);
            return 1;
        }
        _ => {}
    }
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 && matches!(bytes.get(digits), Some(b'.' | b')')) {
        out.extend_from_slice(&bytes[..digits]);
        out.extend_from_slice(&[b'\\', bytes[digits]]);
        return digits + 1;
    }
    0
}

/// Letters, digits and `_`; everything beyond ASCII counts, since it may be a letter.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Whether what follows a `#` would make it a tag for Obsidian or Dataview. All but spaces and these do, and a
/// backslash, which some characters will get, does too.
fn begins_tag(after: &[u8]) -> bool {
    !matches!(
        after.first(),
        None | Some(b' ' | b',' | b';' | b'.' | b'!' | b'?' | b'\'' | b'"' | b'(' | b')' | b'}')
    )
}

/// Whether a colon may be half of a Dataview separator, end a URI scheme, or belong to an emoji's short name.
fn colon_means_something(before: Option<u8>, after: Option<u8>) -> bool {
    let Some(after) = after else { return true };
    if after == b':' || before == Some(b':') {
        return true;
    }
    if after == b' ' {
        return false;
    }
    let time_of_day = before.is_some_and(|byte| byte.is_ascii_digit()) && after.is_ascii_digit();
    let scheme =
        before.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    let short_name = after.is_ascii_alphanumeric() || matches!(after, b'_' | b'+' | b'-' | b'/');
    !time_of_day && (scheme || short_name)
}

/// Whether a colon is that of `[REDACTED:rule]`, which should stay easy to read and to search for; it is neither a scheme
/// that anything opens nor the beginning of a short name.
fn is_in_redaction(before: &[u8], after: Option<u8>) -> bool {
    before.ends_with(b"[REDACTED") && after.is_some_and(|byte| byte.is_ascii_lowercase())
}

/// Whether the hyphen at `at` is the first of a date that an emoji may stand before.
fn is_marked_date(bytes: &[u8], at: usize, start: Start) -> bool {
    let digits = |from: usize, count: usize| {
        bytes
            .get(from..from + count)
            .is_some_and(|run| run.iter().all(u8::is_ascii_digit))
    };
    let is_date = at >= 4
        && digits(at - 4, 4)
        && digits(at + 1, 2)
        && bytes.get(at + 3) == Some(&b'-')
        && digits(at + 4, 2);
    if !is_date {
        return false;
    }
    // A space beyond ASCII is no less a reason than the emoji that may be before it.
    match bytes[..at - 4].iter().rev().find(|&&byte| byte != b' ') {
        Some(&before) => before >= 0x80,
        None => start == Start::Line,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::markdown::unescape;

    fn escaped(text: &str, start: Start) -> String {
        let mut out = Vec::new();
        escape_line(&mut out, text, start);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn within_a_line() {
        let table = [
            (
                "We discussed the roadmap for Q2.",
                "We discussed the roadmap for Q2.",
            ),
            (r"\`*_[]~$|^", r"\\\`\*\_\[\]\~\$\|\^"),
            ("a < b & c > d", "a &lt; b &amp; c > d"),
            ("<%+ tp.x %>", r"&lt;%+ tp.x \%>"),
            ("100% %% %%% {% x %}", r"100% \%\% \%\%\% {\% x \%}"),
            ("a = b == c === d", r"a = b \=\= c \=\=\= d"),
            ("{a} {{b}} {{{c", r"{a} {\{b}} {\{\{c"),
            ("#tag a#b C# # x #, (#", r"&num;tag a&num;b C# # x \#, (\#"),
            ("a: b 12:30 k:: v end:", r"a: b 12:30 k\:\: v end\:"),
            (
                "http://e javascript:x C:\\ :smile: {\"a\":\"b\"}",
                r#"http\://e javascript\:x C\:\\ \:smile: {"a":"b"}"#,
            ),
            ("www.e.com WwW.x w.w", r"www\.e.com WwW\.x w.w"),
            ("a@b.c @ x@ @ñ", r"a\@b.c @ x@ \@ñ"),
            (
                "📅 2026-02-26 ✅2026-02-26 on 2026-02-26",
                r"📅 2026\-02-26 ✅2026\-02-26 on 2026-02-26",
            ),
            ("2026-02-26", "2026-02-26"),
            ("- + > 1. 1)", "- + > 1. 1)"),
        ];
        for (text, expected) in table {
            assert_eq!(escaped(text, Start::Within), expected, "{text}");
            assert_eq!(unescape(expected), text);
        }
    }

    #[test]
    fn at_a_lines_start() {
        let table = [
            ("# H", r"\# H"),
            ("#", r"\#"),
            ("#tag", "&num;tag"),
            ("> q", r"\> q"),
            ("- a", r"\- a"),
            ("---", r"\---"),
            ("+ a", r"\+ a"),
            ("===", r"\=\=\="),
            ("=", r"\="),
            (": d", r"\: d"),
            ("1. a", r"1\. a"),
            ("12345678901) a", r"12345678901\) a"),
            ("1.5 l", r"1\.5 l"),
            ("1 a", "1 a"),
            ("2026-02-26", r"2026\-02-26"),
            ("* a", r"\* a"),
        ];
        for (text, expected) in table {
            assert_eq!(escaped(text, Start::Line), expected, "{text}");
            assert_eq!(unescape(expected), text);
        }
    }

    proptest! {
        #[test]
        fn unescape_undoes_escape(text in "([ -~]|[\\\\&#:=%@.{-]|&lt;|&amp;|é|📅| 2026-02-26){0,60}", line: bool) {
            let start = if line { Start::Line } else { Start::Within };
            prop_assert_eq!(unescape(&escaped(&text, start)), text);
        }

        #[test]
        fn nothing_that_means_something_is_left(text in "[ a-c=%:{}<>\\[\\]#@^1.\\\\-]{0,60}", line: bool) {
            let out = escaped(&text, if line { Start::Line } else { Start::Within });
            let mut characters = out.chars();
            let mut bare = String::new();
            while let Some(character) = characters.next() {
                bare.push(if character == '\\' { characters.next().map_or('\\', |_| '?') } else { character });
            }
            for syntax in ["::", "==", "%%", "<", "{{", "{%", "%}", "%>", "[", "]", "^", "#a", "@a", "a:b"] {
                prop_assert!(!bare.contains(syntax), "{} in {}", syntax, out);
            }
        }
    }
}
