//! The last health report of each plugin and device, per tenant, since the service started.

use std::sync::{Arc, PoisonError, RwLock};

use hashbrown::HashMap;
use jiff::{SignedDuration, Timestamp};
use openclone_client::v1::{self, HealthState, PluginHealth, ReportHealthRequest};
use openclone_core::validate::{Rule, Violation, device_id, plugin_id, plugin_version};

use crate::runtime::convert::timestamp_to_proto;

/// The most reports kept for one tenant; the oldest makes room for a new one.
const MAX_REPORTS: usize = 1024;
/// Bytes of a reason.
const MAX_REASON: usize = 256;
/// The values of `heartbeat_seconds`.
const HEARTBEAT_SECONDS: std::ops::RangeInclusive<u32> = 60..=86_400;

/// The reports of all plugins.
#[derive(Debug, Default)]
pub(super) struct HealthReports {
    tenants: RwLock<HashMap<Arc<str>, Vec<Report>>>,
}

/// The last report of a plugin on a device.
#[derive(Debug)]
struct Report {
    request: ReportHealthRequest,
    received_at: Timestamp,
}

impl HealthReports {
    /// Replaces the report of that plugin and device.
    pub(super) fn record(&self, tenant: &Arc<str>, request: ReportHealthRequest, now: Timestamp) {
        let report = Report {
            request,
            received_at: now,
        };
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        let reports = tenants.entry(Arc::clone(tenant)).or_default();
        reports.retain(|known| !known.is_of(&report.request));
        if reports.len() >= MAX_REPORTS {
            reports.remove(0);
        }
        // in the order in which they came in
        reports.push(report);
    }

    /// The reports of a plugin, ordered by device.
    pub(super) fn of(&self, tenant: &str, plugin_id: &str, now: Timestamp) -> Vec<PluginHealth> {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let reports = tenants.get(tenant).map(Vec::as_slice).unwrap_or_default();
        let mut found: Vec<_> = reports
            .iter()
            .filter(|report| report.request.plugin_id == plugin_id)
            .map(|report| report.to_proto(now))
            .collect();
        found.sort_by(|a, b| a.device_id.cmp(&b.device_id));
        found
    }
}

impl Report {
    fn is_of(&self, request: &ReportHealthRequest) -> bool {
        self.request.plugin_id == request.plugin_id && self.request.device_id == request.device_id
    }

    fn to_proto(&self, now: Timestamp) -> PluginHealth {
        PluginHealth {
            device_id: self.request.device_id.clone(),
            plugin_version: self.request.plugin_version.clone(),
            state: self.request.state,
            reason: self.request.reason.clone(),
            last_capture: self.request.last_capture,
            reported_at: Some(timestamp_to_proto(self.received_at)),
            heartbeat_seconds: self.request.heartbeat_seconds,
            is_silent: self.is_silent(now),
            queued: self.request.queued,
        }
    }

    fn is_silent(&self, now: Timestamp) -> bool {
        let promised = self.request.heartbeat_seconds;
        let allowed = SignedDuration::from_secs(2 * i64::from(promised));
        promised != 0
            && self.request.state() != HealthState::Stopped
            && now.duration_since(self.received_at) > allowed
    }
}

/// The violations of a report, in the order of its fields.
pub(super) fn check(request: &v1::ReportHealthRequest) -> Vec<Violation> {
    let other = |text: &str| Some(Rule::Other(text.to_owned()));
    let is_known = HealthState::try_from(request.state).is_ok_and(|state| state != HealthState::Unspecified);
    let heartbeat = request.heartbeat_seconds;
    [
        ("plugin_id", plugin_id(&request.plugin_id)),
        ("plugin_version", plugin_version(&request.plugin_version)),
        ("device_id", device_id(&request.device_id)),
        (
            "state",
            if is_known {
                None
            } else {
                other("must be a state of a plugin")
            },
        ),
        (
            "reason",
            (request.reason.len() > MAX_REASON).then_some(Rule::TooLong { limit: MAX_REASON }),
        ),
        (
            "heartbeat_seconds",
            if heartbeat == 0 || HEARTBEAT_SECONDS.contains(&heartbeat) {
                None
            } else {
                other("must be 60 to 86400, or 0")
            },
        ),
    ]
    .into_iter()
    .filter_map(|(field, rule)| {
        Some(Violation {
            path: vec![field.into()],
            rule: rule?,
        })
    })
    .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn report(plugin_id: &str, device_id: &str, heartbeat_seconds: u32) -> ReportHealthRequest {
        ReportHealthRequest {
            plugin_id: plugin_id.to_owned(),
            plugin_version: "1.0.0".to_owned(),
            device_id: device_id.to_owned(),
            state: HealthState::Capturing as i32,
            heartbeat_seconds,
            ..ReportHealthRequest::default()
        }
    }

    #[test]
    fn a_plugin_is_silent_after_two_heartbeats_unless_it_stopped() {
        let (reports, tenant) = (HealthReports::default(), Arc::<str>::from("a"));
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let after = |seconds| start + SignedDuration::from_secs(seconds);
        reports.record(&tenant, report("p", "test-b", 60), start);
        reports.record(&tenant, report("p", "test-a", 0), start);
        let silent = |now| -> Vec<bool> {
            reports
                .of("a", "p", now)
                .iter()
                .map(|known| known.is_silent)
                .collect()
        };
        assert_eq!(silent(after(120)), [false, false]);
        assert_eq!(
            silent(after(121)),
            [false, true],
            "ordered by device; 0 promises nothing"
        );
        reports.record(
            &tenant,
            ReportHealthRequest {
                state: HealthState::Stopped as i32,
                ..report("p", "test-b", 60)
            },
            after(121),
        );
        assert_eq!(silent(after(10_000)), [false, false]);
        assert!(reports.of("b", "p", start).is_empty(), "of another tenant");
    }

    #[test]
    fn the_table_is_bounded_and_the_oldest_report_makes_room() {
        let (reports, tenant) = (HealthReports::default(), Arc::<str>::from("a"));
        for number in 0..=MAX_REPORTS {
            reports.record(
                &tenant,
                report("p", &format!("test-{number}"), 60),
                Timestamp::UNIX_EPOCH,
            );
        }
        let kept = reports.of("a", "p", Timestamp::UNIX_EPOCH);
        assert_eq!(kept.len(), MAX_REPORTS);
        assert!(kept.iter().all(|known| known.device_id != "test-0"));
    }

    #[test]
    fn every_field_is_checked() {
        assert!(check(&report("p", "test-a", 60)).is_empty());
        let bad = ReportHealthRequest {
            state: 9,
            reason: "x".repeat(MAX_REASON + 1),
            ..report("P", "x", 59)
        };
        let found: Vec<_> = check(&bad).iter().map(Violation::field_path).collect();
        assert_eq!(
            found,
            ["plugin_id", "device_id", "state", "reason", "heartbeat_seconds"]
        );
    }
}
