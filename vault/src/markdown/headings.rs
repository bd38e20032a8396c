//! Headings of hours: a line `## HH:00` with a blank line before and behind it.

use super::sink::Markdown;

const MARK: &[u8] = b"## ";
const MINUTES: &[u8] = b":00";

/// Appends the heading of an hour, with a blank line behind it, and before it if there is none yet.
pub(crate) fn write(out: &mut Vec<u8>, hour: u8, needs_blank_line: bool) {
    let mut heading = Markdown::with_capacity(16);
    heading.literal(if needs_blank_line { "\n## " } else { "## " });
    heading.hour(hour);
    heading.literal("\n\n");
    out.extend_from_slice(&heading.into_bytes());
}

/// The hour of the last heading in the end of a file.
pub(crate) fn last_hour(tail: &[u8]) -> Option<u8> {
    memchr::memmem::rfind_iter(tail, MARK).find_map(|at| {
        let begins_line = at == 0 || tail[at - 1] == b'\n';
        begins_line.then(|| hour_of(&tail[at..])).flatten()
    })
}

/// The hour of the heading that a line is, with or without its ending.
pub(crate) fn hour_of(line: &[u8]) -> Option<u8> {
    let rest = line.strip_prefix(MARK)?;
    let (digits, rest) = rest.split_at_checked(2)?;
    let rest = rest.strip_prefix(MINUTES)?;
    let ends = matches!(rest, [] | [b'\n', ..] | [b'\r', b'\n', ..]);
    let digit = |byte: u8| byte.is_ascii_digit().then(|| byte - b'0');
    let hour = digit(digits[0])? * 10 + digit(digits[1])?;
    (ends && hour < 24).then_some(hour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_heading_of_an_hour_is_found() {
        let table: [(&[u8], Option<u8>); 10] = [
            (b"## 14:00\n\n- **14:30** x\n", Some(14)),
            (b"## 13:00\n\n- a\n\n## 14:00\n", Some(14)),
            (b"## 14:00\r\n", Some(14)),
            (b"## 14:00", Some(14)),
            (b"## 09:00\n\n## Notes\n\n## 14:30\n", Some(9)),
            (b"x ## 14:00\n", None),
            (b"### 14:00\n", None),
            (b"## 24:00\n", None),
            (b"  \\## 14:00\n", None),
            (b"", None),
        ];
        for (tail, expected) in table {
            assert_eq!(last_hour(tail), expected, "{}", String::from_utf8_lossy(tail));
        }
    }

    #[test]
    fn a_heading_stands_between_blank_lines() {
        let mut out = b"- a\n".to_vec();
        write(&mut out, 7, true);
        assert_eq!(out, b"- a\n\n## 07:00\n\n");
        assert_eq!(last_hour(&out), Some(7));
    }
}
