//! A simulated cluster: nodes, their processes and connections, and clients.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use openclone_cluster::{
    batch::{PartitionId, TenantNumber},
    bucket::{Bucket, Member},
    engine::{Engine, OpenEngine as _},
    error::EngineError,
    node::{Node, NodeSettings},
    plan::NodeId,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::time::{Instant, sleep, timeout};

use crate::sim::{
    history::{self, History, Violation},
    network::{Network, SimPeers},
    process::Process,
    seeds::Report,
    store::{Disk, Faults, SimStore},
    wrong::{Variant, WrongOpener},
};

pub(crate) const PARTITIONS: u16 = 8;
const TENANTS: u64 = 12;
/// A few requests fail, but most get through: nodes have to make progress.
const FAULTS: Faults = Faults {
    before: 1,
    after: 1,
    twice: 1,
    usual: (3, 80),
    late: 3,
};

struct Running {
    id: NodeId,
    node: Node,
    process: Process,
    cut: Vec<Arc<AtomicBool>>,
}

pub(crate) struct World {
    pub(crate) history: Arc<History>,
    disk: Arc<Disk>,
    network: Arc<Network>,
    running: BTreeMap<String, Running>,
    variant: Variant,
    skew: i64,
    random: StdRng,
    started: u64,
    faults: Faults,
}

pub(crate) fn partition_of(tenant: TenantNumber) -> PartitionId {
    PartitionId::of_tenant(&format!("tenant-{}", tenant.0), PARTITIONS)
}

impl World {
    pub(crate) fn new(seed: u64, variant: Variant, skew: i64) -> Self {
        Self {
            history: Arc::default(),
            disk: Disk::new(),
            network: Network::new(seed),
            running: BTreeMap::new(),
            variant,
            skew,
            random: StdRng::seed_from_u64(seed ^ 0x5eed),
            started: 0,
            faults: FAULTS,
        }
    }

    /// A cluster whose store never takes seconds for a request: to measure how long the protocol takes.
    pub(crate) fn with_prompt_store(seed: u64) -> Self {
        Self {
            faults: Faults { late: 0, ..FAULTS },
            ..Self::new(seed, Variant::Right, 0)
        }
    }

    /// Starts a node under a new name.
    pub(crate) async fn join(&mut self) {
        let name = format!("n{}", self.started);
        if self.running.len() < 6 {
            self.start(name).await;
        }
    }

    async fn start(&mut self, name: String) {
        self.started += 1;
        let process = Process::start();
        let store = |faults| SimStore::new(&self.disk, &process, faults, self.started);
        let (engines, shared) = (store(self.faults), store(self.faults));
        let cut = vec![Arc::clone(&engines.cut), Arc::clone(&shared.cut)];
        let skew = self.random.random_range(-self.skew..=self.skew);
        let opener = WrongOpener::new(engines, self.variant, skew, self.started);
        let id = NodeId::new(&name, self.started).unwrap();
        let me = Member {
            id: id.clone(),
            address: format!("{name}:8443"),
        };
        let peers = SimPeers {
            me: id.clone(),
            process: process.clone(),
            network: Arc::clone(&self.network),
        };
        let settings = NodeSettings {
            partitions: PARTITIONS,
            ..NodeSettings::default()
        };
        let bucket = Bucket::new(Arc::new(shared), "cluster".into());
        let node = Node::new(me, settings, bucket, Arc::new(opener), Arc::new(peers));
        self.network.add(id.clone(), node.clone(), process.clone());
        let runs = node.clone();
        tokio::spawn(async move { runs.run().await });
        self.running.insert(
            name,
            Running {
                id,
                node,
                process,
                cut,
            },
        );
    }

    fn pick(&self, random: &mut StdRng) -> Option<String> {
        let names: Vec<_> = self.running.keys().collect();
        (!names.is_empty()).then(|| names[random.random_range(0..names.len())].clone())
    }

