//! Which log belongs to a home: told from one that is missing, and from another home's.

use std::path::{Path, PathBuf};

use super::{
    WalError, WalOptions,
    checkpoint::{self, CheckpointFile},
    entries::{append_all, read_all},
    record::LogId,
};
use crate::fs::{Directory, VaultFs};

/// The log's directory with its checkpoint file; makes a new log if the home has never had one.
pub(super) fn open(
    fs: &dyn VaultFs,
    options: &WalOptions,
) -> Result<(Box<dyn Directory>, LogId, CheckpointFile), WalError> {
    let names = Names::new(options);
    let known = read_id(fs, &names)?;
    let directory = match (known, fs.open_directory(&options.dir)?) {
        (_, Some(directory)) => directory,
        (None, None) => fs.create_directory(&options.dir)?,
        (Some(_), None) => return Err(names.missing()),
    };
    directory.lock()?;
    let found = CheckpointFile::open(&*directory)?;
    match (known, found) {
        (Some(id), Some((file, other))) if id == other => {
            if !file.position.begun {
                // The id may look written and not be, because a sync failed when the log was created.
                write_id(fs, &names, id)?;
            }
            Ok((directory, id, file))
        }
        (Some(_), Some(_)) => Err(names.foreign("its id is another one")),
        (Some(_), None) => Err(names.missing()),
        // A crash left a log that was never completed.
        (None, Some((file, id))) if is_unused(&*directory)? => {
            write_id(fs, &names, id)?;
            Ok((directory, id, file))
        }
        (None, Some(_)) => Err(names.foreign("the home has no wal.id")),
        (None, None) if !is_unused(&*directory)? => Err(names.foreign("it has no checkpoint number")),
        (None, None) => {
            let id = LogId(rand::random());
            CheckpointFile::create(&*directory, id)?;
            write_id(fs, &names, id)?;
            let created = CheckpointFile::open(&*directory)?;
            let (file, id) = created.ok_or_else(|| names.missing())?;
            Ok((directory, id, file))
        }
    }
}

/// Removes the id of a log that was moved away, durably, so that the next opening creates a new one.
pub(super) fn remove_id(fs: &dyn VaultFs, options: &WalOptions) -> Result<(), WalError> {
    let names = Names::new(options);
    if let Some(home) = fs.open_directory(&names.home)? {
        home.remove(&names.id)?;
        home.sync().map_err(WalError::Sync)?;
    }
    Ok(())
}

struct Names {
    dir: PathBuf,
    home: PathBuf,
    /// The file with the id, in the home.
    id: String,
}

impl Names {
    fn new(options: &WalOptions) -> Self {
        let id = options.id_file();
        let home = id.parent().filter(|home| !home.as_os_str().is_empty());
        Self {
            dir: options.dir.clone(),
            home: home.unwrap_or_else(|| Path::new(".")).to_owned(),
            id: id.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }

    fn missing(&self) -> WalError {
        WalError::Missing {
            dir: self.dir.display().to_string(),
            id: self.home.join(&self.id).display().to_string(),
        }
    }

    fn foreign(&self, reason: &'static str) -> WalError {
        WalError::Foreign {
            dir: self.dir.display().to_string(),
            id: self.home.join(&self.id).display().to_string(),
            reason,
        }
    }
}

/// Whether nothing was ever written to the log: it has a checkpoint file at most.
fn is_unused(directory: &dyn Directory) -> Result<bool, WalError> {
    let names = directory.names()?;
    Ok(names
        .iter()
        .all(|name| name == checkpoint::NAME || name.ends_with(".tmp") || name == "lost+found"))
}

fn read_id(fs: &dyn VaultFs, names: &Names) -> Result<Option<LogId>, WalError> {
    let Some(home) = fs.open_directory(&names.home)? else {
        return Ok(None);
    };
    let Some(file) = home.open(&names.id)? else {
        return Ok(None);
    };
    let text = String::from_utf8(read_all(&*file)?).unwrap_or_default();
    let digits = text.trim();
    match u128::from_str_radix(digits, 16) {
        Ok(number) if digits.len() == 32 => Ok(Some(LogId(number.to_be_bytes()))),
        _ => Err(WalError::damaged(
            &names.id,
            0,
            "it has no id of 32 hexadecimal digits",
        )),
    }
}

/// The last step of creating a log.
fn write_id(fs: &dyn VaultFs, names: &Names, id: LogId) -> Result<(), WalError> {
    let home = fs.create_directory(&names.home)?;
    let temporary = format!("{}.tmp", names.id);
    home.remove(&temporary)?;
    let mut file = home.create(&temporary)?;
    let text = format!("{:032x}\n", u128::from_be_bytes(id.0));
    append_all(&mut *file, text.as_bytes())?;
    file.sync().map_err(WalError::Sync)?;
    home.rename(&temporary, &names.id)?;
    home.sync().map_err(WalError::Sync)
}
