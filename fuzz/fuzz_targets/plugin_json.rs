//! Any text as a manifest: taken, or rejected with what is wrong with it.
#![no_main]
#![allow(clippy::unwrap_used)]

use libfuzzer_sys::fuzz_target;
use openclone_vault::testing::splice;

const BASES: [&[u8]; 1] = [include_bytes!("../../plugins/openclone-braindump/plugin.json")];

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = str::from_utf8(&splice::splice(&BASES, input)) {
        openclone::fuzzing::plugin_json(text);
    }
});
