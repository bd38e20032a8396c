//! Any text as a body: it is read or rejected with a reason, and what is read can be sent on and judged by the rules.
#![no_main]
#![allow(clippy::unwrap_used)]

#[path = "../cases/json_body.rs"]
mod case;

libfuzzer_sys::fuzz_target!(|input: &[u8]| case::run(input));