    /// One of the nodes, but not the last one.
    fn pick_spare(&self, random: &mut StdRng) -> Option<String> {
        self.pick(random).filter(|_| self.running.len() > 1)
    }

    pub(crate) fn kill(&mut self, random: &mut StdRng) {
        if let Some(name) = self.pick_spare(random) {
            self.running.remove(&name).unwrap().process.kill();
        }
    }

    /// Kills a node and starts it again under its name.
    pub(crate) async fn restart(&mut self, random: &mut StdRng) {
        if let Some(name) = self.pick(random) {
            self.running.remove(&name).unwrap().process.kill();
            self.start(name).await;
        }
    }

    pub(crate) fn freeze(&self, random: &mut StdRng) {
        if let Some(name) = self.pick_spare(random) {
            let process = self.running[&name].process.clone();
            process.freeze();
            let pause = Duration::from_millis(random.random_range(500..25_000));
            tokio::spawn(async move {
                sleep(pause).await;
                process.wake();
            });
        }
    }

    /// Lets a node shut down in order.
    pub(crate) fn leave(&mut self, random: &mut StdRng) {
        if let Some(name) = self.pick_spare(random) {
            let (left, network) = (self.running.remove(&name).unwrap(), Arc::clone(&self.network));
            tokio::spawn(async move {
                let _ = left.node.leave().await;
                network.remove(&left.id);
                left.process.kill();
            });
        }
    }

    pub(crate) fn cut_from_store(&self, random: &mut StdRng) {
        if let Some(name) = self.pick(random) {
            self.running[&name]
                .cut
                .iter()
                .for_each(|cut| cut.store(true, Ordering::SeqCst));
        }
    }

    pub(crate) fn cut_one_way(&self, random: &mut StdRng) {
        if let (Some(from), Some(to)) = (self.pick(random), self.pick(random)) {
            self.network.cut(&from, &to);
        }
    }

    /// Cuts the nodes into two halves that cannot talk to each other.
    pub(crate) fn split(&self, random: &mut StdRng) {
        let (left, right): (Vec<_>, Vec<_>) = self.running.keys().partition(|_| random.random());
        for (a, b) in left.iter().flat_map(|a| right.iter().map(move |b| (a, b))) {
            self.network.cut(a, b);
            self.network.cut(b, a);
        }
    }

    pub(crate) async fn delete_map(&self) {
        self.disk.delete("cluster/map").await;
    }

    /// Ends all faults.
    pub(crate) fn heal(&self) {
        self.network.heal();
        for running in self.running.values() {
            running.process.wake();
            running
                .cut
                .iter()
                .for_each(|cut| cut.store(false, Ordering::SeqCst));
        }
    }

    pub(crate) fn nodes(&self) -> Vec<Node> {
        self.running
            .values()
            .map(|running| running.node.clone())
            .collect()
    }

    /// Starts clients that send recent events, many of which others send as well, and resend what was not acknowledged.
    pub(crate) fn start_clients(&mut self, start: Instant, length: Duration) {
        for client in 0..6 {
            let (network, history) = (Arc::clone(&self.network), Arc::clone(&self.history));
            let mut random = StdRng::seed_from_u64(self.random.random());
            tokio::spawn(async move {
                while start.elapsed() < length {
                    let tenant = TenantNumber(random.random_range(0..TENANTS));
                    let newest = u64::try_from(start.elapsed().as_millis()).unwrap() / 100;
                    let numbers: BTreeSet<u64> = (0..4)
                        .map(|_| newest.saturating_sub(random.random_range(0..40)))
                        .collect();
                    let name = format!("{client}.{}", start.elapsed().as_millis());
                    for attempt in 0..3 {
                        let sent = send(
                            &network,
                            &history,
                            &mut random,
                            tenant,
                            &numbers,
                            &format!("{name}.{attempt}"),
                        )
                        .await;
                        if sent {
                            break;
                        }
                    }
                    sleep(Duration::from_millis(random.random_range(10..200))).await;
                }
            });
        }
    }

