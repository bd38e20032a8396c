//! Times, days and files.

use openclone_vault::{DayBy, Object, SourceType};

use super::batch::Setting;

fn time(setting: &Setting) -> String {
    let item = setting.item_of("{}");
    item.split("**").nth(1).unwrap().to_owned()
}

fn setting(captured: &'static str, received: &'static str) -> Setting {
    Setting {
        captured,
        received,
        ..Setting::new(SourceType::Journal)
    }
}

#[test]
fn the_time_is_local_and_says_what_is_not_obvious() {
    let table = [
        ("2026-02-26T13:30:00Z", "2026-02-26T13:30:00Z", "14:30"),
        ("2026-02-26T13:30:00.999999Z", "2026-02-26T13:30:00Z", "14:30"),
        ("2024-02-18T12:20:00Z", "2026-02-26T13:30:00Z", "2024-02-18 13:20"),
        ("2026-02-26T22:59:59Z", "2026-02-26T23:00:00Z", "2026-02-26 23:59"),
        ("2026-02-26T23:00:00Z", "2026-02-26T23:00:00Z", "00:00"),
        ("2026-10-25T00:30:00Z", "2026-10-25T10:00:00Z", "02:30+02:00"),
        ("2026-10-25T01:30:00Z", "2026-10-25T10:00:00Z", "02:30+01:00"),
        (
            "2026-10-25T01:30:00Z",
            "2026-10-26T10:00:00Z",
            "2026-10-25 02:30+01:00",
        ),
        ("2026-10-25T02:00:00Z", "2026-10-25T10:00:00Z", "03:00"),
        ("2026-03-29T01:00:00Z", "2026-03-29T10:00:00Z", "03:00"),
    ];
    for (captured, received, expected) in table {
        assert_eq!(
            time(&setting(captured, received)),
            expected,
            "{captured} {received}"
        );
    }
}

#[test]
fn offsets_of_every_kind() {
    let table = [
        ("Pacific/Kiritimati", "03:30", "2026-02-27"),
        ("Pacific/Pago_Pago", "02:30", "2026-02-26"),
        ("Asia/Kathmandu", "19:15", "2026-02-26"),
        ("UTC", "13:30", "2026-02-26"),
    ];
    for (zone, expected, day) in table {
        let setting = Setting {
            zone,
            ..setting("2026-02-26T13:30:00Z", "2026-02-26T13:30:00Z")
        };
        assert_eq!(time(&setting), expected, "{zone}");
        let batch = setting.batch(&[Object::default()]);
        assert_eq!(batch.files[0].path.to_string(), format!("Journal/{day}.md"));
    }
}

#[test]
fn a_batch_over_midnight_is_one_file_by_reception() {
    let batch = setting("2026-02-26T22:58:00Z", "2026-02-26T22:59:59Z").batch(&vec![Object::default(); 5]);
    assert_eq!(batch.files.len(), 1);
    let file = String::from_utf8(batch.files[0].bytes.clone()).unwrap();
    let times: Vec<&str> = file.lines().filter_map(|line| line.split("**").nth(1)).collect();
    assert_eq!(
        times,
        [
            "23:58",
            "23:59",
            "2026-02-27 00:00",
            "2026-02-27 00:01",
            "2026-02-27 00:02"
        ]
    );
}

#[test]
fn a_batch_over_midnight_is_two_files_by_capture() {
    let mut setting = setting("2026-02-26T22:58:00Z", "2026-03-01T12:00:00Z");
    setting.by = DayBy::Captured;
    let batch = setting.batch(&vec![Object::default(); 5]);
    let files: Vec<_> = batch
        .files
        .iter()
        .map(|file| (file.path.to_string(), file.ids.len(), file.ends.len()))
        .collect();
    assert_eq!(
        files,
        [
            ("Journal/2026-02-26.md".to_owned(), 2, 2),
            ("Journal/2026-02-27.md".to_owned(), 3, 3)
        ]
    );
    for file in &batch.files {
        assert_eq!(file.ends.last().map(|&end| end as usize), Some(file.bytes.len()));
        assert!(file.ends.iter().all(|&end| file.bytes[end as usize - 1] == b'\n'));
        let header = String::from_utf8(file.header.clone()).unwrap();
        assert!(header.contains(&format!("\ndate: {}\n", file.path.date)));
        // Each event's own day is the file's: no dates.
        assert!(!String::from_utf8(file.bytes.clone()).unwrap().contains("**2026"));
    }
}

#[test]
fn a_late_start_files_the_night_under_the_day_before_and_says_the_date() {
    let mut setting = setting("2026-02-27T02:30:00Z", "2026-02-27T02:31:00Z");
    setting.starts_at = "04:00".parse().unwrap();
    assert_eq!(
        setting.batch(&[Object::default()]).files[0].path.to_string(),
        "Journal/2026-02-26.md"
    );
    assert_eq!(time(&setting), "2026-02-27 03:30");
}

#[test]
fn files_agree_with_the_rule() {
    let starts = ["00:00", "04:30", "23:00"];
    for zone in [
        "Europe/Madrid",
        "Pacific/Kiritimati",
        "Pacific/Pago_Pago",
        "Asia/Kathmandu",
    ] {
        for start in starts {
            for by in [DayBy::Received, DayBy::Captured] {
                let mut setting = Setting {
                    zone,
                    by,
                    ..setting("2026-10-24T20:00:00Z", "2026-03-29T00:59:59Z")
                };
                setting.starts_at = start.parse().unwrap();
                let data = vec![Object::default(); 600];
                for file in setting.batch(&data).files {
                    for (index, id) in file.ids.iter().enumerate() {
                        let minute = (0..600).find(|minute: &i64| {
                            *id == openclone_vault::EventId::from_ref(
                                "default",
                                SourceType::Journal,
                                "my-plugin",
                                &minute.to_string(),
                            )
                        });
                        let first: jiff::Timestamp = setting.captured.parse().unwrap();
                        let captured = first + jiff::SignedDuration::from_mins(minute.unwrap());
                        let received = setting.received.parse().unwrap();
                        assert_eq!(
                            setting.days().date(received, captured),
                            file.path.date,
                            "{zone} {start} {index}"
                        );
                    }
                }
            }
        }
    }
}
