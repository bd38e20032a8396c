//! `openclone forget`: permanently deletes the events that a plugin captured since a given time.

use clap::Args;
use jiff::{Timestamp, civil, tz::TimeZone};
use openclone_vault::maintenance;

use super::{
    Failure, HomePaths,
    maintenance::{Vaults, counted},
    say,
};

/// Delete events of a plugin and block their ids, so that they are never stored again.
#[derive(Debug, Args)]
pub(super) struct Forget {
    #[command(flatten)]
    paths: HomePaths,
    /// Only events from this plugin
    #[arg(long, value_name = "PLUGIN")]
    plugin: String,
    /// Only events captured since this time: 2026-02-26, 2026-02-26T14:30, with an offset or Z, or Unix seconds
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Only events of this tenant
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Show what would be deleted, without deleting it
    #[arg(long)]
    dry_run: bool,
}

impl Forget {
    pub(super) fn run(self) -> Result<(), Failure> {
        let vaults = Vaults::of(&self.paths)?;
        let zone = &vaults.config.vault.days.zone;
        let since = parse_time(&self.since, zone)
            .ok_or_else(|| Failure::Usage(format!("--since: {:?} is not a time", self.since)))?;
        let what = maintenance::Forget {
            plugin: &self.plugin,
            since,
            tenant: self.tenant.as_deref(),
        };
        let done = if self.dry_run {
            vaults.maintenance.would_forget(&what)?
        } else {
            vaults.maintenance.forget(&what, vaults.options)?
        };
        self.report(&done)
    }

    fn report(&self, done: &maintenance::Forgotten) -> Result<(), Failure> {
        for (path, count) in &done.files {
            say(&format!("{path}: {}", counted(*count, "event")));
        }
        let verb = if self.dry_run { "would delete" } else { "deleted" };
        say(&format!("{verb} {}", counted(done.ids.len() as u64, "event")));
        if done.timeless > 0 {
            let timeless = counted(done.timeless, "event");
            say(&format!(
                "kept {timeless} of {} whose time is no longer readable",
                self.plugin
            ));
        }
        for (what, reason) in &done.failed {
            say(&format!("cannot delete {what}: {reason}"));
        }
        if done.failed.is_empty() {
            return Ok(());
        }
        Err(Failure::AlreadyReported)
    }
}

/// Parses a time; a local time is in the zone of the vault.
fn parse_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(timestamp) = text.parse() {
        return Some(timestamp);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds).ok();
    }
    let local = text.parse::<civil::DateTime>().or_else(|_| {
        text.parse::<civil::Date>()
            .map(|date| date.to_datetime(civil::Time::midnight()))
    });
    zone.to_timestamp(local.ok()?).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_of_every_form() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let read = |text: &str| parse_time(text, &zone).map(|timestamp| timestamp.to_string());
        let table = [
            ("2026-02-26", "2026-02-25T23:00:00Z"),
            ("2026-02-26T14:30", "2026-02-26T13:30:00Z"),
            ("2026-02-26T14:30:05", "2026-02-26T13:30:05Z"),
            ("2026-02-26T14:30:00Z", "2026-02-26T14:30:00Z"),
            ("2026-02-26T14:30:00-05:00", "2026-02-26T19:30:00Z"),
            ("1708258800", "2024-02-18T12:20:00Z"),
        ];
        for (text, expected) in table {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
        for bad in ["", "yesterday", "2026-02-30", "14:30"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
