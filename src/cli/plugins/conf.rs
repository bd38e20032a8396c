//! `openclone.conf` of a plugin: lines `name = value`, of which the switch is edited in place.

use std::{io, path::Path};

use crate::config::home::files;

/// The setting that switches a plugin on.
pub(super) const SWITCH: &str = "openclone.enabled";
/// The name of the file.
pub(super) const NAME: &str = "openclone.conf";

/// Whether the text switches the plugin on.
pub(super) fn is_on(text: &str) -> bool {
    text.lines().filter_map(switch_of).next_back() == Some("true")
}

/// The text with the switch set; comments and other settings stay as they are.
pub(super) fn with_switch(text: &str, is_on: bool) -> String {
    let line = format!("{SWITCH} = {is_on}");
    let mut found = false;
    let mut lines: Vec<&str> = Vec::new();
    for old in text.lines() {
        if switch_of(old).is_none() {
            lines.push(old);
        } else if !found {
            found = true;
            lines.push(&line);
        }
    }
    if !found {
        lines.push(&line);
    }
    lines.join("\n") + "\n"
}

/// Sets the switch of the plugin in `dir`.
///
/// # Errors
/// When the file cannot be read or written.
pub(super) fn switch(dir: &Path, is_on: bool) -> io::Result<()> {
    let path = dir.join(NAME);
    let text = files::read_text(&path)?.unwrap_or_default();
    files::replace_private(&path, with_switch(&text, is_on).as_bytes())
}

fn switch_of(line: &str) -> Option<&str> {
    let (name, value) = line.split_once('=')?;
    (name.trim() == SWITCH).then(|| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_switch_is_changed() {
        let text = "# mine\nopenclone.enabled=false\nmode = fast\nopenclone.enabled = true\n";
        assert!(is_on(text));
        let off = with_switch(text, false);
        assert_eq!(off, "# mine\nopenclone.enabled = false\nmode = fast\n");
        assert!(!is_on(&off));
        assert_eq!(
            with_switch("mode = fast", true),
            "mode = fast\nopenclone.enabled = true\n"
        );
        assert_eq!(with_switch("", true), "openclone.enabled = true\n");
    }
}
