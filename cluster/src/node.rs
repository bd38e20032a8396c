//! A node: accepts batches for all partitions, and owns some of them.
//!
//! [`Node::submit`] is for the node's own clients, [`Node::accept`] for other nodes. The [steward] opens and closes partitions as
//! the map says.

mod steward;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep, timeout},
};

use crate::{
    batch::{Batch, PartitionId, Receipt},
    bucket::{Bucket, Member},
    engine::OpenEngine,
    error::{AppendError, BucketError, SubmitError},
    peers::{ForwardError, Peers},
    plan::{NodeId, Owners},
    worker::{Limits, Partition},
};

/// Settings of a node.
#[derive(Clone, Copy, Debug)]
pub struct NodeSettings {
    /// The number of partitions of the cluster.
    pub partitions: u16,
    /// How often the node writes its heartbeat and reads the map.
    pub beat: Duration,
    /// A node whose heartbeat is older than this is dead.
    pub dead_after: Duration,
    /// How long the others wait for the node with the lowest name before they change the map.
    pub change_after: Duration,
    /// How long a request to the store may take that the node makes for itself.
    pub store_within: Duration,
    /// How long opening a partition may take.
    pub open_within: Duration,
    /// How long a client waits for its acknowledgement.
    pub answer_within: Duration,
    /// How long the node waits for the response of an owner before it asks again.
    pub forward_within: Duration,
    /// The pause between two attempts to store a batch.
    pub retry: Duration,
    /// Bounds of each partition.
    pub limits: Limits,
}

impl Default for NodeSettings {
    fn default() -> Self {
        Self {
            partitions: 16,
            beat: Duration::from_secs(2),
            dead_after: Duration::from_secs(10),
            change_after: Duration::from_secs(3),
            store_within: Duration::from_secs(5),
            open_within: Duration::from_secs(30),
            answer_within: Duration::from_secs(10),
            forward_within: Duration::from_secs(4),
            retry: Duration::from_millis(150),
            limits: Limits::default(),
        }
    }
}

/// A node of the cluster. Cheap to clone.
#[derive(Clone)]
pub struct Node(Arc<Inner>);

impl std::fmt::Debug for Node {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Node").field(&self.0.me.id).finish()
    }
}

struct Inner {
    me: Member,
    settings: NodeSettings,
    bucket: Bucket,
    opener: Arc<dyn OpenEngine>,
    peers: Arc<dyn Peers>,
    state: Mutex<State>,
    stop: watch::Sender<bool>,
    /// Wakes the steward when a batch found no owner, since the map may have changed.
    hurry: Notify,
}

/// What the node knows. All of it may be outdated.
#[derive(Default)]
struct State {
    owners: Owners,
    live: BTreeMap<NodeId, Member>,
    open: BTreeMap<PartitionId, Partition>,
    opening: BTreeSet<PartitionId>,
    /// The nodes that did not respond in the last round.
    unreachable: BTreeSet<NodeId>,
    /// Since when the map has needed a change.
    pending: Option<Instant>,
    /// When the node last succeeded in talking to the store.
    last_beat: Option<Instant>,
}

impl Node {
    /// Makes a node that has joined the cluster in `bucket`. It owns nothing until [`run`](Self::run).
    #[must_use]
    pub fn new(
        me: Member,
        settings: NodeSettings,
        bucket: Bucket,
        opener: Arc<dyn OpenEngine>,
        peers: Arc<dyn Peers>,
    ) -> Self {
        let (stop, state) = (watch::channel(false).0, Mutex::default());
        Self(Arc::new(Inner {
            me,
            settings,
            bucket,
            opener,
            peers,
            state,
            stop,
            hurry: Notify::new(),
        }))
    }

