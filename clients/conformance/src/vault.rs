//! What stands in a vault: the items of one plugin, and the ids that they must have.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context as _;
use data_encoding::{BASE32_NOPAD, HEXLOWER};

/// Items of one plugin: the event id, and each text that stands under it, without id, plugin and device.
pub(crate) type Items = BTreeMap<String, Vec<String>>;

/// The id of an event with a `raw_ref` in tenant `default`: 128 bits of BLAKE3 over the parts, each with its length before
/// it, in base32.
pub(crate) fn event_id(source_type: &str, plugin_id: &str, raw_ref: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in ["ref", "default", source_type, plugin_id, raw_ref] {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        hasher.update(&length.to_le_bytes()).update(part.as_bytes());
    }
    BASE32_NOPAD
        .encode(&hasher.finalize().as_bytes()[..16])
        .to_ascii_lowercase()
}

/// The name of an event's file in `dead-letter/`.
pub(crate) fn dead_letter_name(raw_ref: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, raw_ref.as_bytes());
    format!("{}.json", &HEXLOWER.encode(digest.as_ref())[..32])
}

/// Reads the items of `plugin_id` from all daily files below `vault`.
pub(crate) fn items(vault: &Path, plugin_id: &str) -> anyhow::Result<Items> {
    let via = format!("[via:: {plugin_id}@");
    let mut items = Items::new();
    for folder in fs::read_dir(vault).context("cannot read the vault")? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            if path.extension().is_some_and(|end| end == "md") {
                read_file(&fs::read_to_string(&path)?, &via, &mut items);
            }
        }
    }
    Ok(items)
}

fn read_file(text: &str, via: &str, items: &mut Items) {
    let mut item = String::new();
    for line in text.lines() {
        if line.starts_with("- ") {
            item.clear();
        }
        item.push_str(line);
        item.push('\n');
        let Some((body, id)) = item.trim_end().rsplit_once(" ^oc-") else {
            continue;
        };
        if line.ends_with(id) && body.contains(via) {
            items.entry(id.to_owned()).or_default().push(plain(body));
        }
        item.clear();
    }
}

/// Without the fields that say who sent it.
fn plain(body: &str) -> String {
    let mut text = body.to_owned();
    for field in [" [via:: ", " [device:: "] {
        let Some(start) = text.rfind(field) else { continue };
        let Some(length) = text[start..].find(']') else {
            continue;
        };
        text.replace_range(start..=start + length, "");
    }
    text.replace(" <!-- -->", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_documented_one() {
        assert_eq!(
            event_id("braindump", "my-plugin", "e1"),
            "lvbogv4zzntfcomeayfzfotehq"
        );
        let long = event_id(
            "audio_system",
            "openclone-mac-audio",
            "chunk-2026-02-18-14h30-001",
        );
        assert_eq!(long, "kn6ndbcruwb2smnw4m5xxcmfju");
    }

    #[test]
    fn items_of_a_plugin_are_found_with_all_their_lines() {
        let text = "---\nopenclone: 2\n---\n\n- **14:30** a  \n  b <!-- [via:: p@1.0.0] [device:: d] --> ^oc-aa\n\
                    - **14:30** c <!-- [via:: q@1.0.0] [device:: d] --> ^oc-bb\nmine\n- **1** d <!-- [via:: p@1.0.0] --> ^oc-aa\n";
        let mut items = Items::new();
        read_file(text, "[via:: p@", &mut items);
        let expected = vec!["- **14:30** a  \n  b".to_owned(), "- **1** d".to_owned()];
        assert_eq!(items, Items::from([("aa".to_owned(), expected)]));
    }

    #[test]
    fn a_dead_letter_is_named_by_sha_256() {
        assert_eq!(dead_letter_name("abc"), "ba7816bf8f01cfea414140de5dae2223.json");
    }
}
