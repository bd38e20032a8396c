//! Any bytes as a message: rejected, or judged by the rules, and what is valid is rendered with its ids.
#![no_main]
#![allow(clippy::unwrap_used)]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use openclone::fuzzing::{Preparing, protobuf};
use openclone_vault::testing::splice;
use prost::Message as _;

static PREPARING: LazyLock<Preparing> = LazyLock::new(Preparing::default);
static BASES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let documents = [
        include_str!("../../tests/data/braindump.json"),
        include_str!("../../tests/data/gps.json"),
        include_str!("../../tests/data/calendar.json"),
        include_str!("../../tests/data/messaging.json"),
    ];
    documents
        .map(|text| openclone_gateway::read_batch(text).unwrap().encode_to_vec())
        .to_vec()
});

fuzz_target!(|input: &[u8]| {
    let bases: Vec<&[u8]> = BASES.iter().map(Vec::as_slice).collect();
    protobuf(&splice::splice(&bases, input), &PREPARING);
});
