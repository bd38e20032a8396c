//! The enumerations of the contract: conversions to those of `openclone-core`, and names in JSON.

use openclone_core as core;

use crate::v1::{Platform, PluginStatus, Sensitivity, SourceType};

/// Both enumerations have the numbers of the contract.
macro_rules! same_numbers {
    ($name:ident, $what:literal) => {
        impl $name {
            #[doc = concat!("The ", $what, " as `openclone-core` knows it; `None` if unspecified.")]
            #[must_use]
            pub fn to_core(self) -> Option<core::$name> {
                core::$name::from_number(self as i32)
            }

            #[doc = concat!("The name of the ", $what, " in JSON; empty if unspecified.")]
            #[must_use]
            pub fn json_name(self) -> &'static str {
                self.to_core().map_or("", core::$name::as_str)
            }
        }

        impl From<core::$name> for $name {
            fn from(value: core::$name) -> Self {
                // unit tests compare the numbers
                Self::try_from(value as i32).unwrap_or_default()
            }
        }
    };
}

same_numbers!(SourceType, "source type");
same_numbers!(Platform, "platform");
same_numbers!(Sensitivity, "sensitivity");

impl SourceType {
    /// The source type with that name in JSON, compared letter for letter.
    #[must_use]
    pub fn from_json_name(name: &str) -> Option<Self> {
        core::SourceType::from_name(name).map(Self::from)
    }
}

impl Platform {
    /// The platforms in documented order.
    pub const ALL: [Self; 6] = [
        Self::Macos,
        Self::Windows,
        Self::Linux,
        Self::Ios,
        Self::Android,
        Self::Web,
    ];

    /// The platform with that name in JSON, compared letter for letter.
    #[must_use]
    pub fn from_json_name(name: &str) -> Option<Self> {
        core::Platform::from_name(name).map(Self::from)
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
    fn json_names_are_the_ends_of_the_names_in_the_contract() {
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
        for known in (1..5).filter_map(|number| Sensitivity::try_from(number).ok()) {
            assert_eq!(known.as_str_name(), format!("SENSITIVITY_{}", known.json_name()));
        }
    }

    #[test]
    fn both_enumerations_have_the_same_values() {
        let contract = (1..100).filter_map(|number| SourceType::try_from(number).ok());
        assert!(contract.clone().eq(SourceType::ALL));
        assert!(contract.eq(core::SourceType::ALL.map(SourceType::from)));
        let contract = (1..100).filter_map(|number| Platform::try_from(number).ok());
        assert!(contract.clone().eq(Platform::ALL));
        assert!(contract.eq(core::Platform::ALL.map(Platform::from)));
        let contract = (1..100).filter_map(|number| Sensitivity::try_from(number).ok());
        assert!(contract.eq(core::Sensitivity::ALL.map(Sensitivity::from)));
    }

    #[test]
    fn unspecified_and_unknown_names_are_rejected() {
        for name in ["", "AUDIO_SYSTEM", "audio", "journal ", "unspecified"] {
            assert_eq!(SourceType::from_json_name(name), None);
            assert_eq!(Platform::from_json_name(name), None);
        }
        assert_eq!(SourceType::Unspecified.json_name(), "");
    }
}
