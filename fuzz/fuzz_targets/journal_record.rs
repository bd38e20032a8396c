//! Any bytes as a record of the journal: refused, or what is read is written as the same again, and so for markers.
#![no_main]
#![allow(clippy::unwrap_used)]

#[path = "../cases/journal_record.rs"]
mod case;
#[path = "../cases/splice.rs"]
mod splice;

libfuzzer_sys::fuzz_target!(|input: &[u8]| case::run(input));
