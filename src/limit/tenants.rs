//! Limits that all keys of a tenant share.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::quotas::{Quotas, Rates};
use crate::auth::tenant;

/// How much all keys of a tenant together may send, besides what each of them may. 0, or nothing said, means no limit.
///
/// ```toml
/// [tenants.family]
/// requests_per_minute = 120
/// events_per_second = 500
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TenantRates {
    /// Requests a minute, JSON and unary gRPC together; as many may come at once.
    pub requests_per_minute: u32,
    /// Events a second on streams.
    pub events_per_second: u32,
}

/// The shared limits of every tenant that has some, with what has been used of them.
#[derive(Clone, Debug, Default)]
pub struct TenantLimits {
    shared: Arc<BTreeMap<String, (TenantRates, Arc<Quotas>)>>,
}

/// Requests a minute, and events a second, that an option may ask for; as for keys.
const MOST: (u32, u32) = (10_000_000, 100_000_000);

/// What is wrong with the options of tenants.
pub(crate) fn check(rates: &BTreeMap<String, TenantRates>) -> Result<(), String> {
    for (name, rates) in rates {
        tenant::check(name).map_err(|reason| format!("tenant {name:?}: {reason}"))?;
        for (what, number, most) in [
            ("requests_per_minute", rates.requests_per_minute, MOST.0),
            ("events_per_second", rates.events_per_second, MOST.1),
        ] {
            if number > most {
                return Err(format!("tenant {name}: {what} is {number}; allowed: 0 to {most}"));
            }
        }
    }
    Ok(())
}

impl TenantLimits {
    /// Limits of which nothing has been used.
    pub fn new(rates: &BTreeMap<String, TenantRates>) -> Self {
        let shared = rates.iter().map(|(name, &rates)| {
            let quotas = Quotas::new(Rates {
                requests_per_minute: rates.requests_per_minute,
                burst: rates.requests_per_minute.max(1),
                events_per_second: rates.events_per_second,
            });
            (name.clone(), (rates, Arc::new(quotas)))
        });
        Self {
            shared: Arc::new(shared.collect()),
        }
    }

    /// What all keys of the tenant together may send; `None` if nobody said.
    pub fn rates(&self, tenant: &str) -> Option<TenantRates> {
        self.shared.get(tenant).map(|(rates, _)| *rates)
    }

    pub(super) fn quotas(&self, tenant: &str) -> Option<Arc<Quotas>> {
        self.shared.get(tenant).map(|(_, quotas)| Arc::clone(quotas))
    }
}
