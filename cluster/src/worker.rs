//! The worker of a partition: stores each event of the partition's tenants exactly once.
//!
//! 1. Takes the batches that wait, up to [`Limits::group_bytes`]: a *group*.
//! 2. Looks up every id. An id that is known, or that an earlier entry of the group has, is skipped.
//! 3. Writes ids, entries and totals of the group in one write of the [engine](crate::engine).
//! 4. Acknowledges the batches when the newest write is durable. A batch with skipped ids only waits as well, because what
//!    the look-up saw may be in memory only.
//!
//! The next group is built while earlier ones wait for the store. If the database fails or is fenced, all who wait get an
//! error, and the worker ends; nothing is undone. A resent batch finds what has become durable.

mod group;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    task::JoinSet,
};

use crate::{
    batch::{Batch, Receipt},
    engine::Engine,
    error::{AppendError, EngineError},
};

/// Bounds of a partition.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a group, and of one batch.
    pub group_bytes: usize,
    /// Bytes of all batches that are not acknowledged yet.
    pub waiting_bytes: usize,
    /// How long closing may take before what is not durable is given up.
    pub close_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            group_bytes: 4 << 20,
            waiting_bytes: 64 << 20,
            close_within: Duration::from_secs(3),
        }
    }
}

/// Bytes of one permit of the semaphore that bounds waiting batches.
const UNIT: usize = 1024;

type Reply = oneshot::Sender<Result<Receipt, AppendError>>;

/// A batch that waits.
#[derive(Debug)]
struct Request {
    batch: Batch,
    reply: Reply,
    _memory: OwnedSemaphorePermit,
}

/// An open partition of this node. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Partition {
    queue: mpsc::UnboundedSender<Request>,
    memory: Arc<Semaphore>,
    limits: Limits,
    stop: Arc<watch::Sender<bool>>,
    ended: watch::Receiver<Option<EngineError>>,
}

impl Partition {
    /// Starts the worker of an open database.
    #[must_use]
    pub fn start(engine: Arc<dyn Engine>, limits: Limits) -> Self {
        let (queue, requests) = mpsc::unbounded_channel();
        let (stop, stopped) = watch::channel(false);
        let (end, ended) = watch::channel(None);
        tokio::spawn(async move {
            let error = Worker::new(engine, limits).run(requests, stopped).await;
            end.send_replace(Some(error));
        });
        Self {
            queue,
            memory: Arc::new(Semaphore::new(limits.waiting_bytes / UNIT)),
            limits,
            stop: Arc::new(stop),
            ended,
        }
    }

    /// Stores a batch. Returns when all of its events are durable.
    ///
    /// # Errors
    /// When it is not certain that they are.
    pub async fn append(&self, batch: Batch) -> Result<Receipt, AppendError> {
        batch.check()?;
        let bytes = batch.size();
        if bytes > self.limits.group_bytes {
            return Err(AppendError::TooLarge {
                bytes,
                limit: self.limits.group_bytes,
            });
        }
        let units = u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX);
        let memory = Arc::clone(&self.memory).try_acquire_many_owned(units);
        let memory = memory.map_err(|_| AppendError::Overloaded)?;
        let (reply, response) = oneshot::channel();
        let request = Request {
            batch,
            reply,
            _memory: memory,
        };
        self.queue.send(request).map_err(|_| AppendError::NotOwner)?;
        response.await.unwrap_or(Err(AppendError::NotOwner))
    }

    /// Why the worker has ended, if it has.
    #[must_use]
    pub fn error(&self) -> Option<EngineError> {
        self.ended.borrow().clone()
    }

    /// Accepts nothing more, makes durable what has been accepted, and closes the database.
    pub async fn close(&self) {
        self.stop.send_replace(true);
        let mut ended = self.ended.clone();
        // An error means that the worker is gone, so it has ended as well.
        let _ = ended.wait_for(Option::is_some).await;
    }
}

/// The state of the worker's task.
struct Worker {
    engine: Arc<dyn Engine>,
    limits: Limits,
    /// Groups that wait for the store.
    replies: JoinSet<()>,
}

impl Worker {
    fn new(engine: Arc<dyn Engine>, limits: Limits) -> Self {
        Self {
            engine,
            limits,
            replies: JoinSet::new(),
        }
    }

    /// Works until the database fails or closing is requested.
    async fn run(
        mut self,
        mut requests: mpsc::UnboundedReceiver<Request>,
        mut stopped: watch::Receiver<bool>,
    ) -> EngineError {
        let engine = Arc::clone(&self.engine);
        let error = tokio::select! {
            biased;
            error = engine.closed() => error,
            error = self.serve(&mut requests, &mut stopped) => error,
        };
        requests.close();
        while let Ok(request) = requests.try_recv() {
            // The sender may have given up.
            let _ = request.reply.send(Err(AppendError::NotOwner));
        }
        let wait = async {
            if self.engine.close().await.is_ok() {
                while self.replies.join_next().await.is_some() {}
            }
        };
        if tokio::time::timeout(self.limits.close_within, wait)
            .await
            .is_err()
        {
            tracing::warn!(
                "closing a partition took too long; batches without a response must be sent again"
            );
        }
        error
    }

    /// Handles groups until one fails, or closing is requested.
    async fn serve(
        &mut self,
        requests: &mut mpsc::UnboundedReceiver<Request>,
        stopped: &mut watch::Receiver<bool>,
    ) -> EngineError {
        let mut carried = None;
        loop {
            let first = match carried.take() {
                Some(request) => request,
                None => tokio::select! {
                    biased;
                    _ = stopped.wait_for(|stopped| *stopped) => return EngineError::Closed,
                    request = requests.recv() => match request {
                        Some(request) => request,
                        None => return EngineError::Closed,
                    },
                },
            };
            let (group, next) = self.take_group(first, requests);
            carried = next;
            if let Err(error) = self.store(group).await {
                if let Some(request) = carried {
                    let _ = request.reply.send(Err(error.clone().into()));
                }
                return error;
            }
            while self.replies.try_join_next().is_some() {}
        }
    }

    /// The batches that wait, up to the limit, and the one that did not fit.
    fn take_group(
        &self,
        first: Request,
        requests: &mut mpsc::UnboundedReceiver<Request>,
    ) -> (Vec<Request>, Option<Request>) {
        let mut bytes = first.batch.size();
        let mut group = vec![first];
        while let Ok(request) = requests.try_recv() {
            bytes += request.batch.size();
            if bytes > self.limits.group_bytes {
                return (group, Some(request));
            }
            group.push(request);
        }
        (group, None)
    }

    /// Writes a group and lets a task acknowledge it.
    async fn store(&mut self, group: Vec<Request>) -> Result<(), EngineError> {
        let batches = group.iter().map(|request| &request.batch);
        let (rows, receipts) = match group::build(&*self.engine, batches).await {
            Ok(built) => built,
            Err(error) => return Err(fail(group, error)),
        };
        let durable = match rows.is_empty() {
            // What the look-up saw may be in memory only.
            true => self.engine.newest(),
            false => match self.engine.write(rows).await {
                Ok(durable) => durable,
                Err(error) => return Err(fail(group, error)),
            },
        };
        self.replies.spawn(async move {
            let durable = durable.await;
            for (request, receipt) in group.into_iter().zip(receipts) {
                // The sender may have given up.
                let _ = request
                    .reply
                    .send(durable.clone().map(|()| receipt).map_err(AppendError::from));
            }
        });
        Ok(())
    }
}

fn fail(group: Vec<Request>, error: EngineError) -> EngineError {
    for request in group {
        let _ = request.reply.send(Err(error.clone().into()));
    }
    error
}
