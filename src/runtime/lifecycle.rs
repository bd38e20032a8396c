//! The lifecycle of the service: starting, serving, draining; and the vault once it is open.

use std::{sync::OnceLock, time::Duration};

use openclone_vault::{State, Vault, WriterStats};
use tokio::sync::watch;

use crate::error::{IngestError, Reason};

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
    vault: OnceLock<Vault>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Starting),
            vault: OnceLock::new(),
        }
    }
}

impl Lifecycle {
    /// The vault is open: accepts batches from now on.
    pub fn opened(&self, vault: Vault) {
        // called once, at the start
        let _ = self.vault.set(vault);
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

    /// The vault, if it accepts batches or may do so again without a restart.
    ///
    /// # Errors
    /// [`IngestError::Unavailable`] while starting, draining, or poisoned.
    pub fn vault(&self) -> Result<&Vault, IngestError> {
        let phase = *self.phase.borrow();
        match (phase, self.vault.get()) {
            (Phase::Serving, Some(vault)) => Ok(vault),
            (Phase::Draining, _) => Err(unavailable(Reason::Draining, "The service is shutting down")),
            _ => Err(unavailable(Reason::Starting, "The service is starting")),
        }
    }

    /// Whether the service would accept a batch now.
    ///
    /// # Errors
    /// The reason why not.
    pub fn ready(&self) -> Result<(), IngestError> {
        match self.vault()?.state() {
            State::Ready => Ok(()),
            State::Degraded { reason } => Err(IngestError::Storage { reason }),
            State::Poisoned { reason } => Err(unavailable(
                Reason::Poisoned,
                &format!("The vault accepts no batches until a restart: {reason}"),
            )),
        }
    }

    /// The writer's statistics, once the vault is open.
    pub fn writer_stats(&self) -> Option<WriterStats> {
        self.vault.get().map(Vault::stats)
    }

    /// Checkpoints since the vault was opened.
    pub(crate) fn checkpoints(&self) -> u64 {
        self.vault.get().map_or(0, Vault::checkpoints)
    }

    /// The vault, whatever the phase, to close it.
    pub(crate) fn opened_vault(&self) -> Option<&Vault> {
        self.vault.get()
    }
}

fn unavailable(reason: Reason, message: &str) -> IngestError {
    IngestError::Unavailable {
        reason,
        message: message.to_owned(),
        retry_after: Duration::from_secs(2),
    }
}
