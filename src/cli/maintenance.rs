//! Shared by the commands that check and repair vaults.

use std::time::Duration;

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
mod tests {
    use super::*;

    #[test]
    fn plurals() {
        assert_eq!(counted(1, "file"), "1 file");
        assert_eq!(counted(0, "file"), "0 files");
        assert_eq!(counted(2, "copy"), "2 copies");
    }
}
