//! Which day an event is filed under.

mod local_clock;

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};

pub(crate) use local_clock::{LocalClock, LocalTime};

const DAY_SECONDS: i64 = 86_400;

/// What decides the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayBy {
    /// The moment at which the server took the batch.
    Received,
    /// Each event's own timestamp.
    Captured,
}

/// The day border of a vault.
#[derive(Clone, Debug)]
pub struct DayRule {
    /// What decides the day.
    pub by: DayBy,
    /// In which zone days begin.
    pub zone: TimeZone,
    /// The zone's IANA name, as written into the frontmatter.
    pub zone_name: String,
    /// At what local time a day begins, to the second; `00:00` is midnight.
    pub starts_at: civil::Time,
}

impl DayRule {
    /// The day that an event captured at `captured` and received at `received` is filed under: that of the local
    /// time, or the one before while it is not yet `starts_at`.
    pub fn date(&self, received: Timestamp, captured: Timestamp) -> civil::Date {
        let decisive = self.decisive(received, captured);
        let local = floor_seconds(decisive) + i64::from(self.zone.to_offset(decisive).seconds());
        civil_date(self.filing_day(local))
    }

    /// Whichever of the two decides the day.
    pub(crate) fn decisive(&self, received: Timestamp, captured: Timestamp) -> Timestamp {
        match self.by {
            DayBy::Received => received,
            DayBy::Captured => captured,
        }
    }

    /// The day, in days since 1970-01-01, of a local time in seconds since that day's midnight.
    pub(crate) fn filing_day(&self, local_seconds: i64) -> i64 {
        let start = self.starts_at.duration_since(civil::Time::midnight());
        (local_seconds - SignedDuration::as_secs(&start)).div_euclid(DAY_SECONDS)
    }
}

/// Unix seconds, rounded down.
fn floor_seconds(timestamp: Timestamp) -> i64 {
    timestamp.as_second() - i64::from(timestamp.subsec_nanosecond() < 0)
}

/// The date that is `days` after 1970-01-01.
pub(crate) fn civil_date(days: i64) -> civil::Date {
    let midnight = Timestamp::from_second(days.saturating_mul(DAY_SECONDS));
    match midnight {
        Ok(midnight) => TimeZone::UTC.to_datetime(midnight).date(),
        // Only the very ends of time get here: the offset leads past year 9999 or before -9999.
        Err(_) if days < 0 => civil::Date::MIN,
        Err(_) => civil::Date::MAX,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rule(by: DayBy, zone: &str, starts_at: &str) -> DayRule {
        let time_zone = match zone.parse::<i8>() {
            Ok(hours) => TimeZone::fixed(jiff::tz::offset(hours)),
            Err(_) => TimeZone::get(zone).unwrap(),
        };
        DayRule {
            by,
            zone: time_zone,
            zone_name: zone.to_owned(),
            starts_at: starts_at.parse().unwrap(),
        }
    }

    fn captured(zone: &str, starts_at: &str, at: &str) -> String {
        let received = "2020-06-01T12:00:00Z".parse().unwrap();
        rule(DayBy::Captured, zone, starts_at)
            .date(received, at.parse().unwrap())
            .to_string()
    }

    #[test]
    fn the_decisive_moment_is_the_rules() {
        let (received, made) = (
            "2026-02-26T10:00:00Z".parse().unwrap(),
            "2024-02-18T12:20:00Z".parse().unwrap(),
        );
        let by = |by| {
            rule(by, "Europe/Madrid", "00:00")
                .date(received, made)
                .to_string()
        };
        assert_eq!(by(DayBy::Received), "2026-02-26");
        assert_eq!(by(DayBy::Captured), "2024-02-18");
    }

    #[test]
    fn days_begin_at_local_midnight_in_every_offset() {
        let table = [
            ("Europe/Madrid", "2026-03-28T22:59:59.999Z", "2026-03-28"),
            ("Europe/Madrid", "2026-03-28T23:00:00Z", "2026-03-29"),
            ("Europe/Madrid", "2026-03-29T21:59:59Z", "2026-03-29"),
            ("Europe/Madrid", "2026-03-29T22:00:00Z", "2026-03-30"),
            ("Europe/Madrid", "2026-10-24T22:00:00Z", "2026-10-25"),
            ("Europe/Madrid", "2026-10-25T22:59:59Z", "2026-10-25"),
            ("Europe/Madrid", "2026-10-25T23:00:00Z", "2026-10-26"),
            ("Pacific/Kiritimati", "2026-02-26T09:59:59Z", "2026-02-26"),
            ("Pacific/Kiritimati", "2026-02-26T10:00:00Z", "2026-02-27"),
            ("14", "2026-02-26T10:00:00Z", "2026-02-27"),
            ("Pacific/Pago_Pago", "2026-02-26T10:59:59Z", "2026-02-25"),
            ("Pacific/Pago_Pago", "2026-02-26T11:00:00Z", "2026-02-26"),
            ("-11", "2026-02-26T10:59:59Z", "2026-02-25"),
            ("Asia/Kathmandu", "2026-02-25T18:14:59Z", "2026-02-25"),
            ("Asia/Kathmandu", "2026-02-25T18:15:00Z", "2026-02-26"),
            ("UTC", "1969-12-31T23:59:59.5Z", "1969-12-31"),
        ];
        for (zone, at, date) in table {
            assert_eq!(captured(zone, "00:00", at), date, "{zone} {at}");
        }
    }

    #[test]
    fn a_later_start_moves_the_border() {
        let table = [
            ("2026-02-26T02:59:59Z", "2026-02-25"),
            ("2026-02-26T03:00:00Z", "2026-02-26"),
            ("2026-03-29T00:59:59Z", "2026-03-28"), // 01:59:59, and the next second is 03:00
            ("2026-03-29T01:00:00Z", "2026-03-28"),
            ("2026-03-29T02:00:00Z", "2026-03-29"),
            ("2026-10-25T00:30:00Z", "2026-10-24"), // 02:30 for the first time
            ("2026-10-25T01:30:00Z", "2026-10-24"), // and again
            ("2026-10-25T03:00:00Z", "2026-10-25"),
        ];
        for (at, date) in table {
            assert_eq!(captured("Europe/Madrid", "04:00", at), date, "{at}");
        }
    }
}
