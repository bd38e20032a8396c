//! The rows of a partition's database.
//!
//! | Key | Value | Meaning |
//! |---|---|---|
//! | `i` tenant id | `1` sequence, or `0` | the id is stored in this entry row, or was forgotten |
//! | `e` tenant-month tenant sequence | [`value::encode_entries`] | the entries of one batch for one daily file |
//! | `f` tenant folder day sequence | – | which entry rows make up a daily file |
//! | `t` tenant | next sequence, events, bytes | totals of a tenant |
//!
//! Numbers in keys are big-endian, so that keys sort as numbers do. The month is that of the daily file, not of the moment:
//! it follows from the `f` row. Every key names the tenant: two tenants with the same event id have two rows.

pub mod key;
pub mod value;

use bytes::Bytes;

/// Rows that become visible and durable together or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Keys and values, in the order of insertion. The last value of a key counts.
    pub puts: Vec<(Bytes, Bytes)>,
}

impl Rows {
    /// Adds a row.
    pub fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.puts.push((key.into(), value.into()));
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.puts.is_empty()
    }
}
