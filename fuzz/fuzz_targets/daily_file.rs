//! A daily file with any content, when the next start replays a group into it after a loss of power: no byte in it is
//! altered but zeros, the start succeeds, and what was acknowledged is skipped.
#![no_main]
#![allow(clippy::unwrap_used)]

#[path = "../cases/daily_file.rs"]
mod daily_file;
#[path = "../cases/daily_file_still.rs"]
mod daily_file_still;
#[path = "../cases/splice.rs"]
mod splice;

libfuzzer_sys::fuzz_target!(|input: &[u8]| daily_file::run::<openclone_vault::writer::inline::InlineWriter>(input));
