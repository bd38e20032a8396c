//! The way of one batch, top to bottom: limit, validate, may it, room, ids, redaction, Markdown, append.
//!
//! Nothing looks back. A batch that was handed to the writer is completed whether or not its caller waits; its events are
//! counted when the writer answers.

use std::sync::Arc;

use jiff::Timestamp;
use openclone_client::{
    v1::{Batch, IngestResult},
    validate,
};
use openclone_vault::{AppendError, Receipt, SourceType};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tracing::{Instrument as _, debug_span};

use super::{
    admission::{Admission, Way},
    prepare::{self, Prepared, Preparer},
};
use crate::{
    auth::{KeyRing, Principal},
    error::{IngestError, Reason},
    limit::Standing,
    observe::{
        metrics::{Incoming, Meters},
        tenants::Tenants,
    },
    registry::Registry,
    runtime::{
        clock::{Clock, system_time},
        lifecycle::Lifecycle,
    },
};

/// What every batch passes through.
#[derive(Debug)]
pub struct Pipeline {
    pub(crate) lifecycle: Arc<Lifecycle>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) preparer: Preparer,
    pub(crate) admission: Admission,
    pub(crate) meters: Meters,
    pub(crate) clock: Clock,
    pub(crate) keys: Arc<KeyRing>,
    pub(crate) tenants: Arc<Tenants>,
}

/// A batch that was handed to the writer.
#[derive(Debug)]
pub struct Pending {
    reply: oneshot::Receiver<Result<Receipt, AppendError>>,
    files: Vec<String>,
    redacted: u32,
}

impl Pipeline {
    /// One batch of a request of its own, counted against the key's requests. Where the key stands comes with both
    /// outcomes.
    ///
    /// # Errors
    /// Why nothing of the batch is acknowledged.
    pub async fn ingest(
        &self,
        principal: &Principal,
        batch: &Batch,
    ) -> (Option<Standing>, Result<IngestResult, IngestError>) {
        let standing = match principal.limits.take() {
            Ok(standing) => standing,
            Err(error) => {
                self.turn_away(principal, batch, &error);
                return (None, Err(error));
            }
        };
        let outcome = match self.submit(principal, batch, Way::Unary).await {
            Ok(pending) => pending.settle().await,
            Err(error) => Err(error),
        };
        (standing, outcome)
    }

    /// Counts a batch that is not looked at, for `error`.
    pub(crate) fn turn_away(&self, principal: &Principal, batch: &Batch, error: &IngestError) {
        self.meters.incoming(batch.events.len()).refused(error.reason());
        self.tenants.of(&principal.tenant).refused(batch.events.len());
    }

    /// Takes a batch up to the writer, and does not wait for its answer.
    ///
    /// # Errors
    /// Why nothing of the batch is acknowledged.
    pub async fn submit(
        &self,
        principal: &Principal,
        batch: &Batch,
        way: Way,
    ) -> Result<Pending, IngestError> {
        let incoming = self.meters.incoming(batch.events.len());
        if way == Way::Stream {
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
        match self.pass(principal, batch, way).instrument(span).await {
            Ok((prepared, permit)) => self.append(principal, batch, prepared, permit, incoming),
            Err(error) => {
                incoming.refused(error.reason());
                self.tenants.of(&principal.tenant).refused(batch.events.len());
                self.registry.refused(&principal.tenant, &batch.plugin_id);
                Err(error)
            }
        }
    }

    async fn pass(
        &self,
        principal: &Principal,
        batch: &Batch,
        way: Way,
    ) -> Result<(Prepared, OwnedSemaphorePermit), IngestError> {
        let received = self.clock.now();
        let violations = validate(batch, system_time(received));
        if !violations.is_empty() {
            return Err(IngestError::Invalid { violations });
        }
        let source_type =
            prepare::source_type(batch.source_type).ok_or_else(|| IngestError::missing("source_type"))?;
        let permit = self.may_enter(principal, batch, source_type, way).await?;
        let prepared = self
            .preparer
            .prepare(&principal.tenant, source_type, batch, received)?;
        self.meters.redacted(prepared.redacted);
        Ok((prepared, permit))
    }

    async fn may_enter(
        &self,
        principal: &Principal,
        batch: &Batch,
        source_type: SourceType,
        way: Way,
    ) -> Result<OwnedSemaphorePermit, IngestError> {
        principal.may_ingest(source_type, &batch.plugin_id, Timestamp::now)?;
        if !self.registry.admit(batch)? {
            self.meters.unregistered();
        }
        self.lifecycle.vault()?;
        self.admission.enter(batch, way).await
    }

    fn append(
        &self,
        principal: &Principal,
        batch: &Batch,
        prepared: Prepared,
        permit: OwnedSemaphorePermit,
        incoming: Incoming,
    ) -> Result<Pending, IngestError> {
        let figures = self.tenants.of(&principal.tenant);
        let vault = match self.lifecycle.vault() {
            Ok(vault) => vault,
            Err(error) => {
                incoming.refused(error.reason());
                figures.refused(batch.events.len());
                return Err(error);
            }
        };
        let (sender, reply) = oneshot::channel();
        let activity = self.registry.activity(&principal.tenant, batch);
        let bytes = prepared.batch.files.iter().map(|file| file.bytes.len()).sum();
        let handed = figures.handed(batch.events.len(), bytes);
        let lifecycle = Arc::clone(&self.lifecycle);
        vault.append(prepared.batch, move |outcome| {
            handed.answered(outcome.as_ref().copied().map_err(|_| ()), lifecycle.checkpoints());
            match &outcome {
                Ok(receipt) => {
                    activity.answered(*receipt);
                    incoming.done(*receipt);
                }
                Err(error) => incoming.refused(IngestError::from(error.clone()).reason()),
            }
            drop(permit);
            // nobody may be waiting any more
            let _ = sender.send(outcome);
        });
        Ok(Pending {
            reply,
            files: prepared.files,
            redacted: prepared.redacted,
        })
    }
}

impl Pending {
    /// The answer, once the batch is durable.
    ///
    /// # Errors
    /// Why nothing of the batch is acknowledged.
    pub async fn settle(self) -> Result<IngestResult, IngestError> {
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

/// The writer ended without an answer.
fn stopped() -> IngestError {
    IngestError::Unavailable {
        reason: Reason::Draining,
        message: "The vault was closed before it answered".into(),
        retry_after: std::time::Duration::from_secs(2),
    }
}
