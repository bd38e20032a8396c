//! Any text as a body: it is read or rejected with a reason, and what is read can be sent on and judged by the rules.

use std::time::SystemTime;

use openclone_client::v1::Batch;
use openclone_vault::testing::splice::splice;
use prost::Message as _;

const BASES: [&[u8]; 4] = [
    include_bytes!("../../tests/data/braindump.json"),
    include_bytes!("../../tests/data/gps.json"),
    include_bytes!("../../tests/data/health.json"),
    include_bytes!("../../tests/data/messaging.json"),
];

/// One input.
pub(crate) fn run(input: &[u8]) {
    let body = splice(&BASES, input);
    let Ok(body) = str::from_utf8(&body) else { return };
    match openclone_gateway::read_batch(body) {
        Ok(batch) => {
            assert_eq!(Batch::decode(&*batch.encode_to_vec()).unwrap(), batch);
            for violation in openclone_client::validate(&batch, SystemTime::now()) {
                assert!(!violation.to_string().is_empty());
            }
        }
        Err(reason) => assert!(!reason.is_empty()),
    }
}
