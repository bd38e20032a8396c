//! The source types: one table with their names, folders, sensitivities, documented fields and an example.
//!
//! A new source type is a row here, with the number and the name of its message in `proto/openclone/v1/batch.proto`, and a row
//! in `vault/src/markdown/layout.rs`, which says how its entries look. `make generate` writes the tables of the SDKs from this
//! one.

/// How personal the data of a source type is, from least to most. The discriminants are the numbers of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(i32)]
pub enum Sensitivity {
    /// Hardly personal.
    Low = 1,
    /// Personal.
    Medium = 2,
    /// Very personal: health, the microphone.
    High = 3,
    /// Messages of other people.
    Critical = 4,
}

/// One row of the table.
struct Row {
    name: &'static str,
    folder: &'static str,
    sensitivity: Sensitivity,
    typical_fields: &'static [&'static str],
    example: &'static str,
}

macro_rules! source_types {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $folder:literal, $sensitivity:ident,
       [$($field:literal),+], $example:literal;)+) => {
        /// The kind of source that an event comes from. The discriminants are the numbers of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(i32)]
        pub enum SourceType {
            $($(#[$doc])* $variant = $number,)+
        }

        impl SourceType {
            /// All source types in documented order.
            pub const ALL: [Self; [$($number),+].len()] = [$(Self::$variant),+];

            const fn row(self) -> &'static Row {
                match self {
                    $(Self::$variant => &Row {
                        name: $name,
                        folder: $folder,
                        sensitivity: Sensitivity::$sensitivity,
                        typical_fields: &[$($field),+],
                        example: $example,
                    },)+
                }
            }
        }
    };
}

source_types! {
    /// Audio that the machine plays, transcribed.
    AudioSystem = 1, "audio_system", "Audio", Medium, ["text", "duration", "app_name", "confidence"],
        r#"{"text": "Hello from a new plugin!", "duration": 60, "app_name": "Example", "confidence": 0.95}"#;
    /// Ambient microphone, transcribed.
    AudioMic = 2, "audio_mic", "Audio", High, ["text", "duration", "confidence"],
        r#"{"text": "Hello from a new plugin!", "duration": 60, "confidence": 0.95}"#;
    /// Text read off the screen.
    ScreenOcr = 3, "screen_ocr", "Screen", Medium, ["text", "app_name", "window_title", "url"],
        r#"{"text": "Hello from a new plugin!", "app_name": "Example", "window_title": "A window", "url": "https://example.com/"}"#;
    /// Voice or written journal.
    Journal = 4, "journal", "Journal", Low, ["text", "duration"],
        r#"{"text": "Hello from a new plugin!", "duration": 60}"#;
    /// Pages visited.
    WebBrowsing = 5, "web_browsing", "Web", Medium, ["url", "title", "domain", "reading_time"],
        r#"{"url": "https://example.com/", "title": "Hello from a new plugin!", "domain": "example.com", "reading_time": 60}"#;
    /// Tracks heard.
    Music = 6, "music", "Music", Low, ["track", "artist", "album", "duration"],
        r#"{"track": "Hello from a new plugin!", "artist": "Somebody", "album": "First", "duration": 180}"#;
    /// Measurements of the body.
    Health = 7, "health", "Health", High, ["steps", "heart_rate", "sleep_hours"],
        r#"{"steps": 8000, "heart_rate": 60, "sleep_hours": 7.5}"#;
    /// Appointments.
    Calendar = 8, "calendar", "Calendar", Low, ["title", "start", "end", "attendees", "location"],
        r#"{"title": "Hello from a new plugin!", "start": "2026-02-18T10:00:00Z", "end": "2026-02-18T11:00:00Z", "attendees": ["Somebody"], "location": "Here"}"#;
    /// Notes.
    Notes = 9, "notes", "Notes", Low, ["title", "text", "tags"],
        r#"{"title": "Hello from a new plugin!", "text": "A first note.", "tags": ["first"]}"#;
    /// Positions.
    Gps = 10, "gps", "Location", Medium, ["lat", "lon", "accuracy", "place_name"],
        r#"{"lat": 48.2082, "lon": 16.3738, "accuracy": 10, "place_name": "Hello from a new plugin!"}"#;
    /// Photos taken.
    Photos = 11, "photos", "Photos", Medium, ["filename", "location", "timestamp"],
        r#"{"filename": "first.jpg", "location": "Hello from a new plugin!", "timestamp": "2026-02-18T10:00:00Z"}"#;
    /// Email envelopes, without the body.
    Email = 12, "email", "Email", Critical, ["subject", "from", "to", "date"],
        r#"{"subject": "Hello from a new plugin!", "from": "me@example.com", "to": "you@example.com", "date": "2026-02-18T10:00:00Z"}"#;
    /// Chat messages.
    Messaging = 13, "messaging", "Messages", Critical, ["platform", "from", "preview"],
        r#"{"platform": "example", "from": "Somebody", "preview": "Hello from a new plugin!"}"#;
    /// Use of applications.
    Activity = 14, "activity", "Activity", Low, ["app_name", "duration", "category"],
        r#"{"app_name": "Example", "duration": 60, "category": "Hello from a new plugin!"}"#;
    /// Free thoughts.
    Braindump = 15, "braindump", "Braindump", Low, ["text"],
        r#"{"text": "Hello from a new plugin!"}"#;
}

impl SourceType {
    /// The name in JSON, such as `audio_system`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The folder of the vault that its events are written to, such as `Audio`.
    #[must_use]
    pub const fn folder(self) -> &'static str {
        self.row().folder
    }

    /// How personal its events are.
    #[must_use]
    pub const fn sensitivity(self) -> Sensitivity {
        self.row().sensitivity
    }

    /// The documented members of `data`, in documented order.
    #[must_use]
    pub const fn typical_fields(self) -> &'static [&'static str] {
        self.row().typical_fields
    }

    /// The `data` of a first event, with each documented member: a JSON object that is also a literal of Python.
    #[must_use]
    pub const fn example(self) -> &'static str {
        self.row().example
    }

    /// The source type with that name in JSON, compared letter for letter.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == name)
    }

    /// The source type with that number in the contract.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| *known as i32 == number)
    }
}

impl Sensitivity {
    /// All sensitivities, from least to most personal.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The sensitivity with that number in the contract.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|known| *known as i32 == number)
    }

    /// The name in JSON, such as `MEDIUM`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Object;

    #[test]
    fn examples_have_each_documented_member_and_fit_into_source_code() {
        for known in SourceType::ALL {
            let example = Object::parse(known.example()).unwrap();
            let mut members: Vec<&str> = example.iter().map(|(key, _)| key.as_ref()).collect();
            let mut documented = known.typical_fields().to_vec();
            members.sort_unstable();
            documented.sort_unstable();
            assert_eq!(members, documented, "{known:?}");
            assert!(!known.example().contains(['`', '\'', '#']), "{known:?}");
        }
    }

    #[test]
    fn names_and_numbers_lead_back_to_their_source_type() {
        for known in SourceType::ALL {
            assert_eq!(SourceType::from_name(known.as_str()), Some(known));
            assert_eq!(SourceType::from_number(known as i32), Some(known));
        }
        assert_eq!(SourceType::from_name("Journal"), None);
        assert_eq!(
            (SourceType::from_number(0), SourceType::from_number(16)),
            (None, None)
        );
    }
}
