//! The id by which an event is recognised for ever.

use std::fmt;

use crate::{source_type::SourceType, value::Object};

/// 128 bits of BLAKE3; shown as 26 characters of `a-z2-7`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(pub [u8; 16]);

impl EventId {
    /// The id of an event that its plugin named.
    pub fn from_ref(tenant: &str, source_type: SourceType, plugin_id: &str, raw_ref: &str) -> Self {
        let _ = (tenant, source_type, plugin_id, raw_ref);
        unimplemented!()
    }

    /// The id of an event without a raw_ref. `timestamp_micros`: Unix microseconds.
    pub fn from_content(
        tenant: &str,
        source_type: SourceType,
        plugin_id: &str,
        device_id: &str,
        timestamp_micros: i64,
        data: &Object<'_>,
    ) -> Self {
        let _ = (tenant, source_type, plugin_id, device_id, timestamp_micros, data);
        unimplemented!()
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unimplemented!()
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
