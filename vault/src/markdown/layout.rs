//! The layout of entries: one table with a row for each source type, and how figures read.
//!
//! Most rows list the parts of the visible text. Those with a form of their own name it, and `item/visible.rs` writes it.

use crate::source_type::SourceType;

/// The layout of the entries of a source type.
#[derive(Debug)]
pub(super) struct Layout {
    /// The documented members that can be fields, in the order in which they are written.
    pub(super) fields: &'static [&'static str],
    /// The member that is the text of an event.
    pub(super) text: Option<&'static str>,
    /// Members whose field has another name, because their own is taken.
    renamed: &'static [(&'static str, &'static str)],
    /// The member that is a time, written with the offset of the time zone.
    pub(super) time: Option<(&'static str, TimeForm)>,
    /// The value of the field `source`, for a source type that shares its folder and is not the folder's first.
    pub(super) source: Option<&'static str>,
    /// Whether there are so many entries a day that the daily file has a heading for each hour.
    is_dense: bool,
    /// The visible text behind the time.
    pub(super) visible: Visible,
}

/// How a member says a time.
#[derive(Clone, Copy, Debug)]
pub(super) enum TimeForm {
    /// The text of a mail's header `Date`.
    Mail,
    /// Unix seconds.
    Unix,
}

/// The visible text of an entry.
#[derive(Clone, Copy, Debug)]
pub(super) enum Visible {
    /// One part after another.
    Parts(&'static [Part]),
    /// `App — [window title](url): text`
    Screen,
    /// `[title](url) · domain · 4 min 56 s`
    Web,
    /// `track — artist *(album)* · 5:47`
    Music,
    /// `8042 steps, 62 bpm, weight 72.5 kg`
    Figures,
    /// `**09:00–09:45** title · location · with attendees`
    Appointment,
    /// `[place](geo:lat,lon)`
    Position,
    /// `**sender** → recipients: subject`
    Mail,
    /// `**sender** (platform): preview`
    Message,
}

/// A part of the visible text; left out when the member is absent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// A separator and a member.
    Plain(&'static str, &'static str),
    /// A member in bold.
    Bold(&'static str),
    /// A member in seconds, as a duration.
    Duration(&'static str),
    /// The text of the event.
    Text,
}

impl Layout {
    /// A layout without fields and text.
    const BASE: Self = Self {
        fields: &[],
        text: None,
        renamed: &[],
        time: None,
        source: None,
        is_dense: false,
        visible: Visible::Parts(&[Part::Text]),
    };

    /// The layout of a source type.
    pub(super) const fn of(source_type: SourceType) -> &'static Self {
        use Part::{Bold, Duration, Plain, Text};
        match source_type {
            SourceType::AudioSystem => {
                const {
                    &Self {
                        fields: &["app_name", "duration", "confidence"],
                        text: Some("text"),
                        is_dense: true,
                        visible: Visible::Parts(&[Plain("", "app_name"), Text]),
                        ..Self::BASE
                    }
                }
            }
            SourceType::AudioMic => {
                const {
                    &Self {
                        fields: &["duration", "confidence"],
                        text: Some("text"),
                        source: Some("audio_mic"),
                        is_dense: true,
                        ..Self::BASE
                    }
                }
            }
            SourceType::ScreenOcr => {
                const {
                    &Self {
                        fields: &["app_name", "window_title", "url"],
                        text: Some("text"),
                        is_dense: true,
                        visible: Visible::Screen,
                        ..Self::BASE
                    }
                }
            }
            SourceType::Journal => {
                const {
                    &Self {
                        fields: &["duration"],
                        text: Some("text"),
                        ..Self::BASE
                    }
                }
            }
            SourceType::WebBrowsing => {
                const {
                    &Self {
                        fields: &["title", "url", "domain", "reading_time"],
                        is_dense: true,
                        visible: Visible::Web,
                        ..Self::BASE
                    }
                }
            }
            SourceType::Music => {
                const {
                    &Self {
                        fields: &["track", "artist", "album", "duration"],
                        visible: Visible::Music,
                        ..Self::BASE
                    }
                }
            }
            SourceType::Health => {
                const {
                    &Self {
                        fields: &["steps", "heart_rate", "sleep_hours"],
                        visible: Visible::Figures,
                        ..Self::BASE
                    }
                }
            }
            SourceType::Calendar => {
                const {
                    &Self {
                        fields: &["title", "start", "end", "attendees", "location"],
                        visible: Visible::Appointment,
                        ..Self::BASE
                    }
                }
            }
            SourceType::Notes => {
                const {
                    &Self {
                        fields: &["title", "tags"],
                        text: Some("text"),
                        // an item's own tags would hide it
                        renamed: &[("tags", "topics")],
                        visible: Visible::Parts(&[Bold("title"), Text]),
                        ..Self::BASE
                    }
                }
            }
            SourceType::Gps => {
                const {
                    &Self {
                        fields: &["place_name", "lat", "lon", "accuracy"],
                        is_dense: true,
                        visible: Visible::Position,
                        ..Self::BASE
                    }
                }
            }
            SourceType::Photos => {
                const {
                    &Self {
                        fields: &["filename", "location", "timestamp"],
                        time: Some(("timestamp", TimeForm::Unix)),
                        visible: Visible::Parts(&[Plain("", "filename"), Plain(" · ", "location")]),
                        ..Self::BASE
                    }
                }
            }
            SourceType::Email => {
                const {
                    &Self {
                        fields: &["subject", "from", "to", "date"],
                        // the file's own date would hide it
                        renamed: &[("date", "sent")],
                        time: Some(("date", TimeForm::Mail)),
                        visible: Visible::Mail,
                        ..Self::BASE
                    }
                }
            }
            SourceType::Messaging => {
                const {
                    &Self {
                        fields: &["from", "platform"],
                        text: Some("preview"),
                        is_dense: true,
                        visible: Visible::Message,
                        ..Self::BASE
                    }
                }
            }
            SourceType::Activity => {
                const {
                    &Self {
                        fields: &["app_name", "duration", "category"],
                        is_dense: true,
                        visible: Visible::Parts(&[
                            Plain("", "app_name"),
                            Duration("duration"),
                            Plain(" · ", "category"),
                        ]),
                        ..Self::BASE
                    }
                }
            }
            SourceType::Braindump => {
                const {
                    &Self {
                        text: Some("text"),
                        ..Self::BASE
                    }
                }
            }
        }
    }

    /// The name of a documented member's field.
    pub(super) fn field_name(&self, member: &'static str) -> &'static str {
        let renamed = self.renamed.iter().find(|(own, _)| *own == member);
        renamed.map_or(member, |(_, name)| name)
    }
}

/// Whether the daily files of a source type have a heading for each hour.
pub(crate) const fn is_dense(source_type: SourceType) -> bool {
    Layout::of(source_type).is_dense
}

/// How a figure reads: what stands before the number, and the unit behind it. The documented ones first, then by what
/// the name of another ends in.
pub(super) fn figure(key: &str) -> Option<(&str, &'static str)> {
    const UNITS: [(&str, &str); 14] = [
        ("_hours", "h"),
        ("_minutes", "min"),
        ("_seconds", "s"),
        ("_ms", "ms"),
        ("_bpm", "bpm"),
        ("_kcal", "kcal"),
        ("_km", "km"),
        ("_m", "m"),
        ("_cm", "cm"),
        ("_kg", "kg"),
        ("_ml", "ml"),
        ("_percent", "%"),
        ("_celsius", "°C"),
        ("_mmhg", "mmHg"),
    ];
    match key {
        "steps" => Some(("", "steps")),
        "heart_rate" => Some(("", "bpm")),
        "sleep_hours" => Some(("", "h of sleep")),
        _ => UNITS
            .iter()
            .find_map(|(suffix, unit)| Some((key.strip_suffix(suffix)?, *unit))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_member_is_the_text_or_a_field() {
        for source_type in SourceType::ALL {
            let mut known: Vec<&str> = Layout::of(source_type).fields.to_vec();
            known.extend(Layout::of(source_type).text);
            let mut documented = source_type.typical_fields().to_vec();
            known.sort_unstable();
            documented.sort_unstable();
            assert_eq!(known, documented, "{source_type:?}");
        }
    }

    #[test]
    fn the_first_source_type_of_a_folder_goes_without_a_source() {
        for source_type in SourceType::ALL {
            let first = SourceType::ALL
                .into_iter()
                .find(|other| other.folder() == source_type.folder());
            let field = (first != Some(source_type)).then(|| source_type.as_str());
            assert_eq!(Layout::of(source_type).source, field);
        }
    }

    #[test]
    fn source_types_of_one_folder_are_dense_alike() {
        for one in SourceType::ALL {
            for other in SourceType::ALL {
                assert!(one.folder() != other.folder() || is_dense(one) == is_dense(other));
            }
        }
    }

    #[test]
    fn figures_have_a_name_and_a_unit() {
        assert_eq!(figure("steps"), Some(("", "steps")));
        assert_eq!(figure("weight_kg"), Some(("weight", "kg")));
        assert_eq!(figure("mood"), None);
    }
}
