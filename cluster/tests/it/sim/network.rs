//! The network between nodes: requests are slow, get lost, are delivered twice, and do not pass cuts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use openclone_cluster::{
    batch::{Batch, PartitionId, Receipt},
    bucket::Member,
    node::Node,
    peers::{ForwardError, Peers},
    plan::NodeId,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::time::sleep;

use super::process::Process;

/// All nodes that have started, and who cannot talk to whom.
pub(crate) struct Network {
    nodes: Mutex<BTreeMap<NodeId, (Node, Process)>>,
    /// Names of sender and receiver.
    cuts: Mutex<BTreeSet<(String, String)>>,
    random: Mutex<StdRng>,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self {
            nodes: Mutex::default(),
            cuts: Mutex::default(),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
        })
    }

    pub(crate) fn add(&self, id: NodeId, node: Node, process: Process) {
        self.nodes.lock().unwrap().insert(id, (node, process));
    }

    /// From now on connections to a node are refused.
    pub(crate) fn remove(&self, id: &NodeId) {
        self.nodes.lock().unwrap().remove(id);
    }

    /// From now on requests and responses from `from` to `to` get lost.
    pub(crate) fn cut(&self, from: &str, to: &str) {
        self.cuts.lock().unwrap().insert((from.to_owned(), to.to_owned()));
    }

    pub(crate) fn heal(&self) {
        self.cuts.lock().unwrap().clear();
    }

    /// A node whose process has not ended.
    pub(crate) fn pick(&self, random: &mut StdRng) -> Option<(Node, Process)> {
        let nodes = self.nodes.lock().unwrap();
        let living: Vec<_> = nodes.values().filter(|(_, process)| !process.is_dead()).collect();
        (!living.is_empty()).then(|| living[random.random_range(0..living.len())].clone())
    }

    /// The way of a message. Returns whether it arrives.
    async fn message(&self, from: &NodeId, to: &NodeId) -> bool {
        let (delay, lost) = {
            let mut random = self.random.lock().unwrap();
            (random.random_range(1..30), random.random_ratio(1, 50))
        };
        sleep(Duration::from_millis(delay)).await;
        !lost
            && !self
                .cuts
                .lock()
                .unwrap()
                .contains(&(from.name.clone(), to.name.clone()))
    }
}

/// One node's connections to the others.
pub(crate) struct SimPeers {
    pub(crate) me: NodeId,
    pub(crate) process: Process,
    pub(crate) network: Arc<Network>,
}

impl SimPeers {
    /// Calls another node. `None` if request or response get lost; sometimes the request arrives twice.
    async fn call<T: Send + 'static, F>(&self, to: &Member, request: impl Fn(Node) -> F) -> Option<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        self.process.gate().await;
        if !self.network.message(&self.me, &to.id).await {
            return None;
        }
        let (node, process) = self.network.nodes.lock().unwrap().get(&to.id).cloned()?;
        let deliver = || {
            let (process, served) = (process.clone(), request(node.clone()));
            tokio::spawn(async move {
                process.gate().await;
                let response = served.await;
                process.gate().await;
                response
            })
        };
        if self.network.random.lock().unwrap().random_ratio(1, 30) {
            drop(deliver());
        }
        let response = deliver().await.ok()?;
        let arrives = self.network.message(&to.id, &self.me).await;
        self.process.gate().await;
        arrives.then_some(response)
    }
}

#[async_trait]
impl Peers for SimPeers {
    async fn forward(
        &self,
        to: &Member,
        partition: PartitionId,
        batch: Batch,
    ) -> Result<Receipt, ForwardError> {
        let accept = |node: Node| {
            let batch = batch.clone();
            async move { node.accept(partition, batch).await }
        };
        match self.call(to, accept).await {
            Some(result) => Ok(result?),
            None => Err(ForwardError::Lost("a message was lost".to_owned())),
        }
    }

    async fn probe(&self, to: &Member) -> Option<BTreeSet<NodeId>> {
        self.call(to, |node: Node| async move { node.unreachable() })
            .await
    }
}
