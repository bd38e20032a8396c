//! Names of files in a vault's folders that need not be daily files.

use std::{ffi::OsStr, ffi::OsString, fmt};

use crate::entry::DailyFile;

/// A file in one of a vault's folders, by whatever name it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedFile {
    folder: &'static str,
    name: OsString,
}

impl NamedFile {
    /// The file `name` in `folder`; `None` if `name` is no plain file name (empty, `.`, `..`, with a `/` or a NUL).
    pub fn new(folder: &'static str, name: impl Into<OsString>) -> Option<Self> {
        let name = name.into();
        let bytes = name.as_encoded_bytes();
        if bytes.is_empty() || bytes == b"." || bytes == b".." {
            return None;
        }
        let plain = !bytes.contains(&b'/') && !bytes.contains(&0);
        plain.then_some(Self { folder, name })
    }

    /// The folder, such as `Audio`.
    pub fn folder(&self) -> &'static str {
        self.folder
    }

    /// The name, such as `2026-02-26 (conflicted copy).md`; not always UTF-8.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// Whether a listing of daily files shows it: a Markdown file that is not hidden.
    pub(super) fn is_listed(&self) -> bool {
        let bytes = self.name.as_encoded_bytes();
        bytes.ends_with(b".md") && !bytes.starts_with(b".")
    }
}

impl From<DailyFile> for NamedFile {
    fn from(file: DailyFile) -> Self {
        Self {
            folder: file.folder,
            name: format!("{}.md", file.date).into(),
        }
    }
}

impl fmt::Display for NamedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.folder, self.name.display())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_name_cannot_lead_out_of_its_folder() {
        for bad in ["", ".", "..", "../x.md", "a/b.md", "a\0b"] {
            assert_eq!(NamedFile::new("Audio", bad), None, "{bad:?}");
        }
        let copy = NamedFile::new("Audio", "2026-02-26 (conflicted copy).md").unwrap();
        assert_eq!(copy.to_string(), "Audio/2026-02-26 (conflicted copy).md");
    }

    #[test]
    fn hidden_and_foreign_files_are_not_listed() {
        let listed = |name: &str| NamedFile::new("Audio", name).unwrap().is_listed();
        assert!(listed("2026-02-26.md"));
        assert!(listed("2026-02-26.sync-conflict-20260227-101010-ABCDEFG.md"));
        assert!(!listed("._2026-02-26.md"));
        assert!(!listed("2026-02-26.md.tmp"));
    }
}
