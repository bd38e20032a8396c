//! The fuzz targets of the service with random inputs, where there is no nightly compiler. `cargo fuzz` looks deeper.
//! `OPENCLONE_INPUTS` asks for the long form.

#[path = "../../fuzz/cases/json_body.rs"]
mod json_body;

use std::{panic::catch_unwind, sync::LazyLock, time::Instant};

use openclone_test_support::scoreboard::{Against, Row, env_number};
use openclone_vault::testing::{inputs, splice};

use super::*;

const INPUTS: u64 = 20_000;
static PREPARING: LazyLock<Preparing> = LazyLock::new(Preparing::default);
const KEYS: &str = r#"hash_key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
[[key]]
id = "abcdefgh"
tenant = "default"
label = "phone"
scopes = ["ingest"]
hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
created_at = "2026-02-26T10:00:00Z"
requests_per_minute = 60
"#;

fn feed(title: &'static str, tried: &'static str, test: &str, run: fn(&[u8])) {
    let began = Instant::now();
    let trials = env_number("OPENCLONE_INPUTS").unwrap_or(INPUTS);
    let broken = |seed: &u64| {
        let broken = catch_unwind(|| run(&inputs::input(*seed))).is_err();
        if broken {
            eprintln!("input {seed}");
        }
        broken
    };
    let violations = (0..trials).filter(broken).count() as u64;
    let row = Row {
        issue: 8,
        title,
        tried,
        against: Against::Ours,
        trials,
        violations,
        seeds: format!("0..{trials}"),
        command: format!(
            "OPENCLONE_INPUTS={trials} cargo test --release -p openclone --lib fuzzing::tests::{test}"
        ),
        began,
    };
    row.record();
}

#[test]
fn any_json_body() {
    feed(
        "random JSON bodies",
        "bodies near a documented one, and any text: read or rejected with a reason; no panic",
        "any_json_body",
        json_body::run,
    );
}

#[test]
fn any_message() {
    feed(
        "random protobuf messages",
        "messages near a valid one, and any bytes: rejected, or judged by the rules and rendered with their ids",
        "any_message",
        |input| {
            let text = include_str!("../../tests/data/messaging.json");
            let base = openclone_gateway::read_batch(text).unwrap().encode_to_vec();
            protobuf(&splice::splice(&[&base], input), &PREPARING);
        },
    );
}

#[test]
fn any_manifest() {
    feed(
        "random manifests",
        "plugin.json near a valid one, and any text: taken, or rejected with what is wrong",
        "any_manifest",
        |input| {
            let base: &[u8] = include_bytes!("../../plugins/openclone-braindump/plugin.json");
            if let Ok(text) = str::from_utf8(&splice::splice(&[base], input)) {
                plugin_json(text);
            }
        },
    );
}

#[test]
fn any_file_of_keys() {
    assert!(KeysFile::check_round_trip(KEYS), "the base is rejected");
    feed(
        "random files of keys",
        "keys.toml near a valid one, and any text: rejected, or the same after it was written and read again",
        "any_file_of_keys",
        |input| {
            if let Ok(text) = str::from_utf8(&splice::splice(&[KEYS.as_bytes()], input)) {
                keys_toml(text);
            }
        },
    );
}
