//! Every place of an item that foreign text can come to stand in.

use openclone_vault::{Object, SourceType, Value, markdown::normalise};

use super::batch::Setting;

/// A place that text can come from.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A documented member.
    Member(SourceType, &'static str),
    /// The value of another member.
    Other,
    /// A string in an array of a documented member.
    Listed(SourceType, &'static str),
    /// A value, and a key, in an object.
    NestedValue,
    NestedKey,
    /// A key of data.
    Key,
    Version,
    RawRef,
}

/// Stands for hostile text in an item that is known to be good.
pub(crate) const PLACEHOLDER: &str = "PLACE HOLDER";

pub(crate) fn places() -> Vec<Place> {
    let members = SourceType::ALL.into_iter().flat_map(|source_type| {
        source_type
            .typical_fields()
            .iter()
            .map(move |key| Place::Member(source_type, key))
    });
    let mut places: Vec<Place> = members.collect();
    places.extend([
        Place::Other,
        Place::Listed(SourceType::Notes, "tags"),
        Place::Listed(SourceType::Calendar, "attendees"),
        Place::Listed(SourceType::Email, "to"),
        Place::NestedValue,
        Place::NestedKey,
        Place::Key,
        Place::Version,
        Place::RawRef,
    ]);
    places
}

impl Place {
    /// An item with `text` there.
    pub(crate) fn item(&self, text: &str) -> String {
        let mut setting = Setting::new(match self {
            Self::Member(source_type, _) | Self::Listed(source_type, _) => *source_type,
            _ => SourceType::AudioMic,
        });
        let mut data = Object::default();
        let string = || Value::String(text.into());
        let nested = |key: &str, value: &str| {
            let mut inner = Object::default();
            inner.push(key.to_owned(), Value::String(value.to_owned().into()));
            Value::Array(vec![Value::Object(inner)])
        };
        match self {
            Self::Member(_, key) => {
                data.push(*key, string());
                // Neighbours on both sides, so that seams are there.
                for other in setting
                    .source_type
                    .typical_fields()
                    .iter()
                    .filter(|other| *other != key)
                {
                    data.push(*other, Value::String("x".into()));
                }
            }
            Self::Other => data.push("other", string()),
            Self::Listed(_, key) => data.push(*key, Value::Array(vec![Value::String("a".into()), string()])),
            Self::NestedValue => data.push("nested", nested("a", text)),
            Self::NestedKey => data.push("nested", nested(text, "b")),
            Self::Key => data.push(text.to_owned(), Value::String("b".into())),
            Self::Version => setting.version = text.to_owned(),
            Self::RawRef => setting.raw_ref = Some(text.to_owned()),
        }
        setting.item(&data)
    }

    /// How `text` is to read there.
    pub(crate) fn expected(&self, text: &str) -> String {
        let lines = |text: &str, joint: &str| {
            let normal = normalise(text);
            normal
                .split('\n')
                .filter(|line| !line.is_empty())
                .collect::<Vec<_>>()
                .join(joint)
        };
        match self {
            Self::Member(_, "text" | "preview") => lines(text, "\n"),
            // The quotes, and the plugin's name, keep blanks beside them.
            Self::Listed(..) | Self::NestedValue | Self::NestedKey | Self::Key => {
                let json = serde_json::to_string(text).unwrap();
                let control = |character| ('\u{7f}'..='\u{9f}').contains(&character);
                let escaped: String = json
                    .chars()
                    .map(|character| match control(character) {
                        true => format!("\\u{:04x}", u32::from(character)),
                        false => character.to_string(),
                    })
                    .collect();
                let quoted = lines(&escaped, " ");
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Version => lines(&format!("@{text}"), " ")[1..].to_owned(),
            _ => lines(text, " "),
        }
    }

    /// Whether `text` takes the place that the placeholder takes: blank names are fields instead, a key that is a
    /// field's name is no odd one.
    pub(crate) fn is_alike(&self, text: &str) -> bool {
        match self {
            Self::Member(..) => !self.expected(text).is_empty(),
            Self::Key => !text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')),
            // Counts as absent.
            Self::RawRef => !text.is_empty(),
            _ => true,
        }
    }
}
