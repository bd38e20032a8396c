//! Batches to send, and what stands in a vault afterwards.

use std::{collections::BTreeMap, fs, path::Path};

use jiff::civil::date;
use openclone_vault::{DailyFile, EventId, PreparedBatch, PreparedFile};

const HEADER: &str = "---\nopenclone: 2\n---\n\n";
/// Events in a batch.
pub(crate) const EVENTS: u32 = 4;
/// The daily files that they go to.
pub(crate) const FILES: [(&str, i8); 3] = [("Audio", 1), ("Audio", 2), ("Web", 1)];

/// The events of a batch, by number.
pub(crate) fn events_of(batch: u32) -> std::ops::Range<u32> {
    batch * EVENTS..(batch + 1) * EVENTS
}

/// A batch: most of its events go to one file, some to another.
pub(crate) fn batch(number: u32) -> PreparedBatch {
    let mut files: Vec<PreparedFile> = Vec::new();
    for event in events_of(number) {
        let path = path_of(event);
        if !files.iter().any(|file| file.path == path) {
            let header = HEADER.as_bytes().to_vec();
            files.push(PreparedFile {
                path,
                header,
                ids: vec![],
                ends: vec![],
                hours: vec![],
                bytes: vec![],
            });
        }
        let file = files.iter_mut().find(|file| file.path == path).unwrap();
        file.ids.push(id_of(event));
        file.bytes.extend_from_slice(line_of(event).as_bytes());
        file.ends.push(u32::try_from(file.bytes.len()).unwrap());
    }
    PreparedBatch {
        tenant: "default".into(),
        files,
    }
}

/// How often each event stands in the vault.
///
/// # Errors
/// When anything else stands there.
pub(crate) fn count(vault: &Path) -> Result<BTreeMap<u32, u32>, String> {
    let mut counts = BTreeMap::new();
    for (folder, day) in FILES {
        let path = vault.join(daily(folder, day).to_string());
        let Ok(bytes) = fs::read(&path) else { continue };
        let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8", path.display()))?;
        let items = text
            .strip_prefix(HEADER)
            .ok_or_else(|| format!("{} has no header", path.display()))?;
        for line in items.split_inclusive('\n') {
            let event =
                event_of(line).ok_or_else(|| format!("{}: foreign line {line:.80?}", path.display()))?;
            *counts.entry(event).or_default() += 1;
        }
    }
    Ok(counts)
}

fn daily(folder: &'static str, day: i8) -> DailyFile {
    DailyFile {
        folder,
        date: date(2026, 2, day),
    }
}

fn path_of(event: u32) -> DailyFile {
    let (folder, day) = FILES[if event.is_multiple_of(EVENTS) {
        (event / EVENTS % 3) as usize
    } else {
        0
    }];
    daily(folder, day)
}

fn id_of(event: u32) -> EventId {
    EventId(
        blake3::hash(&event.to_le_bytes()).as_bytes()[..16]
            .try_into()
            .unwrap(),
    )
}

/// Some span pages.
fn line_of(event: u32) -> String {
    let length = if event.is_multiple_of(11) { 5_000 } else { 60 };
    let text: String = (0..length)
        .map(|n| char::from(b'a' + ((event as usize * 31 + n) % 26) as u8))
        .collect();
    format!("- **12:00** {event} {text} ^oc-{}\n", id_of(event))
}

fn event_of(line: &str) -> Option<u32> {
    let event = line
        .strip_prefix("- **12:00** ")?
        .split(' ')
        .next()?
        .parse()
        .ok()?;
    (line == line_of(event)).then_some(event)
}
