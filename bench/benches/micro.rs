//! The steps of an event, each alone: `make bench-micro`. Criterion compares with the last run, so that a later change
//! shows.
#![allow(missing_docs, clippy::unwrap_used)]

use std::{hint::black_box, sync::Arc};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use jiff::{Timestamp, civil::Time, tz::TimeZone};
use openclone_redact::{RedactConfig, Redactor};
use openclone_vault::{
    BatchBuilder, BatchContext, DayBy, DayRule, Event, EventId, Number, Object, SourceType, Value,
    index::{SeenIndex, filter::Filter},
    store::{IdStore, rocks::RocksStore},
};

const TEXT: &str = "We discussed the product roadmap for the second quarter and agreed on what comes next.";
/// Events of a batch.
const EVENTS: usize = 500;
/// Ids at rest while some are looked up.
const AT_REST: u64 = 1_000_000;

fn ids(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("event id");
    group.bench_function("of a raw_ref", |bencher| {
        bencher.iter(|| {
            EventId::from_ref(
                "default",
                SourceType::AudioSystem,
                "openclone-bench",
                black_box("chunk-2026-02-18-001"),
            )
        });
    });
    let data = data(TEXT);
    group.bench_function("of content", |bencher| {
        bencher.iter(|| {
            EventId::from_content(
                "default",
                SourceType::AudioSystem,
                "openclone-bench",
                "device",
                1,
                black_box(&data),
            )
        });
    });
}

fn markdown(criterion: &mut Criterion) {
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
        plugin_id: "openclone-bench",
        plugin_version: "1.0.0",
        device_id: "550e8400-e29b-41d4-a716-446655440000",
        received: Timestamp::from_second(1_772_112_600).unwrap(),
        days: &days,
        format: openclone_vault::Format::default(),
    };
    let render = |text: &str, events: usize| {
        let data = data(text);
        let mut builder = BatchBuilder::new(context.clone());
        for number in 0..events {
            let event = Event {
                timestamp: context.received,
                raw_ref: Some("chunk-2026-02-18-001"),
                data: &data,
            };
            builder.push(EventId((number as u128).to_be_bytes()), &event);
        }
        builder.finish()
    };
    let mut group = criterion.benchmark_group("Markdown");
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("render 500 transcripts", |bencher| {
        bencher.iter(|| render(black_box(TEXT), EVENTS))
    });
    for (name, text) in [
        ("escape plain text", TEXT.repeat(200)),
        (
            "escape text full of marks",
            "*a* [b](c) #d <e> $f$ `g` | h_i_j\n".repeat(500),
        ),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| render(black_box(&text), 1)));
    }
}

fn redaction(criterion: &mut Criterion) {
    let redactor = Redactor::new(&RedactConfig::default()).unwrap();
    let secret = format!("{TEXT} the password is: hunter2-and-more {TEXT}");
    let mut group = criterion.benchmark_group("redact");
    for (name, text) in [
        ("a transcript", TEXT.to_owned()),
        ("17 kB", TEXT.repeat(200)),
        ("a password in text", secret),
    ] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| redactor.redact_str(black_box(&text)).1);
        });
    }
}

fn json(criterion: &mut Criterion) {
    let event = format!(
        r#"{{"timestamp":1772112600.5,"data":{{"text":"{TEXT}","duration":60,"confidence":0.95}},"raw_ref":"chunk-001"}}"#
    );
    let body = format!(
        r#"{{"source_type":"audio_system","platform":"linux","device_id":"550e8400-e29b-41d4-a716-446655440000","plugin_id":"openclone-bench","plugin_version":"1.0.0","timestamp":1772112600.5,"events":[{}]}}"#,
        vec![event; EVENTS].join(",")
    );
    let mut group = criterion.benchmark_group("JSON to protobuf");
    group.throughput(Throughput::Elements(EVENTS as u64));
    group.bench_function("500 events", |bencher| {
        bencher.iter(|| openclone_gateway::read_batch(black_box(&body)).unwrap());
    });
}

fn index(criterion: &mut Criterion) {
    let home = tempfile::tempdir().unwrap();
    let store = RocksStore::open(home.path()).unwrap();
    let mut ids: Vec<EventId> = (0..AT_REST).map(id).collect();
    ids.sort_unstable();
    store.persist_ids(&ids).unwrap();
    let filter = Filter::new(ids.len());
    filter.insert(&ids);
    filter.complete();
    let mut index = SeenIndex::new(Arc::new(store), Arc::new(filter));
    let mut group = criterion.benchmark_group("index");
    group.throughput(Throughput::Elements(EVENTS as u64));
    let mut next = AT_REST;
    group.bench_function("500 new ids, noted and taken back", |bencher| {
        bencher.iter_batched(
            || {
                next += EVENTS as u64;
                (next..next + EVENTS as u64).map(id).collect::<Vec<_>>()
            },
            |ids| {
                observe(&mut index, &ids);
                index.remove_recent(ids);
            },
            BatchSize::SmallInput,
        );
    });
    let known: Vec<EventId> = (0..EVENTS as u64).map(id).collect();
    group.bench_function("500 ids at rest", |bencher| {
        bencher.iter(|| observe(&mut index, &known));
    });
}

/// As the ids of a batch are looked up.
fn observe(index: &mut SeenIndex, ids: &[EventId]) {
    let mut may_rest = Vec::with_capacity(ids.len());
    index.may_be_indexed(ids, &mut may_rest);
    for (id, may_rest) in ids.iter().zip(may_rest) {
        black_box(index.observe(*id, may_rest).unwrap());
    }
}

fn data(text: &str) -> Object<'_> {
    let mut data = Object::default();
    data.push("text", Value::String(text.into()));
    data.push("duration", Value::Number(Number::from(60.0)));
    data
}

fn id(number: u64) -> EventId {
    EventId::from_ref(
        "default",
        SourceType::AudioSystem,
        "openclone-bench",
        &number.to_string(),
    )
}

criterion_group!(benches, ids, markdown, redaction, json, index);
criterion_main!(benches);
