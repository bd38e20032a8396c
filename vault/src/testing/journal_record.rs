//! Any bytes as a record of the journal: refused, or what is read is written as the same again, and so for markers.

use std::sync::LazyLock;

use super::splice::splice;
use crate::{
    DailyFile, EventId,
    fs::FileId,
    writer::record::{Group, GroupFile, Marker},
};

static BASE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let file = |folder, before| GroupFile {
        tenant: "default".into(),
        path: DailyFile {
            folder,
            date: jiff::civil::date(2026, 2, 26),
        },
        before,
        header: b"---\n".to_vec(),
        ids: vec![EventId([1; 16]), EventId([2; 16])],
        ends: vec![2, 5],
        bytes: b"a\nbb\n".to_vec(),
    };
    let files = vec![
        file("Audio", None),
        file("Web", Some((FileId { dev: 1, ino: 2 }, 3))),
    ];
    Group { files }.encode()
});

/// One input.
pub fn run(input: &[u8]) {
    let record = splice(&[&BASE], input);
    if let Ok(group) = Group::decode(&record) {
        assert_eq!(Group::decode(&group.encode()).unwrap(), group);
        for file in &group.files {
            assert_eq!(
                file.entries().map(|(_, bytes)| bytes.len()).sum::<usize>(),
                file.bytes.len()
            );
            assert_eq!(file.entries().count(), file.ids.len());
        }
    }
    if let Ok(marker) = Marker::decode(&record) {
        assert_eq!(marker.encode(), record);
    }
}
