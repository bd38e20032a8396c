//! Processes one batch: rate limit, validate, authorise, admission control, ids, redact, render, append.
//!
//! No step depends on a later one. The writer completes every batch it accepts, whether or not the caller still waits; the
//! events are counted when it replies.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use openclone_client::{
    v1::{Batch, IngestResult},
    validate,
};
use openclone_vault::{AppendError, Receipt, SourceType};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::{Instrument as _, debug_span};

use super::{
    admission::{Admission, OnOverload},
    prepare::{Prepared, Preparer, text_bytes},
};
use crate::{
    auth::{KeyRing, Principal},
    error::{IngestError, RejectReason},
    limit::RateLimitStatus,
    observe::{
        metrics::{Incoming, Metrics},
        tenants::Tenants,
    },
    registry::Registry,
    runtime::{
        clock::{Clock, system_time},
        lifecycle::Lifecycle,
        offload::Offload,
        sink::Sink,
    },
};

/// The steps that every batch passes, and the state they share.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) preparer: Preparer,
    pub(crate) admission: Admission,
    pub(crate) offload: Offload,
    pub(crate) metrics: Metrics,
    pub(crate) clock: Clock,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) tenants: Arc<Tenants>,
}

/// A rendered batch, and its permission to be stored.
struct ReadyBatch<'s> {
    prepared: Prepared,
    /// Processor time that preparing it took.
    cost: Duration,
    permit: OwnedSemaphorePermit,
    sink: &'s Sink,
}

/// A batch that the writer has accepted.
#[derive(Debug)]
pub struct Pending {
    reply: oneshot::Receiver<Result<Receipt, AppendError>>,
    files: Vec<String>,
    redacted: u32,
    cost: Duration,
}

impl Pipeline {
    /// Processes the batch of a unary request, which counts against the rate limit of the key. Both outcomes carry the
    /// status of that limit.
    ///
    /// # Errors
    /// The reason for which no event of the batch is acknowledged.
    pub async fn ingest(
        &self,
        principal: &Principal,
        batch: &Batch,
    ) -> (Option<RateLimitStatus>, Result<IngestResult, IngestError>) {
        let mut rate_limit = match principal.limits.take() {
            Ok(rate_limit) => rate_limit,
            Err(exceeded) => {
                let error = IngestError::from(exceeded);
                self.record_rejection(principal, batch, &error);
                return (None, Err(error));
            }
        };
        let outcome = match self.submit(principal, batch, OnOverload::Fail).await {
            Ok(pending) => {
                rate_limit = principal.limits.charge(pending.cost).or(rate_limit);
                pending.wait().await
            }
            Err(error) => Err(error),
        };
        (rate_limit, outcome)
    }

    /// Counts the events of a batch that is rejected unprocessed because of `error`.
    pub(crate) fn record_rejection(&self, principal: &Principal, batch: &Batch, error: &IngestError) {
        self.metrics
            .incoming(batch.events.len())
            .rejected(error.reject_reason());
        self.tenants.of(&principal.tenant).rejected(batch.events.len());
    }

    /// Processes a batch up to the writer, without waiting for its reply.
    ///
    /// # Errors
    /// The reason for which no event of the batch is acknowledged.
    pub async fn submit(
        &self,
        principal: &Principal,
        batch: &Batch,
        on_overload: OnOverload,
    ) -> Result<Pending, IngestError> {
        let incoming = self.metrics.incoming(batch.events.len());
        if on_overload == OnOverload::Wait {
            principal
                .limits
                .pace(u32::try_from(batch.events.len()).unwrap_or(u32::MAX))
                .await;
        }
        let span = debug_span!(
            "batch",
            key = &*principal.id,
            tenant = &*principal.tenant,
            plugin = batch.plugin_id,
            events = batch.events.len(),
        );
        match self
            .validate_and_render(principal, batch, on_overload)
            .instrument(span)
            .await
        {
            Ok(ready) => Ok(self.append(principal, batch, ready, incoming)),
            Err(error) => {
                incoming.rejected(error.reject_reason());
                self.tenants.of(&principal.tenant).rejected(batch.events.len());
                self.registry.rejected(&principal.tenant, &batch.plugin_id);
                Err(error)
            }
        }
    }

