//! What the enums of the contract are called in JSON, in documented order.

use crate::v1::{Platform, PluginStatus, Sensitivity, SourceType};

impl SourceType {
    /// The 15 source types in documented order.
    pub const ALL: [Self; 15] = [
        Self::AudioSystem,
        Self::AudioMic,
        Self::ScreenOcr,
        Self::Journal,
        Self::WebBrowsing,
        Self::Music,
        Self::Health,
        Self::Calendar,
        Self::Notes,
        Self::Gps,
        Self::Photos,
        Self::Email,
        Self::Messaging,
        Self::Activity,
        Self::Braindump,
    ];

    /// The name in JSON, such as `audio_system`; empty if unspecified.
    #[must_use]
    pub const fn json_name(self) -> &'static str {
        match self {
            Self::Unspecified => "",
            Self::AudioSystem => "audio_system",
            Self::AudioMic => "audio_mic",
            Self::ScreenOcr => "screen_ocr",
            Self::Journal => "journal",
            Self::WebBrowsing => "web_browsing",
            Self::Music => "music",
            Self::Health => "health",
            Self::Calendar => "calendar",
            Self::Notes => "notes",
            Self::Gps => "gps",
            Self::Photos => "photos",
            Self::Email => "email",
            Self::Messaging => "messaging",
            Self::Activity => "activity",
            Self::Braindump => "braindump",
        }
    }

    /// The source type of a name in JSON, letter for letter.
    #[must_use]
    pub fn from_json_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.json_name() == name)
    }
}

impl Platform {
    /// The six platforms in documented order.
    pub const ALL: [Self; 6] = [
        Self::Macos,
        Self::Windows,
        Self::Linux,
        Self::Ios,
        Self::Android,
        Self::Web,
    ];

    /// The name in JSON, such as `macos`; empty if unspecified.
    #[must_use]
    pub const fn json_name(self) -> &'static str {
        match self {
            Self::Unspecified => "",
            Self::Macos => "macos",
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Web => "web",
        }
    }

    /// The platform of a name in JSON, letter for letter.
    #[must_use]
    pub fn from_json_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.json_name() == name)
    }
}

impl Sensitivity {
    /// The name in JSON, such as `MEDIUM`; empty if unspecified.
    #[must_use]
    pub const fn json_name(self) -> &'static str {
        match self {
            Self::Unspecified => "",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

impl PluginStatus {
    /// The name in JSON, such as `stable`; empty if unspecified.
    #[must_use]
    pub const fn json_name(self) -> &'static str {
        match self {
            Self::Unspecified => "",
            Self::Stable => "stable",
            Self::Beta => "beta",
            Self::Planned => "planned",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_name_is_the_end_of_the_name_in_the_contract() {
        for known in SourceType::ALL {
            let expected = format!("SOURCE_TYPE_{}", known.json_name().to_uppercase());
            assert_eq!(known.as_str_name(), expected);
            assert_eq!(SourceType::from_json_name(known.json_name()), Some(known));
        }
        for known in Platform::ALL {
            assert_eq!(
                known.as_str_name(),
                format!("PLATFORM_{}", known.json_name().to_uppercase())
            );
            assert_eq!(Platform::from_json_name(known.json_name()), Some(known));
        }
    }

    #[test]
    fn every_number_of_the_contract_is_listed() {
        let known = (1..100).filter_map(|number| SourceType::try_from(number).ok());
        assert!(known.eq(SourceType::ALL));
        let known = (1..100).filter_map(|number| Platform::try_from(number).ok());
        assert!(known.eq(Platform::ALL));
    }

    #[test]
    fn unspecified_and_unknown_names_are_no_names() {
        for name in ["", "AUDIO_SYSTEM", "audio", "journal ", "unspecified"] {
            assert_eq!(SourceType::from_json_name(name), None);
            assert_eq!(Platform::from_json_name(name), None);
        }
    }
}
