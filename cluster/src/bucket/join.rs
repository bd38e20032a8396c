//! Joining: the cluster's description, and the test of the store's conditional writes.

use futures_util::{StreamExt as _, stream};
use object_store::{Error, ObjectStoreExt as _, PutMode, PutOptions, UpdateVersion, path::Path};

use super::{Bucket, failure};
use crate::error::BucketError;

const FORMAT: &str = "openclone-cluster/1";
/// Writers that race for one object.
const WRITERS: usize = 16;

/// The description of a cluster. It never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterInfo {
    /// A random text that no other cluster has.
    pub id: String,
    /// The number of partitions.
    pub partitions: u16,
}

impl Bucket {
    /// Reads the cluster's description, or makes the cluster.
    ///
    /// # Errors
    /// When the store fails, or the bucket holds something else than a cluster with this number of partitions.
    pub async fn join(&self, configured: u16, new_id: &str) -> Result<ClusterInfo, BucketError> {
        if !(8..=256).contains(&configured) {
            return Err(BucketError::PartitionCount(configured));
        }
        let path = self.root.clone().join("cluster.json");
        let body =
            serde_json::json!({ "format": FORMAT, "id": new_id, "partitions": configured }).to_string();
        match self
            .store
            .put_opts(&path, body.into(), PutMode::Create.into())
            .await
        {
            Ok(_) | Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => (),
            Err(source) => return Err(failure("making cluster.json", source)),
        }
        let found = self
            .store
            .get(&path)
            .await
            .map_err(|source| failure("reading cluster.json", source))?;
        let bytes = found
            .bytes()
            .await
            .map_err(|source| failure("reading cluster.json", source))?;
        let info = parse(&bytes).map_err(|reason| BucketError::Unreadable {
            object: path.to_string(),
            reason,
        })?;
        match info.partitions == configured {
            true => Ok(info),
            false => Err(BucketError::Partitions {
                found: info.partitions,
                configured,
            }),
        }
    }

    /// Lets several writers race to create an object and to replace it, `rounds` times.
    ///
    /// # Errors
    /// When more than one writer is told that it has won, or the store has no conditional writes. A race in which requests
    /// fail, so that nobody is known to have won, proves nothing and is no error.
    pub async fn test_conditional_writes(&self, nonce: &str, rounds: u32) -> Result<(), BucketError> {
        for round in 0..rounds {
            let path = self.root.clone().join("race").join(format!("{nonce}-{round}"));
            let tested = self.race(&path).await;
            // The object has no further use; if it stays, it does no harm.
            let _ = self.store.delete(&path).await;
            tested?;
        }
        Ok(())
    }

    async fn race(&self, path: &Path) -> Result<(), BucketError> {
        self.start_writers(path, "create", &PutMode::Create).await?;
        let Ok(meta) = self.store.head(path).await else {
            return Ok(());
        };
        let version = UpdateVersion {
            e_tag: meta.e_tag,
            version: meta.version,
        };
        self.start_writers(path, "update", &PutMode::Update(version))
            .await
    }

    async fn start_writers(
        &self,
        path: &Path,
        race: &'static str,
        mode: &PutMode,
    ) -> Result<(), BucketError> {
        let write = |writer: usize| {
            let body = format!("{race} {writer}");
            let options = PutOptions::from(mode.clone());
            async move { self.store.put_opts(path, body.into(), options).await }
        };
        let results: Vec<_> = stream::iter(0..WRITERS)
            .map(write)
            .buffer_unordered(WRITERS)
            .collect()
            .await;
        let unsupported =
            |error: &Error| matches!(error, Error::NotImplemented { .. } | Error::NotSupported { .. });
        if let Some(error) = results
            .iter()
            .filter_map(|result| result.as_ref().err())
            .find(|error| unsupported(error))
        {
            return Err(BucketError::NoConditionalWrites {
                race,
                reason: error.to_string(),
            });
        }
        match results.iter().filter(|result| result.is_ok()).count() {
            0 | 1 => Ok(()),
            winners => Err(BucketError::Race {
                race,
                winners,
                writers: WRITERS,
            }),
        }
    }
}

fn parse(bytes: &[u8]) -> Result<ClusterInfo, String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if value["format"] != FORMAT {
        return Err(format!("its format is {}, not {FORMAT}", value["format"]));
    }
    let partitions = value["partitions"]
        .as_u64()
        .and_then(|number| u16::try_from(number).ok());
    match (value["id"].as_str(), partitions) {
        (Some(id), Some(partitions)) => Ok(ClusterInfo {
            id: id.to_owned(),
            partitions,
        }),
        _ => Err("id or partitions are missing".to_owned()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use object_store::{ObjectStore, memory::InMemory};

    use super::*;

    #[tokio::test]
    async fn the_first_node_makes_the_cluster_and_others_join_it() {
        let store = Arc::new(InMemory::new());
        let bucket = Bucket::new(Arc::clone(&store) as Arc<dyn ObjectStore>, "c".into());
        let made = bucket.join(16, "first").await.unwrap();
        assert_eq!(
            made,
            ClusterInfo {
                id: "first".to_owned(),
                partitions: 16
            }
        );
        assert_eq!(bucket.join(16, "second").await.unwrap(), made);
        assert!(matches!(
            bucket.join(32, "x").await,
            Err(BucketError::Partitions {
                found: 16,
                configured: 32
            })
        ));
        assert!(matches!(
            bucket.join(7, "x").await,
            Err(BucketError::PartitionCount(7))
        ));
        store.put(&"c/cluster.json".into(), "{}".into()).await.unwrap();
        assert!(matches!(
            bucket.join(16, "x").await,
            Err(BucketError::Unreadable { .. })
        ));
    }

    #[tokio::test]
    async fn a_store_with_conditional_writes_passes_the_race() {
        let bucket = Bucket::new(Arc::new(InMemory::new()), "c".into());
        bucket.test_conditional_writes("n", 3).await.unwrap();
    }
}
