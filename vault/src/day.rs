//! Which day an event is filed under.

use jiff::{Timestamp, civil, tz::TimeZone};

/// What decides the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayBy {
    /// The moment at which the server took the batch.
    Received,
    /// Each event's own timestamp.
    Captured,
}

/// The day border of a vault.
#[derive(Clone, Debug)]
pub struct DayRule {
    /// What decides the day.
    pub by: DayBy,
    /// In which zone days begin.
    pub zone: TimeZone,
    /// The zone's IANA name, as written into the frontmatter.
    pub zone_name: String,
    /// At what local time a day begins; `00:00` is midnight.
    pub starts_at: civil::Time,
}

impl DayRule {
    /// The day that an event captured at `captured` and received at `received` is filed under.
    pub fn date(&self, received: Timestamp, captured: Timestamp) -> civil::Date {
        let _ = (received, captured);
        unimplemented!()
    }
}
