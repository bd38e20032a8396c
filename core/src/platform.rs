//! The platforms that plugins run on.

/// The operating system, or the web, that a plugin runs on. The discriminants are the numbers of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum Platform {
    /// macOS.
    Macos = 1,
    /// Windows.
    Windows = 2,
    /// Linux.
    Linux = 3,
    /// iOS.
    Ios = 4,
    /// Android.
    Android = 5,
    /// A web browser.
    Web = 6,
}

impl Platform {
    /// All platforms in documented order.
    pub const ALL: [Self; 6] = [
        Self::Macos,
        Self::Windows,
        Self::Linux,
        Self::Ios,
        Self::Android,
        Self::Web,
    ];

    /// The name in JSON, such as `macos`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Macos => "macos",
            Self::Windows => "windows",
            Self::Linux => "linux",
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Web => "web",
        }
    }

    /// The platform with that name in JSON, compared letter for letter.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.as_str() == name)
    }

    /// The platform with that number in the contract.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| *platform as i32 == number)
    }
}
