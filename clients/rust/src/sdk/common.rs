//! What all plugins of a user have in common: the id of the device, consent and pause.
//!
//! They are in `$XDG_STATE_HOME/openclone`: by default `~/.local/state/openclone`, on macOS `~/Library/Application
//! Support/openclone`, on Windows `%LOCALAPPDATA%\openclone`.

use std::{
    env, fs,
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    thread::sleep,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use openclone_core::validate;
use serde_json::Value;
use uuid::Uuid;

use super::{
    error::Error,
    state::{make_directory, private, spool_error},
};

/// After how long an empty file counts as that of a program that died before it wrote.
const EMPTY: Duration = Duration::from_secs(1);

/// The directory.
pub(super) fn home() -> Result<PathBuf, Error> {
    let variable = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(dir) = variable("XDG_STATE_HOME") {
        return Ok(dir.join("openclone"));
    }
    if let Some(dir) = variable("LOCALAPPDATA").filter(|_| cfg!(windows)) {
        return Ok(dir.join("openclone"));
    }
    let below = if cfg!(target_os = "macos") {
        "Library/Application Support/openclone"
    } else if cfg!(windows) {
        "AppData/Local/openclone"
    } else {
        ".local/state/openclone"
    };
    env::home_dir()
        .map(|home| home.join(below))
        .ok_or_else(|| Error::InvalidOptions {
            option: "state_dir",
            reason: "there is no home directory: set XDG_STATE_HOME".to_owned(),
        })
}

/// The id kept in `dir`; the first program that asks makes it. Waits for up to a second while another one writes.
pub(super) fn device_id(dir: &Path) -> Result<String, Error> {
    make_directory(dir).map_err(|source| spool_error(dir, source))?;
    let path = dir.join("device-id");
    let deadline = Instant::now() + EMPTY;
    loop {
        let kept = read_or_make(&path).map_err(|source| spool_error(&path, source))?;
        if !kept.is_empty() {
            return checked(&path, kept);
        }
        if Instant::now() > deadline {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(spool_error(&path, error)),
                _ => {}
            }
        }
        sleep(Duration::from_millis(20));
    }
}

/// Gives nothing while another program writes.
fn read_or_make(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        read => return read.map(|text| text.trim().to_owned()),
    }
    let mut file = match private().create_new(true).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(String::new()),
        file => file?,
    };
    let id = Uuid::new_v4().to_string();
    file.write_all(format!("{id}\n").as_bytes())?;
    file.sync_all()?;
    Ok(id)
}

fn checked(path: &Path, id: String) -> Result<String, Error> {
    match validate::device_id(&id) {
        None => Ok(id),
        Some(_) => Err(Error::InvalidOptions {
            option: "device-id",
            reason: format!(
                "{} holds no UUID of version 4: put the old one back, or delete the file",
                path.display()
            ),
        }),
    }
}

/// Whether capture is paused at `now`. When in doubt it is.
pub(super) fn is_paused(dir: &Path, now: SystemTime) -> bool {
    match fs::read(dir.join("pause")) {
        Err(error) => error.kind() != ErrorKind::NotFound,
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let end = text.lines().next().unwrap_or_default().trim().parse::<f64>();
            let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
            end.map_or(true, |end| end.is_nan() || now < end)
        }
    }
}

/// Sensitivity and version that the user has agreed to, if any.
pub(super) fn consent_to(dir: &Path, plugin_id: &str) -> Option<(String, String)> {
    let text = fs::read_to_string(dir.join("consent").join(format!("{plugin_id}.json"))).ok()?;
    let given: Value = serde_json::from_str(&text).ok()?;
    let member = |name: &str| given.get(name)?.as_str().map(str::to_owned);
    Some((member("sensitivity")?, member("version")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_start_at_once_agree_on_the_device() {
        let directory = tempfile::tempdir().unwrap();
        let dir = directory.path().join("deep/openclone");
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let dir = dir.clone();
                std::thread::spawn(move || device_id(&dir).unwrap())
            })
            .collect();
        let ids: std::collections::BTreeSet<_> =
            threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(ids.len(), 1);
        fs::write(dir.join("device-id"), "").unwrap();
        assert!(
            Uuid::parse_str(&device_id(&dir).unwrap()).is_ok(),
            "left by a crash"
        );
        fs::write(dir.join("device-id"), "nonsense").unwrap();
        assert_eq!(device_id(&dir).unwrap_err().name(), "InvalidOptions");
    }

    #[test]
    fn a_pause_that_cannot_be_understood_holds() {
        let directory = tempfile::tempdir().unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert!(!is_paused(directory.path(), now));
        for (text, expected) in [
            ("", true),
            ("1800000060", true),
            ("1799999999\n", false),
            ("?", true),
        ] {
            fs::write(directory.path().join("pause"), text).unwrap();
            assert_eq!(is_paused(directory.path(), now), expected, "{text}");
        }
    }
}
