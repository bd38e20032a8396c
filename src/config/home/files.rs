//! Files below the home: private, atomically replaced, and owned by the owner of what they replace.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// The most bytes of a file that its owner edits.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a text file that its owner edits, without a byte order mark; `None` if it does not exist. Never waits, as reading
/// a FIFO would.
///
/// # Errors
/// When it is not a regular file of at most 1 MiB in UTF-8, or cannot be read.
pub(crate) fn read_text(path: &Path) -> io::Result<Option<String>> {
    let nonblocking = OFlags::NONBLOCK.bits() as i32;
    let file = match OpenOptions::new().read(true).custom_flags(nonblocking).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let invalid = |reason: String| io::Error::new(ErrorKind::InvalidData, reason);
    if !file.metadata()?.is_file() {
        return Err(invalid("not a regular file".into()));
    }
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(invalid(format!("larger than {MAX_BYTES} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|_| invalid("not UTF-8".into()))?;
    Ok(Some(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }))
}

/// Creates a directory with mode 0700 and its ancestors, for the owner of the lowest existing ancestor; an existing
/// directory is not changed.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    let missing: Vec<PathBuf> = path
        .ancestors()
        .take_while(|dir| !dir.as_os_str().is_empty() && fs::symlink_metadata(dir).is_err())
        .map(Path::to_owned)
        .collect();
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    missing.iter().rev().try_for_each(|dir| adopt_parents_owner(dir))
}

/// Gives a new file or directory to the owner of its parent directory, when root created it there.
pub(crate) fn adopt_parents_owner(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) => adopt_owner(&File::open(path)?, &fs::metadata(parent)?),
        None => Ok(()),
    }
}

/// Gives `file` to the owner of `like`. Only root can, and only root needs to: other users own what they create, and
/// cannot replace the files of others below a private directory.
fn adopt_owner(file: &File, like: &Metadata) -> io::Result<()> {
    let own = file.metadata()?;
    if !rustix::process::geteuid().is_root() || (own.uid(), own.gid()) == (like.uid(), like.gid()) {
        return Ok(());
    }
    fchown(file, Some(like.uid()), Some(like.gid()))
}

/// Creates a file with mode 0600 and content `bytes`, atomically; false if the file exists, which is not changed.
pub(super) fn write_new_private(path: &Path, bytes: &[u8]) -> io::Result<bool> {
    if fs::symlink_metadata(path).is_ok() {
        return Ok(false);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let written =
        write_synced(&temporary, path, bytes).and_then(|()| match fs::hard_link(&temporary, path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        });
    let removed = fs::remove_file(&temporary);
    let made = written?;
    removed?;
    Ok(made)
}

/// Appends a line in one write, after adding a missing final newline.
pub(super) fn append_line(path: &Path, before: &str, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).open(path)?;
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    file.write_all(format!("{gap}{line}\n").as_bytes())?;
    file.sync_all()
}

/// Replaces the file at `path` atomically by one with mode 0600 and content `bytes`.
pub(crate) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let temporary = path.with_file_name(name);
    let replaced = write_synced(&temporary, path, bytes).and_then(|()| fs::rename(&temporary, path));
    if replaced.is_err() {
        // nothing more can be done about it
        let _ = fs::remove_file(&temporary);
    }
    replaced?;
    match path.parent() {
        Some(dir) => fs::File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

/// Writes `temporary`, which is to become `path`.
fn write_synced(temporary: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(temporary)?;
    match (fs::metadata(path), path.parent()) {
        (Ok(replaced), _) => adopt_owner(&file, &replaced)?,
        (Err(_), Some(parent)) => adopt_owner(&file, &fs::metadata(parent)?)?,
        (Err(_), None) => {}
    }
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::chown;

    use super::*;

    #[test]
    fn only_small_regular_files_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert_eq!(read_text(&path).unwrap(), None);
        fs::write(&path, "\u{feff}text").unwrap();
        assert_eq!(read_text(&path).unwrap().as_deref(), Some("text"));
        let reason = |path: &Path| read_text(path).unwrap_err().to_string();
        fs::write(&path, vec![b' '; MAX_BYTES as usize + 1]).unwrap();
        assert_eq!(reason(&path), "larger than 1048576 bytes");
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(reason(&path), "not UTF-8");
        let link = dir.path().join("link");
        for device in ["/dev/zero", "/dev/full"] {
            std::os::unix::fs::symlink(device, &link).unwrap();
            assert_eq!(reason(&link), "not a regular file");
            fs::remove_file(&link).unwrap();
        }
        let fifo = dir.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().unwrap();
        assert!(made.success());
        assert_eq!(reason(&fifo), "not a regular file");
    }

    #[test]
    fn files_that_root_writes_belong_to_the_owner_of_the_home() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        fs::create_dir(&home).unwrap();
        chown(&home, Some(12_345), Some(23_456)).unwrap();
        let owner = |path: &Path| {
            let found = fs::metadata(path).unwrap();
            (found.uid(), found.gid())
        };
        let file = home.join("keys.toml");
        replace_private(&file, b"1").unwrap();
        assert_eq!(owner(&file), (12_345, 23_456));
        chown(&file, Some(34_567), None).unwrap();
        replace_private(&file, b"2").unwrap();
        assert_eq!(owner(&file), (34_567, 23_456));
        assert!(write_new_private(&home.join(".env"), b"3").unwrap());
        assert_eq!(owner(&home.join(".env")), (12_345, 23_456));
        make_private_dir(&home.join("a/b")).unwrap();
        for made in ["a", "a/b"] {
            assert_eq!(owner(&home.join(made)), (12_345, 23_456), "{made}");
        }
    }
}
