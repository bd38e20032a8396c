//! Names of Markdown files anywhere in a vault.

use std::{
    ffi::{OsStr, OsString},
    fmt,
    path::{Component, Path, PathBuf},
};

use super::folders;
use crate::entry::DailyFile;

/// Where Obsidian puts deleted files. The only hidden folder that is listed.
pub(super) const TRASH: &str = ".trash";

/// A file in a vault, by whatever name it has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamedFile {
    folder: PathBuf,
    name: OsString,
}

impl NamedFile {
    /// The file `name` in `folder`, which is relative to the vault and empty for the vault's own directory. `None` if
    /// `folder` leads out of the vault, or `name` is no plain file name (empty, `.`, `..`, with a `/` or a NUL).
    pub fn new(folder: impl Into<PathBuf>, name: impl Into<OsString>) -> Option<Self> {
        let (folder, name) = (folder.into(), name.into());
        let bytes = name.as_encoded_bytes();
        if bytes.is_empty() || bytes == b"." || bytes == b".." {
            return None;
        }
        let is_plain = !bytes.contains(&b'/') && !bytes.contains(&0);
        let mut steps = folder.components();
        let is_below = steps.all(|step| matches!(step, Component::Normal(_)));
        (is_plain && is_below).then_some(Self { folder, name })
    }

    /// The folder, such as `Audio` or `Archive/2025`; empty for the vault's own directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The name, such as `2026-02-26 (conflicted copy).md`; not always UTF-8.
    pub fn name(&self) -> &OsStr {
        &self.name
    }

    /// The path below the vault.
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Which of the service's own folders the file is in, if it is directly in one.
    pub fn own_folder(&self) -> Option<&'static str> {
        let folder = self.folder.to_str()?;
        folders().into_iter().find(|own| *own == folder)
    }

    /// Whether a user has deleted it in Obsidian.
    pub fn is_in_trash(&self) -> bool {
        self.folder.starts_with(TRASH)
    }

    /// Whether a listing shows it: a Markdown file that is not hidden.
    pub(super) fn is_listed(name: &OsStr) -> bool {
        let bytes = name.as_encoded_bytes();
        let ending = bytes.last_chunk::<3>();
        ending.is_some_and(|ending| ending.eq_ignore_ascii_case(b".md")) && !bytes.starts_with(b".")
    }

    /// Whether a listing goes into a folder: not into hidden ones, such as `.git` and `.stversions`, but into the trash.
    pub(super) fn is_searched(parent: &Path, folder: &OsStr) -> bool {
        !folder.as_encoded_bytes().starts_with(b".") || parent.as_os_str().is_empty() && folder == TRASH
    }
}

impl From<DailyFile> for NamedFile {
    fn from(file: DailyFile) -> Self {
        Self {
            folder: file.folder.into(),
            name: format!("{}.md", file.date).into(),
        }
    }
}

impl fmt::Display for NamedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path().display().fmt(f)
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
        for bad in ["..", "../Audio", "/etc", "Audio/../.."] {
            assert_eq!(NamedFile::new(bad, "x.md"), None, "{bad:?}");
        }
        let copy = NamedFile::new("Audio", "2026-02-26 (conflicted copy).md").unwrap();
        assert_eq!(copy.to_string(), "Audio/2026-02-26 (conflicted copy).md");
        assert_eq!(copy.own_folder(), Some("Audio"));
        let note = NamedFile::new("", "note.md").unwrap();
        assert_eq!(
            (note.to_string(), note.own_folder()),
            ("note.md".to_owned(), None)
        );
        let archived = NamedFile::new("Archive/Audio", "2026-02-26.md").unwrap();
        assert_eq!(archived.own_folder(), None);
        assert!(!archived.is_in_trash());
        assert!(
            NamedFile::new(".trash/Audio", "2026-02-26.md")
                .unwrap()
                .is_in_trash()
        );
    }

    #[test]
    fn hidden_and_foreign_files_are_not_listed() {
        let listed = |name: &str| NamedFile::is_listed(OsStr::new(name));
        assert!(listed("2026-02-26.md"));
        assert!(listed("2026-02-26.MD"));
        assert!(listed("2026-02-26.sync-conflict-20260227-101010-ABCDEFG.md"));
        assert!(!listed("._2026-02-26.md"));
        assert!(!listed("2026-02-26.md.tmp"));
    }

    #[test]
    fn hidden_folders_are_not_searched_except_the_trash() {
        let searched = |parent: &str, name: &str| NamedFile::is_searched(Path::new(parent), OsStr::new(name));
        assert!(searched("", "Archive") && searched("", ".trash") && searched(".trash", "Audio"));
        assert!(!searched("", ".git") && !searched("", ".stversions") && !searched("Archive", ".trash"));
    }
}
