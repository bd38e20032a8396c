//! What redaction finds of generated secrets, what it takes for a secret, and what it costs.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use openclone_redact::{Mode, RedactConfig, Redactor};
use openclone_redact_corpus::{Positive, events, keys, near_misses, people, personal};

fn redactor(mode: Mode) -> Redactor {
    Redactor::new(&RedactConfig {
        mode,
        ..RedactConfig::default()
    })
    .unwrap()
}

/// The share of secrets that are found, in percent, and the misses by rule.
fn recall(redactor: &Redactor, positives: &[Positive]) -> (f64, BTreeMap<String, Vec<String>>) {
    let mut missed: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for positive in positives {
        if redactor.redact_str(&positive.text).0.contains(&positive.secret) {
            let rule = missed.entry(positive.rule.clone()).or_default();
            rule.push(positive.text.clone());
        }
    }
    let misses: usize = missed.values().map(Vec::len).sum();
    (
        100.0 * (positives.len() - misses) as f64 / positives.len() as f64,
        missed,
    )
}

#[test]
fn keys_of_all_issuers_are_found() {
    let positives = keys(1);
    assert!(positives.len() > 6_000, "{}", positives.len());
    let (percent, missed) = recall(&redactor(Mode::Secrets), &positives);
    assert!(percent >= 97.5, "{percent:.2} %: {missed:#?}");
}

#[test]
fn passwords_of_people_are_found() {
    let (percent, missed) = recall(&redactor(Mode::Secrets), &people(2, 40));
    assert!(percent >= 97.5, "{percent:.2} %: {missed:#?}");
}

#[test]
fn personal_numbers_are_found_only_on_request() {
    let positives = personal(3, 50);
    let (percent, missed) = recall(&redactor(Mode::SecretsAndPersonal), &positives);
    assert!(percent >= 97.5, "{percent:.2} %: {missed:#?}");
    let (percent, _) = recall(&redactor(Mode::Secrets), &positives);
    assert!(percent < 1.0, "{percent:.2} %");
}

#[test]
fn ordinary_events_are_left_alone() {
    let redactor = redactor(Mode::Secrets);
    let texts = events(4, 12_000);
    let wrong: Vec<_> = texts
        .iter()
        .filter(|text| redactor.redact_str(text).1 > 0)
        .collect();
    let percent = 100.0 * wrong.len() as f64 / texts.len() as f64;
    assert!(percent <= 1.2, "{percent:.2} %: {wrong:#?}");
}

#[test]
fn no_kind_of_near_miss_is_taken_for_a_secret() {
    let redactor = redactor(Mode::Secrets);
    for text in near_misses(5, 20) {
        assert_eq!(redactor.redact_str(&text), (text.as_str().into(), 0));
    }
}

#[test]
fn redacting_twice_is_redacting_once_for_everything_generated() {
    for mode in [Mode::Secrets, Mode::SecretsAndPersonal] {
        let redactor = redactor(mode);
        let positives = keys(6).into_iter().chain(people(7, 10)).chain(personal(8, 10));
        for text in positives.map(|positive| positive.text).chain(events(9, 2_000)) {
            let once = redactor.redact_str(&text).0.into_owned();
            assert_eq!(redactor.redact_str(&once), (once.as_str().into(), 0), "{text}");
        }
    }
}

/// Texts that take quadratic time in a scan that reads ahead from each keyword.
#[rustfmt::skip]
const UNITS: &[&str] = &[
    "pwd=a1 ", "token=", "password=", "password=<", "password: \"", "secret_key=", "4-", "1111 ", "eyJ", "eyJ-", "[REDACTED:",
    "[REDACTED:card] pw=a1 ", "key: token: ", "sk-proj-", "sk-", "xoxb-", "curl -u a:b ", "kind: secret\n", "password\n", "password  x ",
    "machine login password ", "WIFI:", "pass ", "://", "://a:b1@", "authorization: ", "bearer ", "facebook 1", "sourcegraph ", "pat.",
    "sc_", "token: \"", "secret=a1b2c3d4e5f6g7 ", "password=hunter2,", "pw=a1,", "pw a1\n", "ES91 ", "+34 6", "1", "123-45-",
];

#[test]
fn the_time_is_linear_in_the_text() {
    let redactor = redactor(Mode::SecretsAndPersonal);
    let pem = ["-----BEGIN PRIV", "ATE KEY-----"].concat();
    let keywords: Vec<String> = keys(10)
        .into_iter()
        .step_by(97)
        .map(|positive| positive.text)
        .collect();
    let units = UNITS
        .iter()
        .copied()
        .chain([pem.as_str()])
        .chain(keywords.iter().map(String::as_str));
    for unit in units {
        let text = |bytes: usize| unit.repeat(bytes / unit.len());
        let (part, whole) = (text(PART), text(PARTS * PART));
        let parts = processor_nanos(|| (0..PARTS).map(|_| redactor.redact_str(&part).1).sum::<u32>());
        let whole = processor_nanos(|| redactor.redact_str(&whole).1);
        // The same bytes: once if the time is linear, eight times if it is quadratic.
        assert!(
            whole <= 4 * parts + TICKS,
            "{unit:?}: {parts} ns in parts, {whole} ns as a whole"
        );
    }
}

/// Bytes of one part, and how many there are.
const PART: usize = 64 << 10;
const PARTS: usize = 8;
/// The system counts processor time in ticks of a few milliseconds.
const TICKS: u64 = 30_000_000;

/// Processor time of this thread, which a busy machine does not add to.
fn processor_nanos<T>(work: impl FnOnce() -> T) -> u64 {
    let nanos = || {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        stat.split(' ').next().and_then(|nanos| nanos.parse::<u64>().ok())
    };
    let before = nanos();
    std::hint::black_box(work());
    before.zip(nanos()).map_or(0, |(before, after)| after - before)
}
