//! `openclone forget`: permanently deletes the events that a plugin captured since a given time.

use clap::Args;
use jiff::{Timestamp, civil, tz::TimeZone};
use openclone_vault::maintenance;

use super::{
    Failure, HomePaths,
    maintenance::{Vaults, counted},
    say,
};

/// Copies that no command of ours can delete.
const OUT_OF_REACH: &str = "not deleted: copies in the history of editors, in versions that sync tools keep, in backups, \
    and in plugins that have not sent them yet; if an open editor saves such an event again, run `openclone forget --again`";

/// Delete events of a plugin and block their ids, so that they are never stored again.
#[derive(Debug, Args)]
pub(super) struct Forget {
    #[command(flatten)]
    paths: HomePaths,
    /// Only events from this plugin
    #[arg(long, value_name = "PLUGIN", required_unless_present = "again")]
    plugin: Option<String>,
    /// Only events captured since this time: 2026-02-26, 2026-02-26T14:30, with an offset or Z, or Unix seconds
    #[arg(long, value_name = "TIME", required_unless_present = "again")]
    since: Option<String>,
    /// Delete events that were deleted before and that an editor or a sync tool has brought back
    #[arg(long, conflicts_with_all = ["plugin", "since"])]
    again: bool,
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
        let tenant = self.tenant.as_deref();
        let done = match (&self.plugin, &self.since) {
            (Some(plugin), Some(since)) => {
                let zone = &vaults.config.vault.days.zone;
                let since = parse_time(since, zone)
                    .ok_or_else(|| Failure::Usage(format!("--since: {since:?} is not a time")))?;
                let what = maintenance::Forget {
                    plugin,
                    since,
                    tenant,
                };
                if self.dry_run {
                    vaults.maintenance.would_forget(&what)?
                } else {
                    vaults.maintenance.forget(&what, vaults.options)?
                }
            }
            _ if self.dry_run => vaults.maintenance.would_forget_again(tenant)?,
            _ => vaults.maintenance.forget_again(tenant, vaults.options)?,
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
            say(&format!(
                "kept {} of the plugin whose time is no longer readable",
                counted(done.timeless, "event")
            ));
        }
        if done.unnamed > 0 {
            say(&format!(
                "kept {} whose plugin is no longer readable",
                counted(done.unnamed, "event")
            ));
        }
        for link in &done.links {
            say(&format!("did not search {link}: symbolic links are not followed"));
        }
        for (what, reason) in &done.failed {
            say(&format!("cannot delete {what}: {reason}"));
        }
        if !self.dry_run && !done.ids.is_empty() {
            say(OUT_OF_REACH);
        }
        if done.failed.is_empty() && done.timeless == 0 && done.unnamed == 0 {
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
