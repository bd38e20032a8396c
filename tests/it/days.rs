//! The day under which events are filed, through the whole service and with a clock that tests set.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use crate::app::TestApp;
use jiff::{SignedDuration, Timestamp};
use openclone::runtime::clock::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A clock that goes only when it gets to.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicI64>);

impl Hand {
    fn set(&self, time: &str) {
        let time: Timestamp = time.parse().unwrap();
        self.0.store(time.as_second(), Ordering::Relaxed);
    }

    fn jump(&self, hours: i64) {
        self.0.fetch_add(hours * 3600, Ordering::Relaxed);
    }

    fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.0);
        Clock::new(move || Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap())
    }
}

struct Service {
    app: TestApp,
    hand: Hand,
}

/// An response's counts and files.
#[derive(Debug, PartialEq)]
struct Outcome(u64, u64, Vec<String>);

impl Service {
    async fn start(zone: &str, options: &str, now: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), zone, options, now).await
    }

    async fn start_in(home: TempDir, zone: &str, options: &str, now: &str) -> Self {
        let hand = Hand::default();
        hand.set(now);
        let options = format!("vault.timezone = \"{zone}\"\nlimits.requests_per_minute = 0\n{options}");
        let app = TestApp::start_at(home, &options, hand.clock()).await;
        Self { app, hand }
    }

    /// Sends events `(raw_ref, captured)` in one batch.
    async fn send(&self, events: &[(&str, &str)]) -> Outcome {
        let events: Vec<Value> = events
            .iter()
            .map(|(raw_ref, captured)| {
                let captured: Timestamp = captured.parse().unwrap();
                json!({"timestamp": captured.as_second(), "data": {"text": raw_ref}, "raw_ref": raw_ref})
            })
            .collect();
        let body = json!({"source_type": "journal", "platform": "linux", "device_id": "test-001",
            "plugin_id": "my-plugin", "plugin_version": "1.0.0", "timestamp": 1_708_258_800, "events": events});
        let response = self.app.post(&body.to_string()).await;
        assert_eq!(response.status, 200, "{response:?}");
        let outcome: Value = serde_json::from_str(&response.body).unwrap();
        let files = match outcome["files"].as_array() {
            Some(files) => files
                .iter()
                .map(|file| file.as_str().unwrap().to_owned())
                .collect(),
            None => vec![outcome["file"].as_str().unwrap().to_owned()],
        };
        Outcome(
            outcome["stored"].as_u64().unwrap(),
            outcome["skipped"].as_u64().unwrap(),
            files,
        )
    }

    /// The texts in the file of a day, in order.
    fn day(&self, date: &str) -> Vec<String> {
        let file = self.app.vault_file(&format!("Journal/{date}.md"));
        assert!(file.contains(&format!("\ndate: {date}\n")));
        let items = file.lines().filter(|line| line.starts_with("- **"));
        let text = |line: &str| {
            line.split("** ")
                .nth(1)
                .unwrap()
                .split(" <!--")
                .next()
                .unwrap()
                .to_owned()
        };
        items.map(text).collect()
    }
}

