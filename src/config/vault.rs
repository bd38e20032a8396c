//! Options of the vault.

use std::{path::PathBuf, time::Duration};

use jiff::{Span, SpanRelativeTo, civil, tz::TimeZone};
use openclone_vault::{DayBy, DayRule, FieldSelection, Format, Metadata};

use super::{ConfigError, Layers};

const LONGEST: Duration = Duration::from_secs(1000 * 24 * 3600);

/// Options of the vault.
#[derive(Clone, Debug)]
pub struct VaultConfig {
    /// `None` for `<home>/vault`.
    pub dir: Option<PathBuf>,
    /// The rule that assigns events to days.
    pub days: DayRule,
    /// How items look.
    pub format: Format,
    /// Bytes that must stay free on the file system of the vault.
    pub min_free: u64,
    /// How long checkpointed segments of the write-ahead log are kept.
    pub keep_log_for: Duration,
    /// How many bytes of them are kept at most.
    pub keep_log_bytes: u64,
}

impl VaultConfig {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let dir = layers.parse("vault.dir", "a path", |text| Some(text.to_owned()))?;
        let by = layers.parse("vault.day", "\"received\" or \"captured\"", |text| match text {
            "received" => Some(DayBy::Received),
            "captured" => Some(DayBy::Captured),
            _ => None,
        })?;
        let (zone_name, zone) = layers.parse(
            "vault.timezone",
            "an IANA name, such as \"Europe/Madrid\"",
            parse_zone,
        )?;
        let starts_at = layers.parse(
            "vault.day_starts_at",
            "a time from \"00:00\" to \"23:59\"",
            parse_time,
        )?;
        Ok(Self {
            dir: (!dir.is_empty()).then(|| PathBuf::from(dir)),
            days: DayRule {
                by,
                zone,
                zone_name,
                starts_at,
            },
            format: read_format(layers)?,
            min_free: layers.size("vault.min_free", 0, 1 << 50)?,
            keep_log_for: layers.parse(
                "wal.keep_for",
                "a time such as \"7 days\" or \"12 h\", at most 1000 days",
                parse_duration,
            )?,
            keep_log_bytes: layers.size("wal.keep_bytes", 0, 1 << 50)?,
        })
    }
}

fn read_format(layers: &Layers) -> Result<Format, ConfigError> {
    let metadata = layers.parse(
        "vault.metadata",
        "\"html\", \"comment\" or \"visible\"",
        |text| match text {
            "html" => Some(Metadata::Html),
            "comment" => Some(Metadata::Comment),
            "visible" => Some(Metadata::Visible),
            _ => None,
        },
    )?;
    let fields = layers.parse("vault.fields", "\"all\" or \"essential\"", |text| match text {
        "all" => Some(FieldSelection::All),
        "essential" => Some(FieldSelection::Essential),
        _ => None,
    })?;
    Ok(Format {
        metadata,
        fields,
        headings: layers.flag("vault.headings")?,
    })
}

/// An empty name means the zone of the system, or UTC if that is unknown.
fn parse_zone(name: &str) -> Option<(String, TimeZone)> {
    if !name.is_empty() {
        return Some((name.to_owned(), TimeZone::get(name).ok()?));
    }
    let machine = TimeZone::try_system().ok();
    let named = machine.and_then(|zone| Some((zone.iana_name()?.to_owned(), zone)));
    Some(named.unwrap_or_else(|| ("UTC".to_owned(), TimeZone::UTC)))
}

fn parse_duration(text: &str) -> Option<Duration> {
    let span: Span = text.parse().ok()?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let duration = Duration::try_from(duration).ok()?;
    (duration <= LONGEST).then_some(duration)
}

fn parse_time(text: &str) -> Option<civil::Time> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    civil::Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let day = Duration::from_secs(24 * 3600);
        for (text, expected) in [
            ("7 days", day * 7),
            ("12 h", day / 2),
            ("0s", Duration::ZERO),
            ("1d", day),
        ] {
            assert_eq!(parse_duration(text), Some(expected), "{text}");
        }
        for bad in ["", "7", "-1 day", "1 month", "1001 days", "soon"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(parse_time("04:30"), civil::Time::new(4, 30, 0, 0).ok());
        for bad in ["24:00", "4:30", "04:60", "", "0430", "+4:30"] {
            assert_eq!(parse_time(bad), None, "{bad}");
        }
    }
}
