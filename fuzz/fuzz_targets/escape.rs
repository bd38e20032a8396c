//! Any text in any place where text can come from: read by two Markdown parsers and one of Dataview's rules it is text,
//! the text that was sent, and nothing else. The checks are those of the vault's tests.
//!
//! The first byte of an input picks the place; the rest is the text, made UTF-8 as JSON decoders do.
#![no_main]
#![allow(clippy::unwrap_used, dead_code)]

#[path = "../../vault/tests/it/markdown/batch.rs"]
mod batch;
#[path = "../../vault/tests/it/markdown/check.rs"]
mod check;
#[path = "../../vault/tests/it/markdown/dataview.rs"]
mod dataview;
#[path = "../../vault/tests/it/markdown/parsers.rs"]
mod parsers;
#[path = "../../vault/tests/it/markdown/places.rs"]
mod places;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    thread_local! {
        static CHECKERS: Vec<check::Checker> = places::places().into_iter().map(check::Checker::new).collect();
    }
    let Some((&place, text)) = input.split_first() else {
        return;
    };
    let text = String::from_utf8_lossy(text);
    CHECKERS.with(|checkers| checkers[usize::from(place) % checkers.len()].check(&text));
});
