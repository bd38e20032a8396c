//! The tenants in JSON.

use openclone_client::v1::{JournalLag, ListTenantsResponse, Tenant, TenantLimits};
use serde::Serialize;

/// The tenants as `GET /api/v1/tenants` shows them.
#[derive(Serialize)]
pub(crate) struct TenantList {
    tenants: Vec<TenantView>,
}

/// One tenant.
#[derive(Serialize)]
struct TenantView {
    tenant: String,
    vault: String,
    /// Number of events since the start, by outcome.
    events: EventsView,
    files: u64,
    bytes: u64,
    /// RFC 3339.
    last_seen: Option<String>,
    journal: JournalView,
    limits: Option<LimitsView>,
}

#[derive(Serialize)]
struct EventsView {
    stored: u64,
    duplicate: u64,
    rejected: u64,
}

#[derive(Serialize)]
struct JournalView {
    bytes: u64,
    waiting: u64,
    seconds: f64,
}

#[derive(Serialize)]
struct LimitsView {
    requests_per_minute: u32,
    events_per_second: u32,
}

impl From<ListTenantsResponse> for TenantList {
    fn from(list: ListTenantsResponse) -> Self {
        Self {
            tenants: list.tenants.into_iter().map(TenantView::from).collect(),
        }
    }
}

impl From<Tenant> for TenantView {
    fn from(tenant: Tenant) -> Self {
        Self {
            tenant: tenant.id,
            vault: tenant.vault,
            events: EventsView {
                stored: tenant.stored,
                duplicate: tenant.duplicate,
                rejected: tenant.rejected,
            },
            files: tenant.files,
            bytes: tenant.bytes,
            last_seen: tenant.last_seen.map(|time| time.to_string()),
            journal: tenant.journal.unwrap_or_default().into(),
            limits: tenant.limits.map(LimitsView::from),
        }
    }
}

impl From<JournalLag> for JournalView {
    fn from(lag: JournalLag) -> Self {
        Self {
            bytes: lag.bytes,
            waiting: lag.waiting,
            seconds: lag.seconds,
        }
    }
}

impl From<TenantLimits> for LimitsView {
    fn from(limits: TenantLimits) -> Self {
        Self {
            requests_per_minute: limits.requests_per_minute,
            events_per_second: limits.events_per_second,
        }
    }
}