    /// Writes heartbeats, and opens and closes partitions, until [`leave`](Self::leave).
    pub async fn run(&self) {
        let mut stopped = self.0.stop.subscribe();
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(node = %self.0.me.id, %error, "the cluster's state cannot be updated");
            }
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = self.pause() => (),
            }
        }
    }

    /// Waits for the next round: less long if a batch finds no owner, but long enough not to flood the store.
    async fn pause(&self) {
        let shortest = self.0.settings.beat / 4;
        sleep(shortest).await;
        let rest = self.0.settings.beat - shortest;
        // Running out of time is the usual case.
        let _ = timeout(rest, self.0.hurry.notified()).await;
    }

    /// Closes all partitions and gives them to the other nodes.
    ///
    /// # Errors
    /// When the store fails. The others then notice after [`NodeSettings::dead_after`].
    pub async fn leave(&self) -> Result<(), BucketError> {
        self.0.stop.send_replace(true);
        self.close_all().await;
        self.hand_over().await
    }

    /// Stores a batch of a client, here or at the owner of `partition`.
    ///
    /// # Errors
    /// When no owner acknowledged it in time, or it can never be stored.
    pub async fn submit(&self, partition: PartitionId, batch: Batch) -> Result<Receipt, SubmitError> {
        let (start, waited) = (Instant::now(), self.0.settings.answer_within);
        let mut last = "no attempt was made".to_owned();
        while let Some(left) = waited.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
            match timeout(left, self.attempt(partition, batch.clone())).await {
                Ok(Ok(receipt)) => return Ok(receipt),
                Ok(Err(ForwardError::Append(
                    error @ (AppendError::Malformed(_) | AppendError::TooLarge { .. }),
                ))) => {
                    return Err(SubmitError::Rejected(error));
                }
                Ok(Err(error)) => last = error.to_string(),
                Err(_) => break,
            }
            self.0.hurry.notify_one();
            sleep(self.0.settings.retry).await;
        }
        Err(SubmitError::Unavailable { waited, last })
    }

    /// Stores a batch that another node forwards. It is not forwarded again.
    ///
    /// # Errors
    /// [`AppendError::NotOwner`] when this node has not opened the partition.
    pub async fn accept(&self, partition: PartitionId, batch: Batch) -> Result<Receipt, AppendError> {
        let open = self.state().open.get(&partition).cloned();
        let Some(open) = open else {
            return Err(AppendError::NotOwner);
        };
        open.append(batch).await
    }

    /// The nodes that this node could not reach in its last round: the response to [`Peers::probe`].
    #[must_use]
    pub fn unreachable(&self) -> BTreeSet<NodeId> {
        self.state().unreachable.clone()
    }

    /// The partitions that this node has open.
    #[must_use]
    pub fn open_partitions(&self) -> Vec<PartitionId> {
        self.state().open.keys().copied().collect()
    }

    /// Whether the node has recently talked to the store and every partition has an owner. Otherwise clients should use
    /// another node.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let state = self.state();
        let recent = state
            .last_beat
            .is_some_and(|beat| beat.elapsed() <= self.0.settings.dead_after);
        recent && !state.owners.is_empty() && state.owners.iter().all(Option::is_some)
    }

    async fn attempt(&self, partition: PartitionId, batch: Batch) -> Result<Receipt, ForwardError> {
        match self.accept(partition, batch.clone()).await {
            Err(AppendError::NotOwner) => (),
            result => return result.map_err(ForwardError::from),
        }
        let owner = {
            let state = self.state();
            let owner = state.owners.get(partition.index()).cloned().flatten();
            owner
                .filter(|owner| *owner != self.0.me.id)
                .and_then(|owner| state.live.get(&owner).cloned())
        };
        let Some(owner) = owner else {
            return Err(AppendError::NotOwner.into());
        };
        let forwarded = timeout(
            self.0.settings.forward_within,
            self.0.peers.forward(&owner, partition, batch),
        )
        .await;
        forwarded.unwrap_or_else(|_| Err(ForwardError::Lost("it did not respond in time".to_owned())))
    }

    /// A panic while the lock was held leaves no half-made change: every change is one assignment or one insertion.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