fn outcome(stored: u64, skipped: u64, dates: &[&str]) -> Outcome {
    let files = dates.iter().map(|date| format!("Journal/{date}.md")).collect();
    Outcome(stored, skipped, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn midnight_inside_a_batch_and_a_retry_after_it() {
    let service = Service::start("Europe/Madrid", "", "2026-02-26T22:59:59Z").await;
    let batch = [
        ("before", "2026-02-26T22:59:58Z"),
        ("after", "2026-02-26T23:00:01Z"),
    ];
    assert_eq!(service.send(&batch).await, outcome(2, 0, &["2026-02-26"]));
    service.hand.set("2026-02-26T23:00:05Z");
    let retry = service.send(&batch).await;
    assert_eq!((retry.0, retry.1), (0, 2));
    assert_eq!(
        service.send(&[("next", "2026-02-26T23:00:04Z")]).await,
        outcome(1, 0, &["2026-02-27"])
    );
    assert_eq!(service.day("2026-02-26"), ["before", "after"]);
    assert_eq!(service.day("2026-02-27"), ["next"]);
    // And after a restart on a later day.
    let home = service.app.stop().await;
    let service = Service::start_in(home, "Europe/Madrid", "", "2026-03-01T12:00:00Z").await;
    let retry = service.send(&batch).await;
    assert_eq!((retry.0, retry.1), (0, 2));
    assert_eq!(service.day("2026-02-26"), ["before", "after"]);
    service.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn captured_mode_files_three_days_and_a_retry_files_none() {
    let service = Service::start(
        "Europe/Madrid",
        "vault.day = \"captured\"",
        "2026-03-01T12:00:00Z",
    )
    .await;
    let batch = [
        ("a", "2026-02-25T22:59:59Z"),
        ("b", "2026-02-25T23:00:00Z"),
        ("c", "2026-02-26T23:00:00Z"),
        ("d", "2026-02-25T10:00:00Z"),
    ];
    let days = ["2026-02-25", "2026-02-26", "2026-02-27"];
    assert_eq!(service.send(&batch).await, outcome(4, 0, &days));
    service.hand.jump(25);
    assert_eq!(service.send(&batch).await, outcome(0, 4, &days));
    assert_eq!(service.day("2026-02-25"), ["a", "d"]);
    assert_eq!(service.day("2026-02-26"), ["b"]);
    assert_eq!(service.day("2026-02-27"), ["c"]);
    service.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_start_of_days_holds_on_the_days_when_clocks_change() {
    let service = Service::start(
        "Europe/Madrid",
        "vault.day = \"captured\"\nvault.day_starts_at = \"04:00\"",
        "2026-10-26T12:00:00Z",
    )
    .await;
    let table = [
        ("spring-last", "2026-03-29T01:59:59Z", "2026-03-28"),
        ("spring-first", "2026-03-29T02:00:00Z", "2026-03-29"),
        ("autumn-once", "2026-10-25T00:30:00Z", "2026-10-24"),
        ("autumn-twice", "2026-10-25T01:30:00Z", "2026-10-24"),
        ("autumn-first", "2026-10-25T03:00:00Z", "2026-10-25"),
    ];
    for (name, at, date) in table {
        assert_eq!(
            service.send(&[(name, at)]).await,
            outcome(1, 0, &[date]),
            "{name}"
        );
    }
    assert_eq!(service.day("2026-10-24"), ["autumn-once", "autumn-twice"]);
    let file = service.app.vault_file("Journal/2026-10-24.md");
    assert!(file.contains("2026-10-25T02:30:00+02:00") && file.contains("2026-10-25T02:30:00+01:00"));
    service.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn madrid_days_of_23_and_25_hours_by_reception() {
    let service = Service::start("Europe/Madrid", "", "2026-03-28T22:59:59Z").await;
    let table = [
        ("2026-03-28T22:59:59Z", "2026-03-28"),
        ("2026-03-28T23:00:00Z", "2026-03-29"),
        ("2026-03-29T21:59:59Z", "2026-03-29"),
        ("2026-03-29T22:00:00Z", "2026-03-30"),
        ("2026-10-24T21:59:59Z", "2026-10-24"),
        ("2026-10-24T22:00:00Z", "2026-10-25"),
        ("2026-10-25T22:59:59Z", "2026-10-25"),
        ("2026-10-25T23:00:00Z", "2026-10-26"),
    ];
    for (now, date) in table {
        service.hand.set(now);
        assert_eq!(service.send(&[(now, now)]).await, outcome(1, 0, &[date]), "{now}");
    }
    service.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_far_from_utc() {
    let table = [
        ("Pacific/Kiritimati", "2026-02-26T09:59:59Z", "2026-02-26"),
        ("Pacific/Kiritimati", "2026-02-26T10:00:00Z", "2026-02-27"),
        ("Pacific/Pago_Pago", "2026-02-26T10:59:59Z", "2026-02-25"),
        ("Pacific/Pago_Pago", "2026-02-26T11:00:00Z", "2026-02-26"),
        ("Asia/Kathmandu", "2026-02-25T18:14:59Z", "2026-02-25"),
        ("Asia/Kathmandu", "2026-02-25T18:15:00Z", "2026-02-26"),
    ];
    for (zone, now, date) in table {
        let service = Service::start(zone, "", now).await;
        assert_eq!(
            service.send(&[("e", now)]).await,
            outcome(1, 0, &[date]),
            "{zone} {now}"
        );
        service.app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_by_25_hours_in_both_directions() {
    let service = Service::start("Europe/Madrid", "", "2026-02-26T12:00:00Z").await;
    let captured = "2026-02-25T09:00:00Z";
    assert_eq!(
        service.send(&[("a", captured)]).await,
        outcome(1, 0, &["2026-02-26"])
    );
    service.hand.jump(25);
    assert_eq!(
        service.send(&[("b", captured)]).await,
        outcome(1, 0, &["2026-02-27"])
    );
    service.hand.jump(-50);
    assert_eq!(
        service.send(&[("c", captured)]).await,
        outcome(1, 0, &["2026-02-25"])
    );
    service.hand.jump(25);
    let again = service
        .send(&[("a", captured), ("b", captured), ("c", captured), ("d", captured)])
        .await;
    assert_eq!(again, outcome(1, 3, &["2026-02-26"]));
    assert_eq!(service.day("2026-02-25"), ["c"]);
    assert_eq!(service.day("2026-02-26"), ["a", "d"]);
    assert_eq!(service.day("2026-02-27"), ["b"]);
    service.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_ahead_of_a_clock_set_back_are_rejected_until_it_is_right() {
    let service = Service::start("UTC", "", "2026-02-26T12:00:00Z").await;
    let now: Timestamp = "2026-02-26T12:00:00Z".parse().unwrap();
    let event = (now + SignedDuration::from_hours(-1)).as_second();
    let body = json!({"source_type": "journal", "platform": "linux", "device_id": "test-001",
        "plugin_id": "my-plugin", "plugin_version": "1.0.0", "timestamp": event,
        "events": [{"timestamp": event, "data": {"text": "x"}, "raw_ref": "r"}]})
    .to_string();
    service.hand.jump(-25 * 2);
    assert_eq!(service.app.post(&body).await.status, 422);
    service.hand.jump(25 * 2);
    assert_eq!(service.app.post(&body).await.status, 200);
    assert_eq!(service.day("2026-02-26"), ["x"]);
    service.app.stop().await;
}
