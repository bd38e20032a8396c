//! `openclone forget`: removes what a plugin captured since some moment, for good.

use clap::Args;
use jiff::{Timestamp, civil, tz::TimeZone};
use openclone_vault::maintenance;

use super::{
    Failure, Place, say,
    upkeep::{Vaults, counted},
};

/// Removes events of a plugin and keeps their ids, so that they are never stored again.
#[derive(Debug, Args)]
pub(super) struct Forget {
    #[command(flatten)]
    place: Place,
    /// Whose events
    #[arg(long, value_name = "PLUGIN")]
    plugin: String,
    /// Those captured since then: 2026-02-26, 2026-02-26T14:30, with an offset or Z, or Unix seconds
    #[arg(long, value_name = "TIME")]
    since: String,
    /// Those of this tenant only
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,
    /// Only show what would be removed
    #[arg(long)]
    dry_run: bool,
}

impl Forget {
    pub(super) fn run(self) -> Result<(), Failure> {
        let vaults = Vaults::of(&self.place)?;
        let zone = &vaults.config.vault.days.zone;
        let since = moment(&self.since, zone)
            .ok_or_else(|| Failure::Usage(format!("--since: {:?} is no time", self.since)))?;
        let what = maintenance::Forget {
            plugin: &self.plugin,
            since,
            tenant: self.tenant.as_deref(),
            zone,
        };
        let done = if self.dry_run {
            vaults.upkeep.would_forget(&what)?
        } else {
            vaults.upkeep.forget(&what, vaults.options)?
        };
        self.tell(&done)
    }

    fn tell(&self, done: &maintenance::Forgotten) -> Result<(), Failure> {
        for (path, count) in &done.files {
            say(&format!("{path}: {}", counted(*count, "event")));
        }
        let verb = if self.dry_run { "would forget" } else { "forgot" };
        say(&format!("{verb} {}", counted(done.ids.len() as u64, "event")));
        if done.timeless > 0 {
            let timeless = counted(done.timeless, "event");
            say(&format!(
                "left {timeless} of {} whose time was edited away",
                self.plugin
            ));
        }
        for (what, reason) in &done.failed {
            say(&format!("still there: {what}: {reason}"));
        }
        if done.failed.is_empty() {
            return Ok(());
        }
        Err(Failure::AlreadyReported)
    }
}

/// A local time is one of the vault's zone.
fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
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
        let read = |text: &str| moment(text, &zone).map(|moment| moment.to_string());
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
