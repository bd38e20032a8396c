//! Any bytes as a record of the journal: rejected, or what is read is written as the same again, and so for markers.
#![no_main]
#![allow(clippy::unwrap_used)]

use openclone_vault::testing::journal_record as case;

libfuzzer_sys::fuzz_target!(|input: &[u8]| case::run(input));
