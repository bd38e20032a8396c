//! Prints what redaction finds of planted secrets, what it takes ordinary text for, and how fast it is:
//! `cargo run --release -p openclone-redact --example redaction`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::cast_precision_loss)]

use std::{hint::black_box, time::Instant};

use openclone_redact::{RedactConfig, Redactor};

const EACH: usize = 500;
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const MIXED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";
const WORDS: [&str; 24] = [
    "the",
    "token",
    "of",
    "our",
    "roadmap",
    "secret",
    "meeting",
    "key",
    "password",
    "and",
    "contraseña",
    "reunión",
    "card",
    "number",
    "pass",
    "bearer",
    "a",
    "to",
    "talk",
    "about",
    "release",
    "API",
    "with",
    "team",
];

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn text(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet = alphabet.as_bytes();
        (0..length)
            .map(|_| char::from(alphabet[self.below(alphabet.len())]))
            .collect()
    }

    fn prose(&mut self, words: usize) -> String {
        let words: Vec<&str> = (0..words).map(|_| WORDS[self.below(WORDS.len())]).collect();
        words.join(" ")
    }

    /// With the right last digit.
    fn card(&mut self, prefix: &str, length: usize) -> String {
        let body = format!("{prefix}{}", self.text(DIGITS, length - 1 - prefix.len()));
        let digit = |last: u32| format!("{body}{last}");
        (0..10).map(digit).find(|number| passes_luhn(number)).unwrap()
    }
}

fn passes_luhn(number: &str) -> bool {
    let sum: u32 = number
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(digit - b'0')) {
            (1, digit) if digit > 4 => digit * 2 - 9,
            (1, digit) => digit * 2,
            (_, digit) => digit,
        })
        .sum();
    sum.is_multiple_of(10)
}

type Make = fn(&mut Dice) -> String;

/// Kinds of secrets. Prefixes are in pieces, so that no scanner takes this file for a leak.
const SECRETS: [(&str, Make); 16] = [
    ("AWS access key", |dice| {
        format!("{}{}", ["AK", "IA"].concat(), dice.text(UPPER, 16))
    }),
    ("GCP API key", |dice| {
        format!("{}{}", ["AI", "za"].concat(), dice.text(MIXED, 35))
    }),
    ("GitHub token", |dice| {
        format!("{}{}", ["gh", "p_"].concat(), dice.text(MIXED, 36))
    }),
    ("GitLab token", |dice| {
        format!("{}{}", ["gl", "pat-"].concat(), dice.text(MIXED, 20))
    }),
    ("Slack token", |dice| {
        format!(
            "{}{}-{}",
            ["xo", "xb-"].concat(),
            dice.text(DIGITS, 12),
            dice.text(MIXED, 24)
        )
    }),
    ("Stripe key", |dice| {
        format!("{}{}", ["sk_", "live_"].concat(), dice.text(MIXED, 24))
    }),
    ("OpenAI key", |dice| {
        format!("{}{}", ["sk-", "proj-"].concat(), dice.text(MIXED, 48))
    }),
    ("Anthropic key", |dice| {
        format!("{}{}", ["sk-", "ant-api03-"].concat(), dice.text(MIXED, 93))
    }),
    ("JWT", |dice| {
        let (head, body, sign) = (dice.text(MIXED, 30), dice.text(MIXED, 60), dice.text(MIXED, 43));
        format!("{}{head}.eyJ{body}.{sign}", ["ey", "J"].concat())
    }),
    ("private key", |dice| {
        let (kind, body) = (["PRIV", "ATE KEY"].concat(), dice.text(MIXED, 64));
        format!("-----BEGIN {kind}-----\n{body}\n{body}\n-----END {kind}-----")
    }),
    ("Visa card", |dice| dice.card("4", 16)),
    ("Mastercard, in fours", |dice| {
        let card = dice.card("53", 16);
        format!("{} {} {} {}", &card[..4], &card[4..8], &card[8..12], &card[12..])
    }),
    ("Amex card", |dice| dice.card("37", 15)),
    ("password: …", |dice| {
        format!("password: {}", dice.text(MIXED, 12))
    }),
    ("api_key=…", |dice| format!("api_key={}", dice.text(LOWER, 32))),
    ("AWS secret key", |dice| {
        format!("aws_secret_access_key = {}", dice.text(MIXED, 40))
    }),
];

