//! Shared by the commands that check and repair vaults.

use std::{fs, os::unix::fs::MetadataExt as _, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use openclone_vault::{Options, maintenance::Maintenance};

use super::{Failure, HomePaths, process};
use crate::{
    app,
    config::{Config, home::Home},
};

/// The configured vaults.
pub(super) struct Vaults {
    pub(super) maintenance: Maintenance,
    /// The options with which the service opens them.
    pub(super) options: Options,
    pub(super) config: Config,
}

impl Vaults {
    pub(super) fn of(paths: &HomePaths) -> Result<Self, Failure> {
        let home = paths.home()?;
        let config = Config::read(&paths.layers(&home, Vec::new())?)?;
        require(&home)?;
        require_owner(&home)?;
        process::make_private();
        let options = app::vault_options(&config, &home);
        Ok(Self {
            maintenance: app::maintenance(&options, &home),
            options,
            config,
        })
    }
}

/// Fails for a missing home, whose path is probably misspelt.
fn require(home: &Home) -> anyhow::Result<()> {
    if home.dir().is_dir() {
        return Ok(());
    }
    anyhow::bail!(
        "home directory {} does not exist; see --home",
        home.dir().display()
    )
}

/// Fails for another user than the owner, also for root: files that root creates in the database would keep the service
/// from starting.
fn require_owner(home: &Home) -> anyhow::Result<()> {
    let dir = [home.db(), home.dir().to_owned()]
        .into_iter()
        .find(|dir| dir.is_dir())
        .unwrap_or_else(|| home.dir().to_owned());
    let owner = fs::metadata(&dir)?.uid();
    anyhow::ensure!(
        owner == rustix::process::geteuid().as_raw(),
        "{} belongs to the user with id {owner}; run this command as that user, such as with: sudo -u '#{owner}'",
        dir.display()
    );
    Ok(())
}

/// A progress bar on stderr, if that is a terminal.
pub(super) fn bar(template: &str) -> ProgressBar {
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// `1 file`, `2 files`
pub(super) fn counted(count: u64, what: &str) -> String {
    match (count, what.strip_suffix('y')) {
        (1, _) => format!("1 {what}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ => format!("{count} {what}s"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn root_does_not_write_into_the_database_of_another_user() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::locate(Some(dir.path().to_owned())).unwrap();
        fs::create_dir(home.db()).unwrap();
        assert!(require_owner(&home).is_ok());
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(home.db(), Some(12_345), None).unwrap();
            let error = require_owner(&home).unwrap_err().to_string();
            assert!(error.contains("belongs to the user with id 12345"), "{error}");
        }
    }

    #[test]
    fn plurals() {
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(counted(2, "copy"), "2 copies");
    }
}
