//! `openclone keys add`: creates a key.

use clap::Args;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use openclone_core::TenantId;
use secrecy::ExposeSecret as _;

use super::{super::say, Failure, now};
use crate::{
    auth::{
        KeysFile, NewKey, Scope,
        keys_file::{KeyRecord, check_label, check_plugin, parse_scopes},
    },
    config::home::{Home, files},
};

/// Create a key.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Tenant whose vault it writes to: 1 to 64 of a-z, 0-9 and hyphens; the key in .env belongs to "default"
    #[arg(long, value_name = "TENANT")]
    tenant: String,
    /// Name of the key
    #[arg(long, value_name = "LABEL")]
    label: String,
    /// Scope: ingest, ingest:<source type>, plugins:read, metrics, or * for everything; may be repeated
    #[arg(long = "scope", value_name = "SCOPE", value_delimiter = ',', default_values = ["ingest", "plugins:read"])]
    scopes: Vec<String>,
    /// Plugin that the key is restricted to
    #[arg(long, value_name = "ID")]
    plugin: Option<String>,
    /// Expiry: 12h, 90d, 8w, a date such as 2027-01-31, or a time such as 2027-01-31T12:00:00Z
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// Requests per minute and burst, instead of the configured ones; 0 for no limit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=10_000_000))]
    requests_per_minute: Option<u32>,
    /// Events per second on streams, instead of the configured rate; 0 for no limit
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=100_000_000))]
    events_per_second: Option<u32>,
}

impl Add {
    /// Prints the key alone to stdout, so that a script can read it.
    #[allow(clippy::print_stderr)]
    pub(super) fn run(&self, home: &Home) -> Result<(), Failure> {
        let (expires_at, scopes) = self.check().map_err(Failure::Usage)?;
        files::make_private_dir(home.dir())?;
        let key = NewKey::generate();
        KeysFile::change(&home.keys(), |file| {
            let hash = file.hash(key.secret.expose_secret().as_bytes());
            file.keys
                .push(self.record(&key, hash, scopes.clone(), expires_at));
            Ok(())
        })?;
        say(key.secret.expose_secret());
        let scopes: Vec<_> = scopes.iter().map(ToString::to_string).collect();
        let end = expires_at.map_or(String::new(), |end| format!(", expires {end}"));
        eprintln!(
            "key {} of tenant {}: {}{end}; it is not shown again",
            key.id,
            self.tenant,
            scopes.join(", ")
        );
        Ok(())
    }

    fn check(&self) -> Result<(Option<Timestamp>, Vec<Scope>), String> {
        TenantId::check(&self.tenant).map_err(|reason| format!("--tenant {:?}: {reason}", self.tenant))?;
        check_label(&self.label).map_err(|reason| format!("--{reason}"))?;
        let scopes = parse_scopes(self.scopes.iter().map(String::as_str))
            .map_err(|reason| format!("--scope: {reason}"))?;
        if let Some(plugin) = &self.plugin {
            check_plugin(plugin).map_err(|reason| format!("--{reason}"))?;
        }
        let expires_at = self
            .expires
            .as_deref()
            .map(|text| parse_end(text, now()).map_err(|reason| format!("--expires {text:?}: {reason}")))
            .transpose()?;
        Ok((expires_at, scopes))
    }

    fn record(
        &self,
        key: &NewKey,
        hash: blake3::Hash,
        scopes: Vec<Scope>,
        expires_at: Option<Timestamp>,
    ) -> KeyRecord {
        KeyRecord {
            id: key.id.clone(),
            tenant: self.tenant.clone(),
            label: self.label.clone(),
            scopes,
            plugin: self.plugin.clone(),
            requests_per_minute: self.requests_per_minute,
            events_per_second: self.events_per_second,
            created_at: Some(now()),
            expires_at,
            revoked_at: None,
            hash,
        }
    }
}

/// A duration from `now`, a date (its start in UTC) or a time, which must be in the future.
fn parse_end(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let end = from_now(text, now)
        .or_else(|| text.parse::<Timestamp>().ok())
        .or_else(|| {
            Some(
                text.parse::<Date>()
                    .ok()?
                    .to_zoned(TimeZone::UTC)
                    .ok()?
                    .timestamp(),
            )
        })
        .ok_or("not a duration such as 90d, a date or a time")?;
    if end <= now {
        return Err("this time is in the past".into());
    }
    Ok(end)
}

fn from_now(text: &str, now: Timestamp) -> Option<Timestamp> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        'y' => 31_536_000,
        _ => return None,
    };
    let count: u32 = text.strip_suffix(unit)?.parse().ok()?;
    now.checked_add(SignedDuration::from_secs(i64::from(count) * seconds))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_is_a_duration_a_date_or_a_time() {
        let now: Timestamp = "2026-02-26T12:00:00Z".parse().unwrap_or_default();
        let end = |text| parse_end(text, now).map(|end| end.to_string());
        assert_eq!(end("90d").as_deref(), Ok("2026-05-27T12:00:00Z"));
        assert_eq!(end("2s").as_deref(), Ok("2026-02-26T12:00:02Z"));
        assert_eq!(end("2027-01-31").as_deref(), Ok("2027-01-31T00:00:00Z"));
        assert_eq!(
            end("2027-01-31T10:00:00+01:00").as_deref(),
            Ok("2027-01-31T09:00:00Z")
        );
        for bad in [
            "0d",
            "90",
            "d",
            "-1d",
            "soon",
            "2026-02-26",
            "",
            "9999999999d",
            "4000000000y",
        ] {
            assert!(end(bad).is_err(), "{bad}");
        }
    }
}
