//! The frontmatter of a daily file, read back.

use std::io;

use jiff::civil;

use crate::{
    fs::{NamedFile, VaultFile},
    markdown::header::VERSION,
};

/// More than any header of ours has.
const LONGEST: usize = 4 << 10;

/// What a file begins with.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) date: Option<civil::Date>,
    /// What is damaged.
    pub(super) fault: Option<&'static str>,
}

/// Reads the header of a file.
pub(super) fn read(name: &NamedFile, file: &dyn VaultFile) -> io::Result<Header> {
    let mut beginning = vec![0; LONGEST];
    let count = file.read_at(0, &mut beginning)?;
    beginning.truncate(count);
    Ok(parse(name, &String::from_utf8_lossy(&beginning)))
}

/// The day in a file's name; copies by sync tools begin with it, too.
pub(super) fn day_of(name: &NamedFile) -> Option<civil::Date> {
    name.name().to_str()?.get(..10)?.parse().ok()
}

/// Whether it is a daily file in its place, and no copy of one.
pub(super) fn is_daily(name: &NamedFile) -> bool {
    let named = |day| name.name().to_str() == Some(&*format!("{day}.md"));
    name.own_folder().is_some() && day_of(name).is_some_and(named)
}

fn parse(name: &NamedFile, beginning: &str) -> Header {
    let mut lines = beginning.trim_start_matches('\u{feff}').lines();
    let named = day_of(name);
    let mut header = Header {
        date: named,
        fault: None,
    };
    if lines.next() != Some("---") {
        header.fault = headless(beginning);
        return header;
    }
    let (mut members, mut closed) = (Vec::new(), false);
    for line in lines {
        if line.trim_end() == "---" {
            closed = true;
            break;
        }
        members.extend(
            line.split_once(':')
                .map(|(key, value)| (key.trim(), unquoted(value))),
        );
    }
    let member = |wanted: &str| {
        members
            .iter()
            .find(|(key, _)| *key == wanted)
            .map(|(_, value)| *value)
    };
    if let Some(date) = member("date").and_then(|date| date.parse().ok()) {
        header.date = Some(date);
    }
    let ours = ["openclone", "trust"].iter().any(|key| member(key).is_some());
    if !ours {
        // A user's own, with whatever there is in it; or one that is cut before anything of ours.
        header.fault = (!closed && has_our_entry(beginning)).then_some("it does not end");
        return header;
    }
    header.fault = if !closed {
        Some("it does not end")
    } else if member("openclone") != Some(VERSION) {
        Some("openclone: 2 is missing")
    } else if member("trust") != Some("untrusted-capture") {
        Some("trust: untrusted-capture is missing")
    } else if member("folder") != name.own_folder() {
        Some("it names another folder")
    } else if header.date != named || member("date").is_none() {
        Some("it names another date")
    } else if member("timezone").is_none() {
        Some("timezone is missing")
    } else {
        None
    };
    header
}

/// A user may make a daily file before us, with words of their own at its top. One that begins with our own lines has
/// lost its header.
fn headless(beginning: &str) -> Option<&'static str> {
    let first = beginning.lines().find(|line| !line.trim().is_empty())?;
    let first = first.trim_start_matches('\u{feff}').trim_matches('\0');
    let remains = ["openclone:", "folder:", "date:", "timezone:", "trust:"];
    let damaged = first.is_empty()
        || first.starts_with("- **") && has_our_entry(beginning)
        || remains.iter().any(|remain| first.starts_with(remain));
    damaged.then_some("it is missing")
}

fn has_our_entry(beginning: &str) -> bool {
    beginning.contains("[via:: ") || beginning.contains(" ^oc-")
}

fn unquoted(value: &str) -> &str {
    value.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const GOOD: &str = "---\nopenclone: 2\nfolder: Audio\ndate: 2026-02-26\ntimezone: Europe/Madrid\ntrust: untrusted-capture\n---\n\n";

    fn fault(text: &str) -> Option<&'static str> {
        let name = NamedFile::new("Audio", "2026-02-26.md").unwrap();
        parse(&name, text).fault
    }

    #[test]
    fn headers_of_ours_and_of_users_are_whole() {
        assert_eq!(fault(GOOD), None);
        assert_eq!(fault(&GOOD.replace('\n', "\r\n")), None);
        assert_eq!(fault(&format!("\u{feff}{GOOD}")), None);
        assert_eq!(fault(&GOOD.replace("date:", "tags: [a]\ndate:")), None);
        assert_eq!(
            fault("---\ntags: [daily]\n---\n- **10:00** x <!-- [via:: p@1] --> ^oc-a\n"),
            None
        );
        assert_eq!(fault("# My day\n- **10:00** x\n"), None);
        assert_eq!(fault(""), None);
    }

    #[test]
    fn damage_is_named() {
        let table = [
            (
                GOOD.replace("openclone: 2", "openclone: 1"),
                "openclone: 2 is missing",
            ),
            (GOOD.replace("openclone: 2\n", ""), "openclone: 2 is missing"),
            (GOOD.replace("Audio", "Screen"), "it names another folder"),
            (GOOD.replace("02-26", "02-27"), "it names another date"),
            (
                GOOD.replace("timezone: Europe/Madrid\n", ""),
                "timezone is missing",
            ),
            (
                GOOD.replace("trust: untrusted-capture\n", ""),
                "trust: untrusted-capture is missing",
            ),
            (GOOD[..GOOD.len() - 5].to_owned(), "it does not end"),
            (GOOD[4..].to_owned(), "it is missing"),
            (
                "\n- **10:00** x <!-- [via:: p@1] --> ^oc-a\n".to_owned(),
                "it is missing",
            ),
            ("\0\0\0\0".to_owned(), "it is missing"),
            (
                "---\n- **10:00** x <!-- [via:: p@1] --> ^oc-a\n".to_owned(),
                "it does not end",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(fault(&text), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn copies_are_told_from_daily_files() {
        let is_daily = |name: &str| is_daily(&NamedFile::new("Audio", name).unwrap());
        assert!(is_daily("2026-02-26.md"));
        for name in [
            "2026-02-26 (conflicted copy).md",
            "note.md",
            "2026-02-30.md",
            "2026-2-26.md",
        ] {
            assert!(!is_daily(name), "{name}");
        }
    }
}
