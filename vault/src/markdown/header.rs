//! The frontmatter of a daily file. No text of a plugin gets here.

use super::sink::Markdown;
use crate::{day::DayRule, entry::DailyFile};

/// The version of the format, as the header states it.
pub(crate) const VERSION: &str = "2";

/// The frontmatter and the blank line behind it.
pub(crate) fn render(file: DailyFile, days: &DayRule) -> Vec<u8> {
    let mut header = Markdown::with_capacity(192 + days.zone_name.len());
    header.literal("---\nopenclone: ");
    header.literal(VERSION);
    header.literal("\nfolder: ");
    header.literal(file.folder);
    header.literal("\ndate: ");
    header.date(file.date);
    header.literal("\ntimezone: ");
    header.yaml_string(&days.zone_name);
    header.literal("\ntrust: untrusted-capture\naliases: [\"");
    header.literal(file.folder);
    header.literal(" ");
    header.date(file.date);
    header.literal("\"]\ncssclasses: [openclone]\n---\n\n");
    header.into_bytes()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::{civil, tz::TimeZone};

    use super::*;
    use crate::day::DayBy;

    fn header(zone_name: &str) -> String {
        let days = DayRule {
            by: DayBy::Received,
            zone: TimeZone::UTC,
            zone_name: zone_name.to_owned(),
            starts_at: civil::Time::midnight(),
        };
        let file = DailyFile {
            folder: "Audio",
            date: civil::date(2026, 2, 26),
        };
        String::from_utf8(render(file, &days)).unwrap()
    }

    #[test]
    fn it_is_as_documented() {
        let expected = "---\nopenclone: 2\nfolder: Audio\ndate: 2026-02-26\ntimezone: Europe/Madrid\n\
            trust: untrusted-capture\naliases: [\"Audio 2026-02-26\"]\ncssclasses: [openclone]\n---\n\n";
        assert_eq!(header("Europe/Madrid"), expected);
    }

    #[test]
    fn a_zones_name_stays_one_string() {
        let table = [
            ("Etc/GMT+1", "Etc/GMT+1"),
            ("America/Port-au-Prince", "America/Port-au-Prince"),
            ("EST5EDT,M3.2.0", "\"EST5EDT,M3.2.0\""),
            ("no", "\"no\""),
            ("", "\"\""),
            ("a: b\n---\n\"\\", "\"a: b---\\\"\\\\\""),
        ];
        for (name, expected) in table {
            assert!(
                header(name).contains(&format!("\ntimezone: {expected}\ntrust:")),
                "{name}"
            );
        }
    }
}
