//! Prints what redaction finds of generated secrets by rule, what it takes for a secret, and what it costs:
//! `cargo run --release -p openclone-redact --example redaction`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss)]

use std::collections::BTreeMap;
use std::{hint::black_box, time::Instant};

use openclone_redact::{Mode, RedactConfig, Redactor};
use openclone_redact_corpus::{Positive, events, keys, near_misses, people, personal};

/// Found and all, and one text that was missed.
type Score = (usize, usize, Option<String>);

fn main() {
    let secrets = redactor(Mode::Secrets);
    report("keys and tokens of all issuers", &secrets, &keys(1));
    report(
        "passwords and cards as people write them",
        &secrets,
        &people(2, 40),
    );
    report(
        "personal numbers, with secrets+personal",
        &redactor(Mode::SecretsAndPersonal),
        &personal(3, 100),
    );
    false_positives("ordinary events", &secrets, &events(4, 12_000));
    false_positives("near misses", &secrets, &near_misses(5, 20));
    speed(&secrets);
}

fn redactor(mode: Mode) -> Redactor {
    Redactor::new(&RedactConfig {
        mode,
        ..RedactConfig::default()
    })
    .unwrap()
}

fn report(title: &str, redactor: &Redactor, positives: &[Positive]) {
    let mut rules: BTreeMap<&str, Score> = BTreeMap::new();
    for positive in positives {
        let score = rules.entry(&positive.rule).or_default();
        score.1 += 1;
        if redactor.redact_str(&positive.text).0.contains(&positive.secret) {
            score.2.get_or_insert_with(|| positive.text.clone());
        } else {
            score.0 += 1;
        }
    }
    println!("{title}:");
    for (rule, (found, all, missed)) in &rules {
        let missed = missed
            .as_ref()
            .map(|text| format!("  missed: {text:?}"))
            .unwrap_or_default();
        println!("  {rule:44} {found:4} of {all:4}{missed}");
    }
    let found: usize = rules.values().map(|score| score.0).sum();
    println!(
        "  all: {:.2} % of {}",
        100.0 * found as f64 / positives.len() as f64,
        positives.len()
    );
}

fn false_positives(title: &str, redactor: &Redactor, texts: &[String]) {
    let wrong: Vec<&String> = texts
        .iter()
        .filter(|text| redactor.redact_str(text).1 > 0)
        .collect();
    println!(
        "{title}: {:.2} % of {} taken for secrets",
        100.0 * wrong.len() as f64 / texts.len() as f64,
        texts.len()
    );
    for text in wrong.iter().take(20) {
        println!("  {:?}", redactor.redact_str(text).0);
    }
}

fn speed(redactor: &Redactor) {
    for unit in [
        "We talked at length about what comes next, and who will do it. ",
        "The password of the token is a secret key that nobody knows. ",
        "pwd=a1 ",
        "token=",
        "secret_key=",
        "eyJ-",
    ] {
        let text = unit.repeat((1 << 20) / unit.len());
        let start = Instant::now();
        for _ in 0..5 {
            black_box(redactor.redact_str(black_box(&text)));
        }
        println!(
            "1 MiB of {unit:?}: {:.0} ms",
            start.elapsed().as_secs_f64() * 1e3 / 5.0
        );
    }
}