/// What only looks like a secret.
const ORDINARY: [(&str, Make); 8] = [
    ("prose with telling words", |dice| dice.prose(12)),
    ("UUID", |dice| {
        let mut part = |length| dice.text(HEX, length);
        format!(
            "device {}-{}-4{}-a{}-{}",
            part(8),
            part(4),
            part(3),
            part(3),
            part(12)
        )
    }),
    ("commit", |dice| format!("commit {}", dice.text(HEX, 40))),
    ("millisecond timestamp", |dice| {
        format!("at {}", 1_700_000_000_000_u64 + dice.below(99_999_999_999) as u64)
    }),
    ("phone number", |dice| {
        format!(
            "call +34 6{} {} {}",
            dice.text(DIGITS, 2),
            dice.text(DIGITS, 3),
            dice.text(DIGITS, 3)
        )
    }),
    ("coordinates", |dice| {
        format!(
            "lat 40.{} lon -3.{}",
            dice.text(DIGITS, 14),
            dice.text(DIGITS, 15)
        )
    }),
    ("video address", |dice| {
        format!("https://example.org/watch?v={}", dice.text(MIXED, 11))
    }),
    ("form", |dice| {
        format!(
            "Password: required. Your password must have {} characters",
            8 + dice.below(9)
        )
    }),
];

fn main() {
    let redactor = Redactor::new(&RedactConfig::default()).unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    println!("recall: {EACH} secrets of each kind, planted in ordinary words");
    let (mut found, mut planted) = (0, 0);
    for (name, make) in SECRETS {
        let mut of_this = 0;
        for _ in 0..EACH {
            let secret = make(&mut dice);
            let pieces = secret.split([' ', '=', '\n']);
            let core = pieces.max_by_key(|piece| piece.len()).unwrap().to_owned();
            let text = format!("{} {secret} {}", dice.prose(6), dice.prose(6));
            of_this += usize::from(!redactor.redact_str(&text).0.contains(&core));
        }
        println!("  {name:24} {:6.2} %", of_this as f64 / EACH as f64 * 100.0);
        found += of_this;
        planted += EACH;
    }
    println!(
        "  {:24} {:6.2} % of {planted}",
        "all",
        f64::from(u32::try_from(found).unwrap()) / planted as f64 * 100.0
    );
    println!("false positives: {EACH} ordinary texts of each kind");
    let (mut wrong, mut texts) = (0, 0);
    for (name, make) in ORDINARY {
        let count = (0..EACH)
            .filter(|_| redactor.redact_str(&make(&mut dice)).1 > 0)
            .count();
        println!("  {name:24} {:6.2} %", count as f64 / EACH as f64 * 100.0);
        wrong += count;
        texts += EACH;
    }
    println!(
        "  {:24} {:6.2} % of {texts}",
        "all",
        wrong as f64 / texts as f64 * 100.0
    );
    speed(
        &redactor,
        "plain text",
        "We talked at length about what comes next, and who will do it. ",
    );
    speed(
        &redactor,
        "text with telling words",
        "The password of the token is a secret key that nobody knows. ",
    );
}

fn speed(redactor: &Redactor, name: &str, sentence: &str) {
    let text = sentence.repeat((1 << 20) / sentence.len());
    let start = Instant::now();
    for _ in 0..50 {
        black_box(redactor.redact_str(black_box(&text)));
    }
    let rate = 50.0 * text.len() as f64 / 1e6 / start.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} MB/s");
}
