//! The lifecycle of the service: starting, serving, draining; and the sink for batches once it is open.

use std::{sync::OnceLock, time::Duration};

use openclone_vault::{State, Vault, WriterStats};
use tokio::sync::watch;

use super::sink::Sink;
use crate::error::{IngestError, RejectReason};

/// The phase of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Serving,
    Draining,
}

/// The phase of the service, and the vault once it is open.
#[derive(Debug)]
pub struct Lifecycle {
    phase: watch::Sender<Phase>,
    sink: OnceLock<Sink>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Starting),
            sink: OnceLock::new(),
        }
    }
}

impl Lifecycle {
    /// The vault is open: accepts batches from now on.
    pub fn opened(&self, vault: Vault) {
        // called once, at the start
        let _ = self.sink.set(Sink::Home(vault));
        self.phase.send_if_modified(|phase| {
            let starting = *phase == Phase::Starting;
            if starting {
                *phase = Phase::Serving;
            }
            starting
        });
    }

    /// Accepts no more batches; those in flight are finished.
    pub fn drain(&self) {
        self.phase.send_replace(Phase::Draining);
    }

    /// Returns when the service starts to drain.
    pub async fn draining(&self) {
        let mut phase = self.phase.subscribe();
        // the sender lives as long as self
        let _ = phase.wait_for(|phase| *phase == Phase::Draining).await;
    }

    /// Where batches are stored, if it accepts them or may do so again without a restart.
    ///
    /// # Errors
    /// [`IngestError::Unavailable`] while starting, draining, or poisoned.
    pub(crate) fn sink(&self) -> Result<&Sink, IngestError> {
        let phase = *self.phase.borrow();
        match (phase, self.sink.get()) {
            (Phase::Serving, Some(sink)) => Ok(sink),
            (Phase::Draining, _) => Err(unavailable(
                RejectReason::Draining,
                "The service is shutting down",
            )),
            _ => Err(unavailable(RejectReason::Starting, "The service is starting")),
        }
    }

    /// Whether the service would accept a batch now.
    ///
    /// # Errors
    /// The reason why not.
    pub fn ready(&self) -> Result<(), IngestError> {
        match self.sink()?.state() {
            State::Ready => Ok(()),
            State::Degraded { reason } => Err(IngestError::Storage { reason }),
            State::Poisoned { reason } => Err(unavailable(
                RejectReason::Poisoned,
                &format!("The vault accepts no batches until a restart: {reason}"),
            )),
        }
    }

    /// The writer's statistics, once the vault is open.
    pub fn writer_stats(&self) -> Option<WriterStats> {
        self.sink.get().map(Sink::writer_stats)
    }

    /// Checkpoints since the vault was opened.
    pub(crate) fn checkpoints(&self) -> u64 {
        self.sink.get().map_or(0, Sink::checkpoints)
    }

    /// Where batches are stored, whatever the phase, to close it.
    pub(crate) fn opened_sink(&self) -> Option<&Sink> {
        self.sink.get()
    }
}

fn unavailable(reason: RejectReason, message: &str) -> IngestError {
    IngestError::Unavailable {
        reason,
        message: message.to_owned(),
        retry_after: Duration::from_secs(2),
    }
}
