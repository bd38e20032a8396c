//! The frontmatter of a daily file. No text of a plugin or user gets here.

use crate::{day::DayRule, entry::DailyFile};

/// The frontmatter and the blank line after it.
pub(crate) fn render(file: DailyFile, days: &DayRule) -> Vec<u8> {
    let timezone = yaml_string(&days.zone_name);
    let (folder, date) = (file.folder, file.date);
    let header = format!(
        "---\nopenclone: 1\nfolder: {folder}\ndate: {date}\ntimezone: {timezone}\ntrust: untrusted-capture\n---\n\n"
    );
    header.into_bytes()
}

/// A zone's name as it is if YAML reads it as a string; quoted otherwise.
fn yaml_string(name: &str) -> String {
    const OTHER_TYPES: [&str; 10] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan"];
    let plain = name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'+' | b'-'))
        && !OTHER_TYPES.iter().any(|other| name.eq_ignore_ascii_case(other));
    if plain {
        return name.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in name.chars().filter(|character| !character.is_control()) {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
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
        let expected = "---\nopenclone: 1\nfolder: Audio\ndate: 2026-02-26\ntimezone: Europe/Madrid\n\
            trust: untrusted-capture\n---\n\n";
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