    /// Waits until every node accepts batches for every partition. Fails if that takes longer than `limit`.
    pub(crate) async fn recover(&self, limit: Duration) -> Result<(), String> {
        let start = Instant::now();
        for number in 0.. {
            let mut missing = Vec::new();
            for (name, running) in &self.running {
                for tenant in (0..TENANTS).map(TenantNumber) {
                    let attempt = format!("probe.{name}.{number}");
                    let batch = history::batch(tenant, &BTreeSet::from([1_000_000 + number]), &attempt);
                    match running.node.submit(partition_of(tenant), batch.clone()).await {
                        Ok(receipt) => self.history.record(&batch, &receipt, &attempt),
                        Err(error) => missing.push(format!("{name}, {tenant:?}: {error}")),
                    }
                    if start.elapsed() > limit {
                        return Err(format!("no recovery after {:?}: {missing:?}", start.elapsed()));
                    }
                }
            }
            if missing.is_empty() && self.is_balanced() {
                return Ok(());
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// How long it takes until each tenant's batches are acknowledged.
    pub(crate) async fn longest_gap(&self) -> Duration {
        let (start, node) = (Instant::now(), self.nodes().remove(0));
        let tenants = (0..TENANTS).map(TenantNumber).map(|tenant| {
            let node = &node;
            async move {
                let batch = history::batch(tenant, &BTreeSet::from([2_000_000]), "gap");
                while node.submit(partition_of(tenant), batch.clone()).await.is_err() {}
            }
        });
        join_all(tenants).await;
        start.elapsed()
    }

    /// Whether each partition is open at exactly one node, and the loads differ by at most one.
    fn is_balanced(&self) -> bool {
        let open: Vec<_> = self
            .running
            .values()
            .map(|running| running.node.open_partitions())
            .collect();
        let all: BTreeSet<_> = open.iter().flatten().collect();
        let loads = || open.iter().map(Vec::len);
        let spread = loads().max().unwrap_or(0) - loads().min().unwrap_or(0);
        all.len() == usize::from(PARTITIONS) && loads().sum::<usize>() == all.len() && spread <= 1
    }

    /// Ends all processes and compares rows with responses.
    pub(crate) async fn report(self) -> Report {
        self.running.values().for_each(|running| running.process.kill());
        let (violations, stopped) = match self.check().await {
            Ok(violations) => (violations, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        Report {
            violations,
            stopped,
            acknowledged: self.history.len(),
            owners: usize::try_from(self.started).unwrap(),
            failure: None,
        }
    }

    async fn check(&self) -> Result<Vec<Violation>, EngineError> {
        let store = SimStore::new(&self.disk, &Process::start(), Faults::NONE, 1);
        let opener = WrongOpener::new(store, Variant::Right, 10_000, 1);
        let mut engines: Vec<Arc<dyn Engine>> = Vec::new();
        for partition in 0..PARTITIONS {
            engines.push(opener.open(PartitionId(partition)).await?);
        }
        self.history.check(&engines).await
    }
}

/// Sends a batch to a random node. Returns whether it was acknowledged.
async fn send(
    network: &Network,
    history: &History,
    random: &mut StdRng,
    tenant: TenantNumber,
    numbers: &BTreeSet<u64>,
    attempt: &str,
) -> bool {
    let Some((node, process)) = network.pick(random) else {
        return false;
    };
    let batch = history::batch(tenant, numbers, attempt);
    let request = async {
        process.gate().await;
        let receipt = node.submit(partition_of(tenant), batch.clone()).await;
        process.gate().await;
        receipt
    };
    match timeout(Duration::from_secs(12), request).await {
        Ok(Ok(receipt)) => {
            history.record(&batch, &receipt, attempt);
            true
        }
        _ => false,
    }
}