    async fn validate_and_render(
        &self,
        principal: &Principal,
        batch: &Batch,
        on_overload: OnOverload,
    ) -> Result<ReadyBatch<'_>, IngestError> {
        let received = self.clock.now();
        let violations = validate(batch, system_time(received));
        if !violations.is_empty() {
            return Err(IngestError::Invalid { violations });
        }
        let source_type =
            SourceType::from_number(batch.source_type).ok_or_else(|| IngestError::missing("source_type"))?;
        let (sink, permit) = self
            .authorize_and_admit(principal, batch, source_type, on_overload)
            .await?;
        let prepare = || {
            self.preparer
                .prepare(&principal.tenant, source_type, batch, received)
        };
        let (prepared, cost) = self.offload.run(text_bytes(batch), prepare).await;
        let prepared = prepared?;
        self.metrics.redacted(prepared.redacted);
        Ok(ReadyBatch {
            prepared,
            cost,
            permit,
            sink,
        })
    }

    async fn authorize_and_admit(
        &self,
        principal: &Principal,
        batch: &Batch,
        source_type: SourceType,
        on_overload: OnOverload,
    ) -> Result<(&Sink, OwnedSemaphorePermit), IngestError> {
        principal.may_ingest(source_type, &batch.plugin_id, Timestamp::now)?;
        if !self.registry.admit(batch)? {
            self.metrics.unregistered();
        }
        let sink = self.lifecycle.sink()?;
        let permit = self.admission.acquire(batch, on_overload).await?;
        Ok((sink, permit))
    }

    fn append(
        &self,
        principal: &Principal,
        batch: &Batch,
        ready: ReadyBatch<'_>,
        incoming: Incoming,
    ) -> Pending {
        let ReadyBatch {
            prepared,
            cost,
            permit,
            sink,
        } = ready;
        let stats = self.tenants.of(&principal.tenant);
        let (sender, reply) = oneshot::channel();
        let activity = self.registry.activity(&principal.tenant, batch);
        let bytes = prepared.batch.files.iter().map(|file| file.bytes.len()).sum();
        let handed = stats.handed(batch.events.len(), bytes);
        let lifecycle = Arc::clone(&self.lifecycle);
        sink.append(prepared.batch, move |outcome| {
            handed.replied(outcome.as_ref().copied().map_err(|_| ()), lifecycle.checkpoints());
            match &outcome {
                Ok(receipt) => {
                    activity.stored(*receipt);
                    incoming.done(*receipt);
                }
                Err(error) => incoming.rejected(IngestError::from(error.clone()).reject_reason()),
            }
            drop(permit);
            // the caller may have stopped waiting
            let _ = sender.send(outcome);
        });
        Pending {
            reply,
            files: prepared.files,
            redacted: prepared.redacted,
            cost,
        }
    }
}

impl Pending {
    /// Waits until the batch is durable.
    ///
    /// # Errors
    /// The reason for which no event of the batch is acknowledged.
    pub async fn wait(self) -> Result<IngestResult, IngestError> {
        let receipt = self.reply.await.map_err(|_| stopped())??;
        Ok(IngestResult {
            stored: receipt.stored,
            skipped: receipt.skipped,
            file: self.files.first().cloned().unwrap_or_default(),
            files: self.files,
            redacted: self.redacted,
        })
    }
}

/// The writer stopped without a reply.
fn stopped() -> IngestError {
    IngestError::Unavailable {
        reason: RejectReason::Draining,
        message: "The vault was closed before the batch was stored".into(),
        retry_after: Duration::from_secs(2),
    }
}
