//! The steward: one round every few seconds, in which a node shows that it is alive, sees who else is, and opens and
//! closes partitions as the map says.
//!
//! Nothing here is needed for correctness. A node that acts on an outdated map opens a partition and fences its owner, which
//! costs time; the database decides who may write.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::Node;
use crate::{
    batch::PartitionId,
    bucket::{Member, ReadMap},
    error::{BucketError, EngineError},
    plan::{NodeId, Owners, plan, unreachable_for_most},
    worker::Partition,
};

impl Node {
    /// One round.
    pub(super) async fn round(&self) -> Result<(), BucketError> {
        self.within("writing a heartbeat", self.0.bucket.beat(&self.0.me))
            .await?;
        let listed = self
            .within(
                "listing heartbeats",
                self.0.bucket.live(self.0.settings.dead_after),
            )
            .await?;
        if !listed.contains_key(&self.0.me.id) {
            // A newer incarnation has this name, or this node was paused: it owns nothing until the map names it again.
            self.adopt(vec![None; usize::from(self.0.settings.partitions)], listed)
                .await;
            return Ok(());
        }
        let reports = self.probe_all(&listed).await;
        let mut live: BTreeSet<NodeId> = listed.keys().cloned().collect();
        for node in unreachable_for_most(&live, &reports) {
            live.remove(&node);
        }
        let read = self
            .within("reading the map", self.0.bucket.map(self.0.settings.partitions))
            .await?;
        let owners = self.change_map(read, &live).await?;
        self.adopt(owners, listed).await;
        self.state().last_beat = Some(Instant::now());
        Ok(())
    }

    /// Gives this node's partitions to the others.
    pub(super) async fn hand_over(&self) -> Result<(), BucketError> {
        self.within("deleting a heartbeat", self.0.bucket.stop_beating(&self.0.me))
            .await?;
        let live = self
            .within(
                "listing heartbeats",
                self.0.bucket.live(self.0.settings.dead_after),
            )
            .await?;
        let live = live.into_keys().filter(|node| *node != self.0.me.id).collect();
        let read = self
            .within("reading the map", self.0.bucket.map(self.0.settings.partitions))
            .await?;
        let wanted = plan(&read.owners, &live);
        // If another node is faster, it has seen that the heartbeat is gone.
        self.within(
            "replacing the map",
            self.0.bucket.replace_map(&read, &wanted, &self.0.me.id),
        )
        .await?;
        Ok(())
    }

    /// Closes all open partitions.
    pub(super) async fn close_all(&self) {
        let open = std::mem::take(&mut self.state().open);
        join_all(open.values().map(Partition::close)).await;
    }

    /// Asks all other nodes whom they reach, and notes who does not respond.
    async fn probe_all(&self, listed: &BTreeMap<NodeId, Member>) -> BTreeMap<NodeId, BTreeSet<NodeId>> {
        let others = listed.values().filter(|member| member.id != self.0.me.id);
        let probes = others.map(|member| async move {
            let response = timeout(self.0.settings.beat / 2, self.0.peers.probe(member)).await;
            (member.id.clone(), response.ok().flatten())
        });
        let (mut reports, mut unreachable) = (BTreeMap::new(), BTreeSet::new());
        for (node, response) in join_all(probes).await {
            match response {
                Some(report) => drop(reports.insert(node, report)),
                None => drop(unreachable.insert(node)),
            }
        }
        self.state().unreachable.clone_from(&unreachable);
        reports.insert(self.0.me.id.clone(), unreachable);
        reports
    }

    /// Replaces the map if it needs a change and it is this node's turn. Returns the owners that now count.
    async fn change_map(&self, read: ReadMap, live: &BTreeSet<NodeId>) -> Result<Owners, BucketError> {
        let wanted = plan(&read.owners, live);
        if wanted == read.owners {
            self.state().pending = None;
            return Ok(wanted);
        }
        let waited = self.state().pending.get_or_insert_with(Instant::now).elapsed();
        let is_first = live.first() == Some(&self.0.me.id);
        if !is_first && waited < self.0.settings.change_after {
            return Ok(read.owners);
        }
        let replaced = self
            .within(
                "replacing the map",
                self.0.bucket.replace_map(&read, &wanted, &self.0.me.id),
            )
            .await?;
        if !replaced {
            return Ok(read.owners);
        }
        self.state().pending = None;
        tracing::info!(node = %self.0.me.id, "the map was changed");
        Ok(wanted)
    }

    /// Opens and closes partitions so that they match `owners`.
    async fn adopt(&self, owners: Owners, live: BTreeMap<NodeId, Member>) {
        let (closing, opening) = {
            let mut state = self.state();
            (state.owners, state.live) = (owners, live);
            state.open.retain(|_, partition| partition.error().is_none());
            let mine: BTreeSet<_> = self.mine(&state.owners).collect();
            let lost: Vec<_> = state
                .open
                .keys()
                .filter(|partition| !mine.contains(partition))
                .copied()
                .collect();
            let closing: Vec<_> = lost
                .iter()
                .filter_map(|partition| state.open.remove(partition))
                .collect();
            let missing = mine
                .iter()
                .filter(|partition| !state.open.contains_key(partition));
            let opening: Vec<_> = missing
                .copied()
                .filter(|partition| !state.opening.contains(partition))
                .collect();
            state.opening.extend(&opening);
            (closing, opening)
        };
        for partition in opening {
            let node = self.clone();
            tokio::spawn(async move { node.open(partition).await });
        }
        join_all(closing.iter().map(Partition::close)).await;
    }

    /// Opens a partition, and keeps it open if the map still names this node.
    async fn open(&self, partition: PartitionId) {
        let opened = timeout(self.0.settings.open_within, self.0.opener.open(partition)).await;
        let opened = opened.unwrap_or_else(|_| Err(EngineError::Store("opening took too long".to_owned())));
        let mut stale = None;
        {
            let mut state = self.state();
            state.opening.remove(&partition);
            match opened {
                Ok(engine) => {
                    let started = Partition::start(engine, self.0.settings.limits);
                    let is_mine = self.mine(&state.owners).any(|mine| mine == partition);
                    match is_mine && !*self.0.stop.borrow() {
                        true => drop(state.open.insert(partition, started)),
                        false => stale = Some(started),
                    }
                }
                Err(error) => {
                    tracing::warn!(node = %self.0.me.id, %partition, %error, "a partition cannot be opened")
                }
            }
        }
        if let Some(stale) = stale {
            stale.close().await;
        }
    }

    fn mine(&self, owners: &Owners) -> impl Iterator<Item = PartitionId> {
        let is_mine = |owner: &Option<NodeId>| owner.as_ref() == Some(&self.0.me.id);
        let positions: Vec<_> = owners
            .iter()
            .enumerate()
            .filter(|(_, owner)| is_mine(owner))
            .collect();
        let numbers: Vec<_> = positions
            .into_iter()
            .filter_map(|(position, _)| u16::try_from(position).ok())
            .collect();
        numbers.into_iter().map(PartitionId)
    }

    /// A request to the store that takes too long counts as failed.
    async fn within<T>(
        &self,
        what: &str,
        request: impl Future<Output = Result<T, BucketError>>,
    ) -> Result<T, BucketError> {
        let limit = self.0.settings.store_within;
        timeout(limit, request).await.unwrap_or_else(|_| {
            let source = object_store::Error::Generic {
                store: "cluster",
                source: format!("no response in {limit:?}").into(),
            };
            Err(BucketError::Store {
                what: what.to_owned(),
                source,
            })
        })
    }
}
