use jiff::{Timestamp, civil, tz::TimeZone};
use openclone_vault::{
    BatchBuilder, BatchContext, DayBy, DayRule, Event, EventId, Format, Object, PreparedBatch, SourceType,
    Value, ids_in, maintenance::Forget,
};

use crate::temp_vault::{TempVault, send};

const AUDIO: &str = "Audio/2026-02-26.md";

/// Events of one batch, each at a time of the day, such as `14:30`.
fn batch(source_type: SourceType, times: &[&str], format: Format) -> PreparedBatch {
    let days = DayRule {
        by: DayBy::Received,
        zone: TimeZone::get("Europe/Madrid").unwrap(),
        zone_name: "Europe/Madrid".to_owned(),
        starts_at: civil::Time::midnight(),
    };
    let tenant = "default".into();
    let mut builder = BatchBuilder::new(BatchContext {
        tenant: &tenant,
        source_type,
        plugin_id: "p",
        plugin_version: "1.0.0",
        device_id: "test-001",
        received: "2026-02-26T21:00:00Z".parse().unwrap(),
        days: &days,
        format,
    });
    for time in times {
        let mut data = Object::default();
        data.push("text", Value::String((*time).into()));
        let timestamp: Timestamp = format!("2026-02-26T{time}:00+01:00").parse().unwrap();
        let id = EventId::from_ref("default", source_type, "p", time);
        builder.push(
            id,
            &Event {
                timestamp,
                raw_ref: Some(time),
                data: &data,
            },
        );
    }
    builder.finish()
}

fn audio(times: &[&str]) -> PreparedBatch {
    batch(SourceType::AudioSystem, times, Format::default())
}

/// What stands in the file, with entries as their times.
fn outline(bench: &TempVault, file: &str) -> Vec<String> {
    let text = bench.read(file);
    let (_, body) = text.split_once("\n---\n\n").unwrap();
    let short = |line: &str| match line.strip_prefix("- **") {
        Some(rest) => rest[..5].to_owned(),
        None => line.to_owned(),
    };
    body.lines().map(short).collect()
}

#[test]
fn each_hour_has_a_heading_before_its_first_entry() {
    let bench = TempVault::new();
    bench.store([audio(&["14:30", "14:59", "15:00"]), audio(&["15:10", "16:05"])]);
    assert_eq!(
        outline(&bench, AUDIO),
        [
            "## 14:00", "", "14:30", "14:59", "", "## 15:00", "", "15:00", "15:10", "", "## 16:00", "",
            "16:05"
        ]
    );
}

#[test]
fn a_restart_and_a_late_delivery_keep_to_the_last_heading_of_the_file() {
    let bench = TempVault::new();
    bench.store([audio(&["14:30"])]);
    bench.store([audio(&["14:40"])]);
    bench.store([audio(&["09:15", "14:50"])]);
    assert_eq!(
        outline(&bench, AUDIO),
        [
            "## 14:00", "", "14:30", "14:40", "", "## 09:00", "", "09:15", "", "## 14:00", "", "14:50"
        ]
    );
}

#[test]
fn a_heading_of_a_user_that_is_no_hour_does_not_count() {
    let bench = TempVault::new();
    let vault = bench.open();
    send(&vault, audio(&["14:30"])).unwrap();
    let text = bench.read(AUDIO) + "\n## Notes\n\nmine\n";
    bench.write(AUDIO, &text);
    send(&vault, audio(&["14:40", "15:00"])).unwrap();
    vault.close().unwrap();
    assert_eq!(
        outline(&bench, AUDIO),
        [
            "## 14:00", "", "14:30", "", "## Notes", "", "mine", "14:40", "", "## 15:00", "", "15:00"
        ]
    );
}

#[test]
fn folders_with_few_entries_have_none_and_they_can_be_turned_off() {
    let bench = TempVault::new();
    let off = Format {
        headings: false,
        ..Format::default()
    };
    bench.store([
        batch(SourceType::Journal, &["14:30", "15:30"], Format::default()),
        batch(SourceType::AudioMic, &["14:30", "15:30"], off),
    ]);
    for file in ["Journal/2026-02-26.md", AUDIO] {
        assert_eq!(outline(&bench, file), ["14:30", "15:30"], "{file}");
    }
}

#[test]
fn a_heading_belongs_to_no_entry() {
    let bench = TempVault::new();
    bench.store([audio(&["14:30", "15:00", "15:10"])]);
    let text = bench.read(AUDIO);
    let entries: Vec<_> = ids_in(text.as_bytes()).collect();
    assert_eq!(entries.len(), 3);
    assert!(
        entries
            .iter()
            .all(|(_, range)| text[range.clone()].starts_with("- **"))
    );
    assert!(bench.maintenance().fsck(&mut |_| {}).unwrap().is_sound());
    let forget = |since: &str| {
        let forget = Forget {
            plugin: "p",
            since: format!("2026-02-26T{since}:00+01:00").parse().unwrap(),
            tenant: None,
        };
        bench.maintenance().forget(&forget, bench.options()).unwrap();
    };
    forget("15:05");
    assert_eq!(
        outline(&bench, AUDIO),
        ["## 14:00", "", "14:30", "", "## 15:00", "", "15:00"]
    );
    forget("15:00");
    assert_eq!(outline(&bench, AUDIO), ["## 14:00", "", "14:30"]);
}

#[test]
fn resent_events_bring_no_heading() {
    let bench = TempVault::new();
    bench.store([audio(&["14:30", "15:00"])]);
    let before = bench.read(AUDIO);
    bench.store([audio(&["14:30", "15:00"])]);
    assert_eq!(bench.read(AUDIO), before);
    bench.store([audio(&["14:30", "15:00", "15:30"])]);
    assert_eq!(outline(&bench, AUDIO).last().unwrap(), "15:30");
    assert_eq!(bench.read(AUDIO).matches("## ").count(), 2);
}
