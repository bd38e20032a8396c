//! How much may be in flight in front of the vault's writer, measured in encoded bytes of all callers together.

use std::{sync::Arc, time::Duration};

use prost::Message as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::error::{IngestError, Reason};

/// One permit stands for this many bytes.
const UNIT: usize = 256;

/// How a batch came, which decides what happens when there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As a request of its own: waits briefly, then fails.
    Unary,
    /// On a stream: waits, and the stream with it.
    Stream,
}

/// The room in front of the writer. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    room: Arc<Semaphore>,
    units: u32,
    wait: Duration,
}

impl Admission {
    pub(crate) fn new(bytes: u32, wait: Duration) -> Self {
        let units = (bytes as usize / UNIT).max(1) as u32;
        Self {
            room: Arc::new(Semaphore::new(units as usize)),
            units,
            wait,
        }
    }

    /// Room for `batch`, until the permit is dropped.
    pub(crate) async fn enter(
        &self,
        batch: &openclone_client::v1::Batch,
        way: Way,
    ) -> Result<OwnedSemaphorePermit, IngestError> {
        let units = (batch.encoded_len() / UNIT + 1).min(self.units as usize) as u32;
        if let Ok(permit) = Arc::clone(&self.room).try_acquire_many_owned(units) {
            return Ok(permit);
        }
        let entering = Arc::clone(&self.room).acquire_many_owned(units);
        let entered = match way {
            Way::Stream => entering.await.ok(),
            Way::Unary => timeout(self.wait, entering).await.ok().and_then(Result::ok),
        };
        entered.ok_or_else(|| IngestError::Unavailable {
            reason: Reason::Overloaded,
            message: "More is coming in than the disk takes".into(),
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
    async fn a_request_fails_when_full_and_a_stream_waits() {
        let admission = Admission::new(512, Duration::from_millis(5));
        let batch = Batch {
            plugin_id: "x".repeat(10_000),
            ..Batch::default()
        };
        let permit = admission.enter(&batch, Way::Unary).await.unwrap();
        let refused = admission.enter(&batch, Way::Unary).await.unwrap_err();
        assert_eq!(refused.reason(), "OVERLOADED");
        let waiting = tokio::spawn({
            let (admission, batch) = (admission.clone(), batch.clone());
            async move { admission.enter(&batch, Way::Stream).await.is_ok() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(permit);
        assert!(waiting.await.unwrap());
    }
}
