//! Keys of rows.

use openclone_core::event_id::EventId;

use crate::batch::{Day, TenantNumber};

/// The first byte of rows that say whether an id is stored.
pub const ID: u8 = b'i';
/// The first byte of rows with entries.
pub const ENTRIES: u8 = b'e';
/// The first byte of rows that list the entry rows of a daily file.
pub const FILE: u8 = b'f';
/// The first byte of rows with a tenant's totals.
pub const TOTALS: u8 = b't';

/// The key of an id.
#[must_use]
pub fn id(tenant: TenantNumber, id: EventId) -> Vec<u8> {
    let mut key = vec![ID];
    key.extend(tenant.0.to_be_bytes());
    key.extend(id.0);
    key
}

/// The key of a batch's entries for a daily file of `day`.
#[must_use]
pub fn entries(tenant: TenantNumber, day: Day, sequence: u64) -> Vec<u8> {
    let mut key = vec![ENTRIES];
    key.extend(month(day).to_be_bytes());
    key.extend(tenant.0.to_be_bytes());
    key.extend(sequence.to_be_bytes());
    key
}

/// The key that assigns an entry row to a daily file.
#[must_use]
pub fn file(tenant: TenantNumber, folder: &str, day: Day, sequence: u64) -> Vec<u8> {
    let mut key = file_prefix(tenant, folder, day);
    key.extend(sequence.to_be_bytes());
    key
}

/// What the keys of all parts of a daily file begin with.
#[must_use]
pub fn file_prefix(tenant: TenantNumber, folder: &str, day: Day) -> Vec<u8> {
    let mut key = vec![FILE];
    key.extend(tenant.0.to_be_bytes());
    // With its length, so that no folder is a prefix of another one.
    key.push(u8::try_from(folder.len()).unwrap_or(u8::MAX));
    key.extend(folder.as_bytes());
    key.extend(day.year.to_be_bytes());
    key.extend([day.month, day.day]);
    key
}

/// The key of a tenant's totals.
#[must_use]
pub fn totals(tenant: TenantNumber) -> Vec<u8> {
    let mut key = vec![TOTALS];
    key.extend(tenant.0.to_be_bytes());
    key
}

/// Tenant and id of a key made by [`id`].
#[must_use]
pub fn parse_id(key: &[u8]) -> Option<(TenantNumber, EventId)> {
    let (tag, rest) = key.split_first()?;
    let (tenant, id) = rest.split_first_chunk::<8>()?;
    let id = <[u8; 16]>::try_from(id).ok()?;
    (*tag == ID).then_some((TenantNumber(u64::from_be_bytes(*tenant)), EventId(id)))
}

/// Tenant and sequence of a key made by [`entries`].
#[must_use]
pub fn parse_entries(key: &[u8]) -> Option<(TenantNumber, u64)> {
    let (tag, rest) = key.split_first()?;
    let (_month, rest) = rest.split_first_chunk::<4>()?;
    let (tenant, sequence) = rest.split_first_chunk::<8>()?;
    let sequence = <[u8; 8]>::try_from(sequence).ok()?;
    (*tag == ENTRIES).then_some((
        TenantNumber(u64::from_be_bytes(*tenant)),
        u64::from_be_bytes(sequence),
    ))
}

/// Months since the year 0.
fn month(day: Day) -> u32 {
    u32::from(day.year) * 12 + u32::from(day.month) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: TenantNumber = TenantNumber(7);

    fn day(year: u16, month: u8, day: u8) -> Day {
        Day { year, month, day }
    }

    #[test]
    fn keys_sort_by_month_tenant_and_sequence() {
        let january = day(2027, 1, 31);
        let ordered = [
            entries(TenantNumber(9), day(2026, 12, 31), 5),
            entries(TENANT, january, 9),
            entries(TENANT, january, 256),
            entries(TenantNumber(8), january, 0),
        ];
        assert!(ordered.is_sorted());
        assert_eq!(parse_entries(&ordered[2]), Some((TENANT, 256)));
    }

    #[test]
    fn keys_of_one_daily_file_share_a_prefix_that_no_other_file_has() {
        let prefix = file_prefix(TENANT, "Note", day(2026, 1, 2));
        assert!(file(TENANT, "Note", day(2026, 1, 2), 3).starts_with(&prefix));
        for other in [
            file(TENANT, "Notes", day(2026, 1, 2), 3),
            file(TENANT, "Note", day(2026, 1, 3), 3),
            file(TenantNumber(8), "Note", day(2026, 1, 2), 3),
        ] {
            assert!(!other.starts_with(&prefix));
        }
    }

    #[test]
    fn ids_of_two_tenants_have_two_keys() {
        let event = EventId([3; 16]);
        assert_ne!(id(TENANT, event), id(TenantNumber(8), event));
        assert_eq!(parse_id(&id(TENANT, event)), Some((TENANT, event)));
        assert_eq!(parse_id(&totals(TENANT)), None);
    }
}
