//! Reports what the plugin is doing: at each change, and before its heartbeat is due.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::{sync::Notify, time::timeout};
use tonic::{Request, metadata::MetadataValue};

use super::{client::Shared, options::Builder, sender};
use crate::v1::{HealthState, ReportHealthRequest, access_service_client::AccessServiceClient};

/// Bytes of a reason.
const MAX_REASON: usize = 256;
const CALL: Duration = Duration::from_secs(5);
const STOP: Duration = Duration::from_secs(1);
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// What a plugin is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It captures, or waits for something to capture.
    Capturing,
    /// The user has paused it.
    Paused,
    /// It runs but cannot capture; the reason says why.
    Failing,
    /// It ends.
    Stopped,
}

impl From<Health> for HealthState {
    fn from(health: Health) -> Self {
        match health {
            Health::Capturing => Self::Capturing,
            Health::Paused => Self::Paused,
            Health::Failing => Self::Failing,
            Health::Stopped => Self::Stopped,
        }
    }
}

/// What is reported, and what wakes the task that does it.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    report: Mutex<Report>,
    news: Notify,
}

#[derive(Clone, Debug, Default)]
struct Report {
    state: Option<Health>,
    reason: String,
    last_capture: Option<SystemTime>,
}

impl Reporter {
    /// Something was captured now.
    pub(super) fn captured(&self) {
        self.report().last_capture = Some(SystemTime::now());
    }

    /// Reports a state from now on.
    pub(super) fn set(&self, state: Health, reason: String) {
        let mut report = self.report();
        if report.state != Some(state) || report.reason != reason {
            report.state = Some(state);
            report.reason = reason;
            self.news.notify_one();
        }
    }

    /// Says that the plugin has ended, if anything was reported before.
    pub(super) async fn stop(&self, lanes: &[Arc<Shared>]) {
        if self.report().state.is_none() {
            return;
        }
        self.set(Health::Stopped, String::new());
        let _ = timeout(STOP, self.call(lanes)).await;
    }

    /// Reports for as long as it is not aborted.
    pub(super) async fn run(self: Arc<Self>, lanes: Vec<Arc<Shared>>) {
        let Some(heartbeat) = lanes.first().map(|lane| lane.options.heartbeat) else {
            return;
        };
        let mut pause = RETRY.0;
        let mut due: Option<Duration> = None;
        loop {
            let news = self.news.notified();
            match due {
                None => news.await,
                Some(wait) => {
                    // Whether there is news or it is due: it is reported.
                    let _ = timeout(wait, news).await;
                }
            }
            let is_taken = timeout(CALL, self.call(&lanes)).await.unwrap_or(false);
            due = if is_taken {
                pause = RETRY.0;
                (!heartbeat.is_zero()).then_some(heartbeat)
            } else {
                let wait = pause;
                pause = (pause * 2).min(RETRY.1);
                Some(wait)
            };
        }
    }

    async fn call(&self, lanes: &[Arc<Shared>]) -> bool {
        let Some(first) = lanes.first() else { return true };
        let report = self.report().clone();
        let options = &first.options;
        let request = ReportHealthRequest {
            plugin_id: options.plugin_id.clone(),
            plugin_version: options.plugin_version.clone(),
            device_id: first.device_id.clone(),
            state: HealthState::from(report.state.unwrap_or(Health::Capturing)).into(),
            reason: report.reason,
            last_capture: report.last_capture.map(prost_types::Timestamp::from),
            heartbeat_seconds: u32::try_from(options.heartbeat.as_secs()).unwrap_or_default(),
            queued: lanes.iter().map(|lane| lane.spool().queued).sum(),
        };
        match self.send(options, first, request).await {
            Ok(()) => true,
            Err(reason) => {
                options.say(|| format!("the report of its health failed: {reason}"));
                false
            }
        }
    }

    async fn send(
        &self,
        options: &Builder,
        lane: &Shared,
        report: ReportHealthRequest,
    ) -> Result<(), String> {
        let channel = sender::connect(options).await?;
        let key = lane.key.get().map_err(|error| error.to_string())?;
        let mut key = MetadataValue::try_from(key).map_err(|error| error.to_string())?;
        key.set_sensitive(true);
        let mut request = Request::new(report);
        request.metadata_mut().insert("x-api-key", key);
        let sent = AccessServiceClient::new(channel).report_health(request).await;
        sent.map(|_| ()).map_err(|status| status.to_string())
    }

    fn report(&self) -> MutexGuard<'_, Report> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The reason, cut to what the service takes.
pub(super) fn cut(reason: &str) -> String {
    let mut end = reason.len().min(MAX_REASON);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason[..end].to_owned()
}
