//! Segments of a spool as `clients/README.md` describes them: read to be checked, and damaged.

use std::{
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use openclone_client::v1::{Batch, Event};
use prost::Message as _;

use crate::case::Damage;

const MAGIC: &[u8; 8] = b"OCSPOOL1";

/// Damages the last segment in `spool` that holds events.
pub(super) fn damage(spool: &Path, damage: Damage) -> anyhow::Result<()> {
    for path in segments(spool)?.into_iter().rev() {
        let mut bytes = fs::read(&path)?;
        let frames = read(&bytes).with_context(|| format!("{} is no segment", path.display()))?;
        if frames.len() < 4 {
            continue;
        }
        match damage {
            Damage::Truncate => bytes.truncate(bytes.len() - 3),
            Damage::Flip => {
                let payload = &frames[frames.len() / 2];
                bytes[(payload.start + payload.end) / 2] ^= 1;
            }
        }
        return fs::write(&path, bytes).context("cannot damage the segment");
    }
    bail!("no segment in the spool holds three events")
}

fn segments(spool: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let listed = fs::read_dir(spool).with_context(|| format!("there is no {}", spool.display()))?;
    let mut paths: Vec<PathBuf> = listed
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "seg"));
    paths.sort();
    for path in &paths {
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let is_name = stem.len() == 16 && stem.bytes().all(|byte| byte.is_ascii_digit());
        ensure!(is_name, "{} is no name of a segment", path.display());
    }
    Ok(paths)
}

/// Where the payloads are; fails unless all is as documented.
fn read(bytes: &[u8]) -> anyhow::Result<Vec<Range<usize>>> {
    ensure!(bytes.starts_with(MAGIC), "it does not begin with OCSPOOL1");
    let mut frames = Vec::new();
    let mut at = MAGIC.len();
    while at < bytes.len() {
        let number = |at: usize| -> anyhow::Result<u32> {
            let four = bytes.get(at..at + 4).context("a frame is cut off")?;
            Ok(u32::from_le_bytes(four.try_into()?))
        };
        let payload = at + 8..at + 8 + usize::try_from(number(at)?)?;
        let content = bytes.get(payload.clone()).context("a frame is cut off")?;
        ensure!(
            crc32fast::hash(content) == number(at + 4)?,
            "the checksum at byte {at} is wrong"
        );
        if frames.is_empty() {
            let batch = Batch::decode(content).context("the first payload is no batch")?;
            ensure!(
                batch.events.is_empty() && batch.timestamp.is_none(),
                "the first payload holds more than it should"
            );
        } else {
            let event = Event::decode(content).context("a payload is no event")?;
            ensure!(
                !event.raw_ref().is_empty(),
                "an event in the spool has no raw_ref"
            );
        }
        at = payload.end;
        frames.push(payload);
    }
    Ok(frames)
}
