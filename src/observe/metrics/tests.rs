use super::*;

#[test]
fn every_event_ends_in_exactly_one_counter() {
    let metrics = Metrics::new();
    metrics.incoming(5).done(Receipt {
        stored: 3,
        skipped: 2,
    });
    metrics.incoming(7).rejected(RejectReason::InvalidBatch);
    metrics.incoming(11).rejected(RejectReason::Overloaded);
    drop(metrics.incoming(13));
    let text = metrics.render(true, None);
    let total: u64 = text
        .lines()
        .filter(|line| line.starts_with("openclone_events_total{"))
        .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
        .sum();
    assert_eq!(total, 5 + 7 + 11 + 13, "{text}");
    for line in [
        "openclone_events_total{outcome=\"stored\",reason=\"\"} 3",
        "openclone_events_total{outcome=\"duplicate\",reason=\"\"} 2",
        "openclone_events_total{outcome=\"rejected\",reason=\"INVALID_BATCH\"} 7",
        "openclone_events_total{outcome=\"failed\",reason=\"OVERLOADED\"} 11",
        "openclone_events_total{outcome=\"failed\",reason=\"CANCELLED\"} 13",
        "openclone_batch_seconds_count 4",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
    }
    let totals = metrics.events();
    assert_eq!(
        (
            totals["stored"],
            totals["duplicate"],
            totals["rejected"],
            totals["failed"]
        ),
        (3, 2, 7, 24)
    );
}
