//! Rate limits that all keys of a tenant share.

use std::{collections::BTreeMap, sync::Arc};

use super::quotas::{Quotas, Rates};
use crate::config::TenantRates;

/// The limits of every tenant that has any, with their state.
#[derive(Clone, Debug, Default)]
pub struct TenantLimits {
    shared: Arc<BTreeMap<String, (TenantRates, Arc<Quotas>)>>,
}

impl TenantLimits {
    /// Unused limits.
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

    /// The configured limits of a tenant, if any.
    pub fn rates(&self, tenant: &str) -> Option<TenantRates> {
        self.shared.get(tenant).map(|(rates, _)| *rates)
    }

    pub(super) fn quotas(&self, tenant: &str) -> Option<Arc<Quotas>> {
        self.shared.get(tenant).map(|(_, quotas)| Arc::clone(quotas))
    }
}
