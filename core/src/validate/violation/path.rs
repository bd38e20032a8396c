//! Paths of fields as text, such as `events[3].data.text`.
//!
//! `[key]` is the key of a member itself. A name that could be mistaken for anything else is quoted: `data["a.b"]`, with
//! `\"` and `\\` for a quote and a backslash in it. So each path has one text, and the text leads back to the path.

use super::Segment;

/// The text of a path.
pub(super) fn write(segments: &[Segment]) -> String {
    let mut path = String::new();
    for segment in segments {
        match segment {
            Segment::Field(name) if is_plain(name) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            Segment::Field(name) => {
                path.push_str("[\"");
                path.push_str(&name.replace('\\', "\\\\").replace('"', "\\\""));
                path.push_str("\"]");
            }
            Segment::Index(index) => path.push_str(&format!("[{index}]")),
            Segment::Key => path.push_str("[key]"),
        }
    }
    path
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains(['.', '[', ']', '"', '\\'])
}

/// The path with that text. A text that no path has is read as far as possible.
pub(super) fn read(path: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (name, after) = unquote(quoted);
            segments.push(name.into());
            rest = after.strip_prefix(']').unwrap_or(after);
        } else if let Some(inner) = rest.strip_prefix('[') {
            let (number, after) = inner.split_once(']').unwrap_or((inner, ""));
            segments.push(number.parse().map_or(Segment::Key, Segment::Index));
            rest = after;
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            segments.push(name[..end].to_owned().into());
            rest = &name[end..];
        }
    }
    segments
}

/// The text up to the closing quote, and what follows the quote.
fn unquote(quoted: &str) -> (String, &str) {
    let mut name = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (name, &quoted[at + 1..]),
            '\\' => name.extend(characters.next().map(|(_, escaped)| escaped)),
            other => name.push(other),
        }
    }
    (name, "")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_names_are_joined_by_dots() {
        let path = vec!["events".into(), 3.into(), "data".into(), "a".into(), Segment::Key];
        assert_eq!(write(&path), "events[3].data.a[key]");
        assert_eq!(read("events[3].data.a[key]"), path);
        assert_eq!(read(""), []);
    }

    proptest! {
        #[test]
        fn every_path_is_read_back(names in proptest::collection::vec("[a\\.\\[\\]\"\\\\0é ]{0,4}", 1..5), index in 0..9_usize) {
            let mut path: Vec<Segment> = names.into_iter().map(Segment::from).collect();
            path.insert(1, index.into());
            path.push(Segment::Key);
            prop_assert_eq!(read(&write(&path)), path);
        }

        #[test]
        fn any_text_is_read(path: String) {
            read(&path);
        }
    }
}
