//! Limits that all keys of a tenant share.

use std::{collections::BTreeMap, sync::Arc};

use super::quotas::{Quotas, Rates};
use crate::config::TenantRates;

/// The shared limits of every tenant that has some, with what has been used of them.
#[derive(Clone, Debug, Default)]
pub struct TenantLimits {
    shared: Arc<BTreeMap<String, (TenantRates, Arc<Quotas>)>>,
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
