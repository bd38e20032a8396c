//! Prints how long an event takes from parsed data to Markdown, and how fast plain text is escaped:
//! `cargo run --release -p openclone-vault --example throughput`.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::{hint::black_box, sync::Arc, time::Instant};

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use openclone_vault::{
    BatchBuilder, BatchContext, DayBy, DayRule, Event, EventId, Format, Number, Object, PreparedBatch,
    SourceType, Value,
};

const BATCH: usize = 500;
const ROUNDS: usize = 1000;
const TRANSCRIPT: &str =
    "We discussed the product roadmap for Q2, and who will look after it until the summer.";

fn main() {
    let days = DayRule {
        by: DayBy::Received,
        zone: TimeZone::get("Europe/Madrid").unwrap(),
        zone_name: "Europe/Madrid".to_owned(),
        starts_at: Time::midnight(),
    };
    let tenant: Arc<str> = Arc::from("default");
    let context = BatchContext {
        tenant: &tenant,
        source_type: SourceType::AudioSystem,
        plugin_id: "openclone-mac-audio",
        plugin_version: "1.0.0",
        device_id: "550e8400-e29b-41d4-a716-446655440000",
        received: Timestamp::from_second(1_772_112_600).unwrap(),
        days: &days,
        format: Format::default(),
    };
    let references: Vec<String> = (0..BATCH)
        .map(|index| format!("chunk-2026-02-18-14h30-{index:03}"))
        .collect();
    let mut typed = Object::default();
    typed.push("text", Value::String(TRANSCRIPT.into()));
    typed.push("duration", Value::Number(Number::from(60.0)));
    let json = format!(r#"{{"text":"{TRANSCRIPT}","duration":60}}"#);
    let text = TRANSCRIPT.repeat(200);
    let mut long = Object::default();
    long.push("text", Value::String(text.as_str().into()));

    let block = [7_u8; 96];
    report("bare BLAKE3 of 96 bytes", || {
        (0..BATCH)
            .filter(|_| blake3::hash(black_box(&block)) != black_box([0; 32]))
            .count()
    });
    report("hash with raw_ref", || {
        references
            .iter()
            .map(|reference| id(&context, reference))
            .map(black_box)
            .count()
    });
    report("hash of content", || {
        let content = |index| EventId::from_content("default", context.source_type, "p", "d", index, &typed);
        (0..BATCH as i64)
            .filter(|&index| content(index) != EventId([0; 16]))
            .count()
    });
    report("hash, render", || {
        batch(&context, &references, |_| typed.clone()).files[0]
            .bytes
            .len()
    });
    report("parse JSON, hash, render", || {
        batch(&context, &references, |_| {
            Object::parse(black_box(&json)).unwrap()
        })
        .files[0]
            .bytes
            .len()
    });
    let mut bytes = 0;
    let seconds = fastest(20, || {
        bytes = batch(&context, &references, |_| long.clone()).files[0]
            .bytes
            .len()
    });
    println!(
        "{:<28}{:>8.0} MB/s",
        "plain text of 17 kB",
        bytes as f64 / seconds / 1e6
    );
}

fn id(context: &BatchContext<'_>, reference: &str) -> EventId {
    EventId::from_ref(context.tenant, context.source_type, context.plugin_id, reference)
}

fn batch<'d>(
    context: &BatchContext<'_>,
    references: &[String],
    data: impl Fn(usize) -> Object<'d>,
) -> PreparedBatch {
    let mut builder = BatchBuilder::new(context.clone());
    for (index, reference) in references.iter().enumerate() {
        let event = Event {
            timestamp: context.received,
            raw_ref: Some(reference),
            data: &data(index),
        };
        builder.push(id(context, reference), &event);
    }
    black_box(builder.finish())
}

fn report(what: &str, mut work: impl FnMut() -> usize) {
    let nanoseconds = fastest(ROUNDS, || _ = black_box(work())) * 1e9 / BATCH as f64;
    println!("{what:<28}{nanoseconds:>8.0} ns an event");
}

/// Seconds of the fastest round: other work on the machine only ever makes one slower.
fn fastest(rounds: usize, mut work: impl FnMut()) -> f64 {
    let timed = |_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    (0..rounds).map(timed).fold(f64::INFINITY, f64::min)
}
