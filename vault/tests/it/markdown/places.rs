//! Every place of an item that captured text can come to stand in.

use openclone_vault::{Format, Object, SourceType, Value, markdown::normalise};

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
/// The same with a line break.
pub(crate) const LINES: &str = "PLACE\nHOLDER";

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
        self.item_in(text, Format::default())
    }

    /// An item with `text` there, in some other format.
    pub(crate) fn item_in(&self, text: &str, format: Format) -> String {
        let mut setting = Setting::new(match self {
            Self::Member(source_type, _) | Self::Listed(source_type, _) => *source_type,
            _ => SourceType::AudioMic,
        });
        setting.format = format;
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

    /// Whether the text keeps its lines there.
    pub(crate) fn keeps_lines(&self) -> bool {
        matches!(self, Self::Member(source_type, "text" | "preview") if source_type.typical_fields().contains(&"text")
            || *source_type == SourceType::Messaging)
    }

    /// How `text` is to read in the visible part, where leading blanks of lines are dropped.
    pub(crate) fn visible(&self, text: &str) -> String {
        let normal = normalise(text);
        if self.keeps_lines() {
            let lines: Vec<&str> = normal
                .split('\n')
                .map(|line| line.trim_start_matches(' '))
                .collect();
            // A single line stands behind the time or the title.
            return if lines.len() == 1 {
                normal.trim().to_owned()
            } else {
                lines.join("\n")
            };
        }
        let lines: Vec<&str> = normal
            .split('\n')
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        lines.join(" ")
    }

    /// The string that Dataview is to give back for `text`.
    pub(crate) fn value(&self, text: &str) -> String {
        match self {
            Self::NestedValue | Self::NestedKey | Self::Key => {
                let json = serde_json::to_string(text).unwrap();
                let control = |character| ('\u{7f}'..='\u{9f}').contains(&character);
                let escaped: String = json
                    .chars()
                    .map(|character| match control(character) {
                        true => format!("\\u{:04x}", u32::from(character)),
                        false => character.to_string(),
                    })
                    .collect();
                let quoted = joined(&escaped);
                quoted[1..quoted.len() - 1].to_owned()
            }
            // What stands before it keeps its blanks.
            Self::Version => joined(&format!("@{text}"))[1..].to_owned(),
            _ => joined(text),
        }
    }

    /// Whether `text` takes the place that the placeholder takes: blank names are fields instead, a key that is a
    /// field's name is no odd one, and so on.
    pub(crate) fn is_alike(&self, text: &str) -> bool {
        let is_long = normalise(text).chars().count() > 200;
        let is_person = |text: &str| text.trim().ends_with('>') && text.contains('<');
        match self {
            Self::Member(SourceType::WebBrowsing, "title") => {
                !self.visible(text).to_lowercase().ends_with('x')
                    && !self.visible(text).is_empty()
                    && !is_long
            }
            Self::Member(SourceType::WebBrowsing, "domain") => {
                !"x".ends_with(&self.visible(text).to_lowercase()) && !is_long
            }
            Self::Member(SourceType::Email | SourceType::Calendar, "from" | "to" | "attendees")
            | Self::Listed(SourceType::Email | SourceType::Calendar, _) => {
                !is_person(text) && !self.visible(text).is_empty() && !is_long
            }
            Self::Member(..) if self.keeps_lines() => !self.visible(text).is_empty(),
            Self::Member(..) => !self.visible(text).is_empty() && !is_long,
            Self::Key => !text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')),
            // Counts as absent.
            Self::RawRef => !text.is_empty(),
            Self::Other => !is_long,
            _ => true,
        }
    }
}

/// A text on one line: each break, with the blanks around it, and each tab is one space.
fn joined(text: &str) -> String {
    let text = text.replace('\t', " ");
    // Characters for private use, of three bytes each, keep `normalise` from trimming the ends.
    let normal = normalise(&format!("\u{e000}{text}\u{e000}")).into_owned();
    let inner = &normal[3..normal.len() - 3];
    let lines: Vec<&str> = inner.split('\n').collect();
    let last = lines.len() - 1;
    let mut out = String::new();
    for (index, line) in lines.iter().enumerate() {
        let line = if index > 0 { line.trim_start() } else { line };
        let line = if index < last { line.trim_end() } else { line };
        if line.is_empty() && index > 0 && index < last {
            continue;
        }
        if index > 0 {
            out.push(' ');
        }
        out.push_str(line);
    }
    out
}
