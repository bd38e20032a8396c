//! Admission control: bounds the encoded bytes of all batches between validation and the writer's reply.

use std::{sync::Arc, time::Duration};

use prost::Message as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::{IngestError, RejectReason};

/// Bytes per permit.
const UNIT: usize = 256;

/// What a batch does when the writer is overloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnOverload {
    /// A unary request waits briefly, then fails.
    Fail,
    /// A batch on a stream waits, and so does the stream.
    Wait,
}

/// Bounds the bytes in front of the writer. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    semaphore: Arc<Semaphore>,
    units: u32,
    wait: Duration,
}

impl Admission {
    pub(crate) fn new(bytes: u32, wait: Duration) -> Self {
        let units = (bytes as usize / UNIT).max(1) as u32;
        Self {
            semaphore: Arc::new(Semaphore::new(units as usize)),
            units,
            wait,
        }
    }

    /// Reserves the bytes of `batch` until the permit is dropped.
    pub(crate) async fn acquire(
        &self,
        batch: &openclone_client::v1::Batch,
        on_overload: OnOverload,
    ) -> Result<OwnedSemaphorePermit, IngestError> {
        let units = (batch.encoded_len() / UNIT + 1).min(self.units as usize) as u32;
        if let Ok(permit) = Arc::clone(&self.semaphore).try_acquire_many_owned(units) {
            return Ok(permit);
        }
        let acquiring = Arc::clone(&self.semaphore).acquire_many_owned(units);
        let acquired = match on_overload {
            OnOverload::Wait => acquiring.await.ok(),
            OnOverload::Fail => timeout(self.wait, acquiring).await.ok().and_then(Result::ok),
        };
        acquired.ok_or_else(|| IngestError::Unavailable {
            reason: RejectReason::Overloaded,
            message: "Batches arrive faster than the disk can store them".into(),
            retry_after: Duration::from_secs(1),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use openclone_client::v1::Batch;

    use super::*;

    #[tokio::test]
    async fn overload_fails_a_request_and_delays_a_stream() {
        let admission = Admission::new(512, Duration::from_millis(5));
        let batch = Batch {
            plugin_id: "x".repeat(10_000),
            ..Batch::default()
        };
        let permit = admission.acquire(&batch, OnOverload::Fail).await.unwrap();
        let rejected = admission.acquire(&batch, OnOverload::Fail).await.unwrap_err();
        assert_eq!(rejected.reason(), "OVERLOADED");
        let waiting = tokio::spawn({
            let (admission, batch) = (admission.clone(), batch.clone());
            async move { admission.acquire(&batch, OnOverload::Wait).await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(permit);
        assert!(waiting.await.unwrap());
    }
}
