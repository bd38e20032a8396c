//! A first event of each source type, with its documented fields, as JSON that is also a literal of Python.

use openclone_client::v1::SourceType;

/// The `data` of a first event.
pub(super) fn data(source_type: SourceType) -> &'static str {
    source_type
        .to_core()
        .unwrap_or(openclone_core::SourceType::Braindump)
        .example()
}

/// A first event's data in Python: the typed message where its members can be keywords, else a mapping.
pub(super) fn python(source_type: SourceType) -> String {
    let data = data(source_type);
    let Some(members) = members(source_type).filter(|_| is_typed(source_type)) else {
        return data.to_owned();
    };
    let keywords: Vec<_> = members
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("openclone.{}({})", class(source_type), keywords.join(", "))
}

/// The same in TypeScript.
pub(super) fn typescript(source_type: SourceType) -> String {
    let Some(members) = members(source_type).filter(|_| source_type != SourceType::Photos) else {
        return data(source_type).to_owned();
    };
    let fields: Vec<_> = members
        .iter()
        .map(|(name, value)| {
            // a list of one where the message has a list
            let is_list = source_type == SourceType::Email && name == "to";
            let value = if is_list {
                format!("[{value}]")
            } else {
                value.to_string()
            };
            format!("{}: {value}", camel(name))
        })
        .collect();
    format!("payload.{}({{ {} }})", source_type.json_name(), fields.join(", "))
}

/// `from` is a keyword of Python, and the documented `timestamp` of photos is a text here.
fn is_typed(source_type: SourceType) -> bool {
    !matches!(
        source_type,
        SourceType::Email | SourceType::Messaging | SourceType::Photos
    )
}

fn members(source_type: SourceType) -> Option<serde_json::Map<String, serde_json::Value>> {
    serde_json::from_str(data(source_type)).ok()
}

/// `audio_mic` as `AudioMic`.
fn class(source_type: SourceType) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect::<String>()
    };
    source_type.json_name().split('_').map(word).collect()
}

/// `reading_time` as `readingTime`.
fn camel(name: &str) -> String {
    let mut upper = false;
    let letter = |letter: char| {
        let shown = (letter != '_').then_some(if upper {
            letter.to_ascii_uppercase()
        } else {
            letter
        });
        upper = letter == '_';
        shown
    };
    name.chars().filter_map(letter).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_has_the_documented_fields() {
        for source_type in SourceType::ALL {
            let value: serde_json::Value = serde_json::from_str(data(source_type)).unwrap();
            let fields: BTreeSet<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
            let known = source_type.to_core().unwrap();
            assert_eq!(fields, known.typical_fields().iter().copied().collect());
            assert!(
                !data(source_type).contains(['`', '\'', '#']),
                "it stands in source code"
            );
        }
    }
}
