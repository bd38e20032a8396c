//! The objects that all nodes share: the cluster's description, heartbeats and the map.

mod join;
mod map;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::TryStreamExt as _;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, path::Path};

pub use self::{join::ClusterInfo, map::ReadMap};
use crate::{error::BucketError, plan::NodeId};

/// Heartbeats that are older than this many times the limit are deleted.
const FORGOTTEN_AFTER: u32 = 60;

/// The cluster's part of a bucket.
#[derive(Clone, Debug)]
pub struct Bucket {
    store: Arc<dyn ObjectStore>,
    root: Path,
}

/// A node that has written a heartbeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The node.
    pub id: NodeId,
    /// Where other nodes reach it: `host:port`.
    pub address: String,
}

impl Bucket {
    /// Uses the objects below `root`.
    #[must_use]
    pub fn new(store: Arc<dyn ObjectStore>, root: Path) -> Self {
        Self { store, root }
    }

    /// Writes this node's heartbeat.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn beat(&self, member: &Member) -> Result<(), BucketError> {
        let written = self.store.put(&self.heartbeat(member), "".into()).await;
        written
            .map(|_| ())
            .map_err(|source| failure("writing a heartbeat", source))
    }

    /// Deletes this node's heartbeat: others count it as dead at once.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn stop_beating(&self, member: &Member) -> Result<(), BucketError> {
        match self.store.delete(&self.heartbeat(member)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(source) => Err(failure("deleting a heartbeat", source)),
        }
    }

    /// The nodes whose heartbeats are at most `dead_after` older than the newest one; of each name the newest incarnation.
    /// Only the store's clock is used. Deletes heartbeats that are very old.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn live(&self, dead_after: Duration) -> Result<BTreeMap<NodeId, Member>, BucketError> {
        let prefix = self.root.clone().join("nodes");
        let listed = self
            .store
            .list(Some(&prefix))
            .try_collect::<Vec<ObjectMeta>>()
            .await;
        let listed = listed.map_err(|source| failure("listing heartbeats", source))?;
        let newest = listed.iter().map(|meta| meta.last_modified).max();
        let mut by_name: BTreeMap<String, Member> = BTreeMap::new();
        for meta in listed {
            let age = newest
                .map(|newest| newest - meta.last_modified)
                .and_then(|age| age.to_std().ok());
            let age = age.unwrap_or_default();
            if age > dead_after * FORGOTTEN_AFTER {
                // Another node may have deleted it, and the next listing shows it again otherwise.
                let _ = self.store.delete(&meta.location).await;
            }
            let Some(member) = parse_heartbeat(&meta.location).filter(|_| age <= dead_after) else {
                continue;
            };
            let newer = by_name
                .get(&member.id.name)
                .is_some_and(|other| other.id > member.id);
            if !newer {
                by_name.insert(member.id.name.clone(), member);
            }
        }
        Ok(by_name
            .into_values()
            .map(|member| (member.id.clone(), member))
            .collect())
    }

    fn heartbeat(&self, member: &Member) -> Path {
        self.root
            .clone()
            .join("nodes")
            .join(format!("{}@{}", member.id, member.address))
    }
}

fn parse_heartbeat(location: &Path) -> Option<Member> {
    let mut parts = location.filename()?.splitn(3, '@');
    let id = format!("{}@{}", parts.next()?, parts.next()?).parse().ok()?;
    let address = parts.next()?.to_owned();
    Some(Member { id, address })
}

fn failure(what: &str, source: object_store::Error) -> BucketError {
    BucketError::Store {
        what: what.to_owned(),
        source,
    }
}
