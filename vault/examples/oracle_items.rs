//! Writes items for the oracles in `tests/oracles`, a JSON object a line:
//! `cargo run --release -p openclone-vault --example oracle_items > items.ndjson`.
//!
//! Both corpora in every place that text can come from, a realistic corpus, and generated strings of what parsers act on.
//! `reading` is what the two parsers of the tests see; the oracles must see the same.
#![allow(clippy::print_stdout, clippy::unwrap_used, dead_code, missing_docs)]

#[path = "../tests/it/markdown/attacks.rs"]
mod attacks;
#[path = "../tests/it/markdown/batch.rs"]
mod batch;
#[path = "../tests/it/markdown/parsers.rs"]
mod parsers;
#[path = "../tests/it/markdown/places.rs"]
mod places;
#[path = "../tests/it/markdown/realistic.rs"]
mod realistic;

use openclone_corpus::Random;
use openclone_vault::SourceType;
use parsers::{Piece, parse};
use places::Place;
use serde_json::{Value, json};

/// Realistic events, and generated strings.
const REALISTIC: usize = 10_000;
const GENERATED: usize = 4_000;

fn main() {
    let mut random = Random::new(27);
    for place in places::places() {
        // Each attack in a third of the places: all of them in all is what the tests in Rust do.
        for attack in attacks::all().iter().filter(|attack| attack.len() < 400) {
            if random.one_in(3) {
                write(&place, attack);
            }
        }
    }
    let places = places::places();
    for _ in 0..GENERATED {
        let text = hostile(&mut random);
        write(&places[random.below(places.len())], &text);
    }
    for event in openclone_corpus::events(27, REALISTIC) {
        let item = realistic::item(&event);
        print(event.source_type, event.source_type, Some(&event.data), &item);
    }
}

fn write(place: &Place, text: &str) {
    // An address that is a good one becomes a link, and a date another form.
    let is_formed = matches!(place, Place::Member(_, "url" | "start" | "end"));
    let text = if is_formed {
        format!("x{text}")
    } else {
        text.to_owned()
    };
    let (source_type, data) = member(place, &text);
    print(
        &format!("{place:?} {text:?}"),
        source_type,
        data.as_ref(),
        &place.item(&text),
    );
}

/// The data that Dataview is asked for, where the place is in the data.
fn member(place: &Place, text: &str) -> (&'static str, Option<Value>) {
    match place {
        Place::Member(source_type, key) => (source_type.as_str(), Some(json!({*key: text}))),
        Place::Listed(source_type, key) => (source_type.as_str(), Some(json!({*key: ["a", text]}))),
        Place::Other => (SourceType::AudioMic.as_str(), Some(json!({"other": text}))),
        Place::NestedValue => (
            SourceType::AudioMic.as_str(),
            Some(json!({"nested": [{"a": text}]})),
        ),
        _ => (SourceType::AudioMic.as_str(), None),
    }
}

fn print(name: &str, source_type: &str, data: Option<&Value>, item: &str) {
    let reading: Vec<Value> = parse(item).iter().map(piece).collect();
    let record = json!({
        "name": name, "source_type": source_type, "data": data, "item": item, "reading": reading,
    });
    println!("{record}");
}

fn piece(piece: &Piece) -> Value {
    match piece {
        Piece::Open(name) => json!(["open", name]),
        Piece::Close => json!(["close"]),
        Piece::Text(text) => json!(["text", text]),
        Piece::Comment(source) => json!(["comment", source]),
    }
}

/// A short string of what means something to some parser.
fn hostile(random: &mut Random) -> String {
    const TOKENS: &[&str] = &[
        "*",
        "_",
        "`",
        "~",
        "=",
        "%",
        "$",
        "|",
        "^",
        "#",
        "<",
        ">",
        "&",
        "[",
        "]",
        "(",
        ")",
        "{",
        "}",
        "!",
        "\\",
        ":",
        "::",
        "-",
        "+",
        ".",
        "/",
        "@",
        "'",
        "\"",
        "1",
        "9",
        "a",
        "x",
        "é",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\u{a0}",
        "\u{200d}",
        "\u{301}",
        "📅",
        "\u{fe0f}",
        "2026-01-01",
        "www.",
        "http://",
        "https://e.com/",
        "e.com",
        "javascript:",
        "mailto:",
        "a@b.c",
        "&lt;",
        "&#35;",
        "<!--",
        "-->",
        "<b>",
        "```",
        "~~~",
        "---",
        "===",
        "1.",
        "1)",
        "- ",
        "> ",
        "# ",
        "[x]",
        "[[",
        "]]",
        "![",
        "](",
        "%%",
        "<%",
        "%>",
        "{{",
        "$$",
        "==",
        "[^1]",
        "[^1]:",
        "^oc-",
        "|-|",
        "\n: ",
        "\n    ",
        "日本",
        "ש",
        ":smile:",
        "**",
        "__",
        "\n- [ ] ",
        "\n| a |\n|---|",
        "snake_case",
        "~~",
    ];
    (0..random.between(1, 16)).map(|_| random.pick(TOKENS)).collect()
}
