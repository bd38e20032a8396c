//! Options of tenants.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use openclone_core::TenantId;

/// Limits that all keys of a tenant share, in addition to the limits of each key. 0, the default, means no limit.
///
/// ```toml
/// [tenants.family]
/// requests_per_minute = 120
/// events_per_second = 500
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenantRates {
    /// Requests per minute, JSON and unary gRPC together, and the burst.
    pub requests_per_minute: u32,
    /// Events per second on streams.
    pub events_per_second: u32,
}

/// The highest rates that an option may set, requests per minute and events per second; as for keys.
const MAX_RATES: (u32, u32) = (10_000_000, 100_000_000);

/// Checks names and rates of tenants.
///
/// # Errors
/// A message that names the tenant and the invalid value.
pub(super) fn check(rates: &BTreeMap<String, TenantRates>) -> Result<(), String> {
    for (name, rates) in rates {
        TenantId::check(name).map_err(|reason| format!("tenant {name:?}: {reason}"))?;
        for (option, value, max) in [
            ("requests_per_minute", rates.requests_per_minute, MAX_RATES.0),
            ("events_per_second", rates.events_per_second, MAX_RATES.1),
        ] {
            if value > max {
                return Err(format!("tenant {name}: {option} is {value}; allowed: 0 to {max}"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_tenant() {
        let check_one = |name: &str, requests_per_minute| {
            let rates = TenantRates {
                requests_per_minute,
                ..TenantRates::default()
            };
            check(&BTreeMap::from([(name.to_owned(), rates)]))
        };
        assert_eq!(check_one("family", 10), Ok(()));
        for name in ["..", "CON", "a/b", ""] {
            assert!(
                check_one(name, 1)
                    .unwrap_err()
                    .starts_with(&format!("tenant {name:?}: ")),
                "{name}"
            );
        }
        assert_eq!(
            check_one("family", 10_000_001).unwrap_err(),
            "tenant family: requests_per_minute is 10000001; allowed: 0 to 10000000"
        );
    }
}
