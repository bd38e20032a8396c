//! Any text as a file of keys: rejected, or the same after it has been written and read again.
#![no_main]
#![allow(clippy::unwrap_used)]

use libfuzzer_sys::fuzz_target;
use openclone_vault::testing::splice;

const BASES: [&[u8]; 1] = [
    br#"hash_key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
[[key]]
id = "abcdefgh"
tenant = "default"
label = "phone"
scopes = ["ingest"]
hash = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
created_at = "2026-02-26T10:00:00Z"
expires_at = "2027-02-26T10:00:00Z"
requests_per_minute = 60
"#,
];

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = str::from_utf8(&splice::splice(&BASES, input)) {
        openclone::fuzzing::keys_toml(text);
    }
});
