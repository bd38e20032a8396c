//! The ids of forgotten events: a text file, one id a line, `#` begins a comment. It is appended to and never rewritten.
//!
//! Ids are in it, durably, before anything is removed from a file, so that whatever happens afterwards they are known.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use crate::event_id::EventId;

/// The ids in the file; none if there is no file.
///
/// A last line without its newline is one that was never finished: nothing was removed after it. The next addition
/// makes a comment of it.
pub(super) fn read(path: &Path) -> io::Result<Vec<EventId>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut ids = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        let content = line.split('#').next().unwrap_or_default().trim();
        match content.parse() {
            Ok(id) => ids.push(id),
            Err(_) if content.is_empty() || line.contains('#') || !line.ends_with('\n') => {}
            Err(error) => {
                let message = format!("line {number} is no id: {error}");
                return Err(io::Error::new(io::ErrorKind::InvalidData, message));
            }
        }
    }
    Ok(ids)
}

/// Adds those of `ids` that are not in it yet, under a line that says why; durable when it returns.
pub(super) fn add(path: &Path, why: &str, ids: &[EventId]) -> io::Result<()> {
    let known: HashSet<EventId> = read(path)?.into_iter().collect();
    let mut text = String::new();
    for id in ids.iter().filter(|id| !known.contains(*id)) {
        text.push_str(&format!("{id}\n"));
    }
    if text.is_empty() {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    let mut file = options.append(true).create(true).mode(0o600).open(path)?;
    let gap = if ends_line(path)? { "" } else { " # cut short\n" };
    file.write_all(format!("{gap}# {}\n{text}", why.replace(['\n', '\r'], " ")).as_bytes())?;
    file.sync_all()?;
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

fn ends_line(path: &Path) -> io::Result<bool> {
    let text = fs::read(path)?;
    Ok(text.last().is_none_or(|last| *last == b'\n'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const A: &str = "kn6ndbcruwb2smnw4m5xxcmfju";
    const B: &str = "lvbogv4zzntfcomeayfzfotehq";

    #[test]
    fn ids_are_added_once_and_read_back() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("forgotten");
        assert_eq!(read(&path).unwrap(), []);
        let (a, b): (EventId, EventId) = (A.parse().unwrap(), B.parse().unwrap());
        add(&path, "plugin x\nsince", &[a]).unwrap();
        add(&path, "again", &[a]).unwrap();
        add(&path, "more", &[a, b]).unwrap();
        assert_eq!(read(&path).unwrap(), [a, b]);
        let expected = format!("# plugin x since\n{A}\n# more\n{B}\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn a_line_that_was_cut_short_does_no_harm_and_damage_is_named() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("forgotten");
        let (a, b): (EventId, EventId) = (A.parse().unwrap(), B.parse().unwrap());
        fs::write(&path, format!("{A}\nlvbogv4zz")).unwrap();
        assert_eq!(read(&path).unwrap(), [a]);
        add(&path, "x", &[b]).unwrap();
        assert_eq!(read(&path).unwrap(), [a, b]);
        fs::write(&path, format!("{A}\nnonsense\n")).unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .to_string()
                .starts_with("line 2 is no id")
        );
    }
}
