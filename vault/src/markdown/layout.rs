//! Which member of `data` goes where in an item, for each source type.

use crate::source_type::SourceType;

/// Our own fields. Dataview folds case, so no member may be called like them in any.
const OURS: [&str; 5] = ["source", "ref", "via", "device", "more"];

/// Where the members of one source type go. Those named here stand in the first line and are no fields.
#[derive(Debug)]
pub(super) struct Layout {
    /// The naming members, in order.
    pub(super) title: &'static [Part],
    /// What else the title gets.
    pub(super) extra: Extra,
    /// The text behind the title.
    pub(super) text: Option<&'static str>,
}

/// A naming member.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) key: &'static str,
    /// Between it and what is before it, if anything is.
    pub(super) joint: &'static str,
    /// Around it.
    pub(super) brackets: Option<(&'static str, &'static str)>,
}

/// What a title gets besides the naming members, made of members that are shown as fields as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Nothing,
    /// The title, or the address if there is none, links to the member `url`.
    WebLink,
    /// The title, or the coordinates if there is none, is a `geo:` link made of `lat` and `lon`.
    GeoLink,
    /// `start` to `end`, in short.
    Span,
    /// The figures with their units.
    Figures,
}

const fn part(key: &'static str) -> Part {
    Part {
        key,
        joint: " — ",
        brackets: None,
    }
}

const fn bracketed(key: &'static str) -> Part {
    Part {
        key,
        joint: " ",
        brackets: Some(("(", ")")),
    }
}

const fn layout(title: &'static [Part], extra: Extra, text: Option<&'static str>) -> Layout {
    Layout { title, extra, text }
}

static TEXT: Layout = layout(&[], Extra::Nothing, Some("text"));
static APP_TEXT: Layout = layout(&[part("app_name")], Extra::Nothing, Some("text"));
static SCREEN: Layout = layout(
    &[part("app_name"), part("window_title")],
    Extra::WebLink,
    Some("text"),
);
static WEB: Layout = layout(&[part("title")], Extra::WebLink, None);
static MUSIC: Layout = layout(
    &[part("track"), part("artist"), bracketed("album")],
    Extra::Nothing,
    None,
);
static HEALTH: Layout = layout(&[], Extra::Figures, None);
static CALENDAR: Layout = layout(&[part("title")], Extra::Span, None);
static NOTES: Layout = layout(&[part("title")], Extra::Nothing, Some("text"));
static GPS: Layout = layout(&[part("place_name")], Extra::GeoLink, None);
static PHOTOS: Layout = layout(&[part("filename")], Extra::Nothing, None);
static EMAIL: Layout = layout(&[part("subject")], Extra::Nothing, None);
static MESSAGING: Layout = layout(
    &[part("from"), bracketed("platform")],
    Extra::Nothing,
    Some("preview"),
);
static ACTIVITY: Layout = layout(&[part("app_name")], Extra::Nothing, None);

/// The layout of a source type.
pub(super) fn of(source_type: SourceType) -> &'static Layout {
    match source_type {
        SourceType::AudioSystem => &APP_TEXT,
        SourceType::AudioMic | SourceType::Journal | SourceType::Braindump => &TEXT,
        SourceType::ScreenOcr => &SCREEN,
        SourceType::WebBrowsing => &WEB,
        SourceType::Music => &MUSIC,
        SourceType::Health => &HEALTH,
        SourceType::Calendar => &CALENDAR,
        SourceType::Notes => &NOTES,
        SourceType::Gps => &GPS,
        SourceType::Photos => &PHOTOS,
        SourceType::Email => &EMAIL,
        SourceType::Messaging => &MESSAGING,
        SourceType::Activity => &ACTIVITY,
    }
}

/// The field `source` of a source type that shares its folder and is not the folder's first.
pub(super) fn source_field(source_type: SourceType) -> Option<&'static str> {
    match source_type {
        SourceType::AudioMic => Some(r" [source:: audio\_mic]"),
        _ => None,
    }
}

/// Whether a member's key can be an inline field's: `[A-Za-z][A-Za-z0-9_-]*`, and none of ours.
pub(super) fn is_field_name(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !OURS.iter().any(|ours| key.eq_ignore_ascii_case(ours))
}

/// How a figure reads: what stands before and behind the number. The documented ones first, then by what the name of
/// another ends in.
pub(super) fn figure(key: &str) -> Option<(&str, &'static str)> {
    const UNITS: [(&str, &str); 14] = [
        ("_hours", " h"),
        ("_minutes", " min"),
        ("_seconds", " s"),
        ("_ms", " ms"),
        ("_bpm", " bpm"),
        ("_kcal", " kcal"),
        ("_km", " km"),
        ("_m", " m"),
        ("_cm", " cm"),
        ("_kg", " kg"),
        ("_ml", " ml"),
        ("_percent", " %"),
        ("_celsius", " °C"),
        ("_mmhg", " mmHg"),
    ];
    match key {
        "steps" => Some(("", " steps")),
        "heart_rate" => Some(("", " bpm")),
        "sleep_hours" => Some(("", " h of sleep")),
        _ => UNITS
            .iter()
            .find_map(|(suffix, unit)| Some((key.strip_suffix(suffix)?, *unit))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_name_only_documented_members() {
        for source_type in SourceType::ALL {
            let layout = of(source_type);
            let named = layout.title.iter().map(|part| part.key).chain(layout.text);
            for key in named {
                assert!(
                    source_type.typical_fields().contains(&key),
                    "{source_type:?} {key}"
                );
            }
        }
    }

    #[test]
    fn the_first_source_type_of_a_folder_goes_without_a_source() {
        for source_type in SourceType::ALL {
            let first = SourceType::ALL
                .into_iter()
                .find(|other| other.folder() == source_type.folder());
            let field = (first != Some(source_type))
                .then(|| format!(" [source:: {}]", source_type.as_str().replace('_', "\\_")));
            assert_eq!(source_field(source_type).map(str::to_owned), field);
        }
    }

    #[test]
    fn field_names() {
        for name in ["a", "app_name", "A-b", "x9", "sources", "a__"] {
            assert!(is_field_name(name), "{name}");
        }
        for name in [
            "", "9a", "_a", "-a", "a b", "a:", "é", "a\n", "ref", "Ref", "VIA", "more", "device", "source",
        ] {
            assert!(!is_field_name(name), "{name}");
        }
    }
}
