//! Which members of `data` are documented for each source type, in the order of their fields, and how figures read.

use crate::source_type::SourceType;

/// The documented members that can be fields, in the order in which they are written.
pub(super) fn field_order(source_type: SourceType) -> &'static [&'static str] {
    match source_type {
        SourceType::AudioSystem => &["app_name", "duration", "confidence"],
        SourceType::AudioMic => &["duration", "confidence"],
        SourceType::ScreenOcr => &["app_name", "window_title", "url"],
        SourceType::Journal => &["duration"],
        SourceType::WebBrowsing => &["title", "url", "domain", "reading_time"],
        SourceType::Music => &["track", "artist", "album", "duration"],
        SourceType::Health => &["steps", "heart_rate", "sleep_hours"],
        SourceType::Calendar => &["title", "start", "end", "attendees", "location"],
        SourceType::Notes => &["title", "tags"],
        SourceType::Gps => &["place_name", "lat", "lon", "accuracy"],
        SourceType::Photos => &["filename", "location", "timestamp"],
        SourceType::Email => &["subject", "from", "to", "date"],
        SourceType::Messaging => &["from", "platform"],
        SourceType::Activity => &["app_name", "duration", "category"],
        SourceType::Braindump => &[],
    }
}

/// The member that is the text of an event.
pub(super) fn text_member(source_type: SourceType) -> Option<&'static str> {
    match source_type {
        SourceType::AudioSystem
        | SourceType::AudioMic
        | SourceType::ScreenOcr
        | SourceType::Journal
        | SourceType::Notes
        | SourceType::Braindump => Some("text"),
        SourceType::Messaging => Some("preview"),
        _ => None,
    }
}

/// The name of a documented member's field, where its own name is taken.
pub(super) fn field_name(source_type: SourceType, member: &'static str) -> &'static str {
    match (source_type, member) {
        // An item's own tags would hide it.
        (SourceType::Notes, "tags") => "topics",
        // The file's own date would hide it.
        (SourceType::Email, "date") => "sent",
        _ => member,
    }
}

/// The value of the field `source`, for a source type that shares its folder and is not the folder's first.
pub(super) fn source_field(source_type: SourceType) -> Option<&'static str> {
    match source_type {
        SourceType::AudioMic => Some("audio_mic"),
        _ => None,
    }
}

/// Whether a folder gets so many entries a day that it has a heading for each hour.
pub(crate) fn is_dense(source_type: SourceType) -> bool {
    matches!(
        source_type,
        SourceType::AudioSystem
            | SourceType::AudioMic
            | SourceType::ScreenOcr
            | SourceType::WebBrowsing
            | SourceType::Activity
            | SourceType::Gps
            | SourceType::Messaging
    )
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
            let mut known: Vec<&str> = field_order(source_type).to_vec();
            known.extend(text_member(source_type));
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
            assert_eq!(source_field(source_type), field);
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
