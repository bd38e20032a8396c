//! The 15 source types: their folders, sensitivities and documented fields.

/// The kind of source that an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum SourceType {
    AudioSystem,
    AudioMic,
    ScreenOcr,
    Journal,
    WebBrowsing,
    Music,
    Health,
    Calendar,
    Notes,
    Gps,
    Photos,
    Email,
    Messaging,
    Activity,
    Braindump,
}

/// How personal what a source type captures is, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Sensitivity {
    Low,
    Medium,
    High,
    Critical,
}

impl SourceType {
    /// All of them, in the documented order.
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

    /// The name in JSON, such as `audio_system`.
    pub fn as_str(self) -> &'static str {
        match self {
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

    /// The folder of the vault that it is written to, such as `Audio`.
    pub fn folder(self) -> &'static str {
        match self {
            Self::AudioSystem | Self::AudioMic => "Audio",
            Self::ScreenOcr => "Screen",
            Self::Journal => "Journal",
            Self::WebBrowsing => "Web",
            Self::Music => "Music",
            Self::Health => "Health",
            Self::Calendar => "Calendar",
            Self::Notes => "Notes",
            Self::Gps => "Location",
            Self::Photos => "Photos",
            Self::Email => "Email",
            Self::Messaging => "Messages",
            Self::Activity => "Activity",
            Self::Braindump => "Braindump",
        }
    }

    /// How personal it is.
    pub fn sensitivity(self) -> Sensitivity {
        match self {
            Self::AudioSystem | Self::ScreenOcr | Self::WebBrowsing | Self::Gps | Self::Photos => {
                Sensitivity::Medium
            }
            Self::AudioMic | Self::Health => Sensitivity::High,
            Self::Email | Self::Messaging => Sensitivity::Critical,
            _ => Sensitivity::Low,
        }
    }

    /// The documented members of `data`, in the documented order.
    pub fn typical_fields(self) -> &'static [&'static str] {
        match self {
            Self::AudioSystem => &["text", "duration", "app_name", "confidence"],
            Self::AudioMic => &["text", "duration", "confidence"],
            Self::ScreenOcr => &["text", "app_name", "window_title", "url"],
            Self::Journal => &["text", "duration"],
            Self::WebBrowsing => &["url", "title", "domain", "reading_time"],
            Self::Music => &["track", "artist", "album", "duration"],
            Self::Health => &["steps", "heart_rate", "sleep_hours"],
            Self::Calendar => &["title", "start", "end", "attendees", "location"],
            Self::Notes => &["title", "text", "tags"],
            Self::Gps => &["lat", "lon", "accuracy", "place_name"],
            Self::Photos => &["filename", "location", "timestamp"],
            Self::Email => &["subject", "from", "to", "date"],
            Self::Messaging => &["platform", "from", "preview"],
            Self::Activity => &["app_name", "duration", "category"],
            Self::Braindump => &["text"],
        }
    }
}
