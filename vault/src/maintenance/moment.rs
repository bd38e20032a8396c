//! The time that an entry begins with, read back.

use jiff::{
    SignedDuration, Timestamp, civil,
    tz::{Offset, TimeZone},
};

/// A local time: `14:30:00`, with a date if it is not the file's, and an offset if the clock shows it twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    date: Option<civil::Date>,
    time: civil::Time,
    offset: Option<Offset>,
}

/// The moment at the beginning of an entry, if it is one of ours.
pub(super) fn read(entry: &[u8]) -> Option<Moment> {
    let rest = entry.strip_prefix(b"- **")?;
    let end = memchr::memmem::find(rest, b"**")?;
    let text = std::str::from_utf8(&rest[..end]).ok()?;
    let (date, time) = match text.split_once(' ') {
        Some((date, time)) => (Some(date.parse().ok()?), time),
        None => (None, text),
    };
    let (time, offset) = time.split_at_checked("14:30:00".len())?;
    Some(Moment {
        date,
        time: clock(time)?,
        offset: if offset.is_empty() {
            None
        } else {
            Some(offset_of(offset)?)
        },
    })
}

impl Moment {
    /// The moment in a file of `date` in `zone`, to the second.
    pub(super) fn timestamp(self, date: Option<civil::Date>, zone: &TimeZone) -> Option<Timestamp> {
        let local = self.date.or(date)?.to_datetime(self.time);
        match self.offset {
            Some(offset) => offset.to_timestamp(local).ok(),
            None => zone.to_timestamp(local).ok(),
        }
    }
}

/// `HH:MM:SS`
fn clock(text: &str) -> Option<civil::Time> {
    let bytes = text.as_bytes();
    let two = |at: usize| {
        let digits = bytes.get(at..at + 2)?;
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then(|| i8::try_from((digits[0] - b'0') * 10 + digits[1] - b'0').ok())?
    };
    if bytes.len() != 8 || bytes[2] != b':' || bytes[5] != b':' {
        return None;
    }
    civil::Time::new(two(0)?, two(3)?, two(6)?, 0).ok()
}

/// `+HH:MM`
fn offset_of(text: &str) -> Option<Offset> {
    let (sign, clock_text) = text.split_at_checked(1)?;
    let time = clock(&format!("{clock_text}:00"))?;
    let ahead = time.duration_since(civil::Time::midnight());
    let seconds = i32::try_from(SignedDuration::as_secs(&ahead)).ok()?;
    match sign {
        "+" => Offset::from_seconds(seconds).ok(),
        "-" => Offset::from_seconds(-seconds).ok(),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn utc(entry: &str) -> Option<String> {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let read = read(entry.as_bytes())?;
        read.timestamp(Some(civil::date(2026, 10, 25)), &zone)
            .map(|moment| moment.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        let table = [
            ("- **14:30:00** x", "2026-10-25T13:30:00Z"),
            ("- **02:30:00+02:00** x", "2026-10-25T00:30:00Z"),
            ("- **02:30:00+01:00** x", "2026-10-25T01:30:00Z"),
            ("- **2024-02-18 13:20:00** x", "2024-02-18T12:20:00Z"),
            ("- **2024-10-27 02:00:00+01:00**", "2024-10-27T01:00:00Z"),
        ];
        for (entry, expected) in table {
            assert_eq!(utc(entry).as_deref(), Some(expected), "{entry}");
        }
    }

    #[test]
    fn what_users_write_is_none() {
        for entry in [
            "- **bold** x",
            "- **14:30** x",
            "- **14:30:00 x",
            "- **24:30:00** x",
            "- **14:30:00é** x",
            "- **14:30:00Z** x",
            "- **tomorrow 14:30:00** x",
            "- **1x:30:00** x",
            "",
        ] {
            assert_eq!(read(entry.as_bytes()), None, "{entry}");
        }
    }
}
