//! A daily file with any content, when the next start replays a group into it after a loss of power: no byte in it is
//! altered but zeros, the start succeeds, and what was acknowledged is skipped.
#![no_main]
#![allow(clippy::unwrap_used)]

use openclone_vault::{testing::daily_file, writer::inline::InlineWriter};

libfuzzer_sys::fuzz_target!(|input: &[u8]| daily_file::run::<InlineWriter>(input));
