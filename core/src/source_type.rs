//! The source types: one table with their names, folders, sensitivities and documented fields.

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
}

macro_rules! source_types {
    ($($(#[$doc:meta])* $variant:ident = $number:literal, $name:literal, $folder:literal, $sensitivity:ident,
       [$($field:literal),+];)+) => {
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
                    },)+
                }
            }
        }
    };
}

source_types! {
    /// Audio that the machine plays, transcribed.
    AudioSystem = 1, "audio_system", "Audio", Medium, ["text", "duration", "app_name", "confidence"];
    /// Ambient microphone, transcribed.
    AudioMic = 2, "audio_mic", "Audio", High, ["text", "duration", "confidence"];
    /// Text read off the screen.
    ScreenOcr = 3, "screen_ocr", "Screen", Medium, ["text", "app_name", "window_title", "url"];
    /// Voice or written journal.
    Journal = 4, "journal", "Journal", Low, ["text", "duration"];
    /// Pages visited.
    WebBrowsing = 5, "web_browsing", "Web", Medium, ["url", "title", "domain", "reading_time"];
    /// Tracks heard.
    Music = 6, "music", "Music", Low, ["track", "artist", "album", "duration"];
    /// Measurements of the body.
    Health = 7, "health", "Health", High, ["steps", "heart_rate", "sleep_hours"];
    /// Appointments.
    Calendar = 8, "calendar", "Calendar", Low, ["title", "start", "end", "attendees", "location"];
    /// Notes.
    Notes = 9, "notes", "Notes", Low, ["title", "text", "tags"];
    /// Positions.
    Gps = 10, "gps", "Location", Medium, ["lat", "lon", "accuracy", "place_name"];
    /// Photos taken.
    Photos = 11, "photos", "Photos", Medium, ["filename", "location", "timestamp"];
    /// Email envelopes, without the body.
    Email = 12, "email", "Email", Critical, ["subject", "from", "to", "date"];
    /// Chat messages.
    Messaging = 13, "messaging", "Messages", Critical, ["platform", "from", "preview"];
    /// Use of applications.
    Activity = 14, "activity", "Activity", Low, ["app_name", "duration", "category"];
    /// Free thoughts.
    Braindump = 15, "braindump", "Braindump", Low, ["text"];
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
mod tests {
    use super::*;

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
