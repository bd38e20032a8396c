//! The map: who should own which partition.
//!
//! Text: a first line `openclone-map 1 <version> <writer>`, then a line for each partition: a node or `-`. Version and
//! writer make the content of each map unique, so that its `ETag` is, on stores that derive it from the content.

use object_store::{Error, ObjectStoreExt as _, PutMode, PutOptions, UpdateVersion};

use super::{Bucket, failure};
use crate::{
    error::BucketError,
    plan::{NodeId, Owners},
};

const TITLE: &str = "openclone-map 1";

/// The map as it was read.
#[derive(Clone, Debug)]
pub struct ReadMap {
    /// The owner of each partition.
    pub owners: Owners,
    /// Counts changes.
    version: u64,
    /// What the store needs to know to replace exactly this map; `None` if there is no map.
    update: Option<UpdateVersion>,
}

impl Bucket {
    /// Reads the map. Without one no partition has an owner.
    ///
    /// # Errors
    /// When the store fails or the map cannot be parsed.
    pub async fn map(&self, partitions: u16) -> Result<ReadMap, BucketError> {
        let path = self.root.clone().join("map");
        let found = match self.store.get(&path).await {
            Ok(found) => found,
            Err(Error::NotFound { .. }) => {
                let owners = vec![None; usize::from(partitions)];
                return Ok(ReadMap {
                    owners,
                    version: 0,
                    update: None,
                });
            }
            Err(source) => return Err(failure("reading the map", source)),
        };
        let update = UpdateVersion {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        let bytes = found
            .bytes()
            .await
            .map_err(|source| failure("reading the map", source))?;
        let parsed = std::str::from_utf8(&bytes)
            .ok()
            .and_then(|text| parse(text, usize::from(partitions)));
        let (version, owners) = parsed.ok_or_else(|| BucketError::Unreadable {
            object: path.to_string(),
            reason: format!("it is not a map of {partitions} partitions"),
        })?;
        Ok(ReadMap {
            owners,
            version,
            update: Some(update),
        })
    }

    /// Replaces the map that was read. Returns whether this succeeded; otherwise another node was faster.
    ///
    /// # Errors
    /// When the store fails. The map may have been replaced.
    pub async fn replace_map(
        &self,
        read: &ReadMap,
        owners: &Owners,
        writer: &NodeId,
    ) -> Result<bool, BucketError> {
        let body = format(read.version + 1, writer, owners);
        let mode = read.update.clone().map_or(PutMode::Create, PutMode::Update);
        let path = self.root.clone().join("map");
        match self
            .store
            .put_opts(&path, body.into(), PutOptions::from(mode))
            .await
        {
            Ok(_) => Ok(true),
            // Not found: the map was deleted after it had been read.
            Err(Error::Precondition { .. } | Error::AlreadyExists { .. } | Error::NotFound { .. }) => {
                Ok(false)
            }
            Err(source) => Err(failure("replacing the map", source)),
        }
    }
}

fn format(version: u64, writer: &NodeId, owners: &Owners) -> String {
    let mut text = format!("{TITLE} {version} {writer}\n");
    for owner in owners {
        text += &owner.as_ref().map_or("-".to_owned(), ToString::to_string);
        text.push('\n');
    }
    text
}

fn parse(text: &str, partitions: usize) -> Option<(u64, Owners)> {
    let mut lines = text.lines();
    let rest = lines.next()?.strip_prefix(TITLE)?.strip_prefix(' ')?;
    let version = rest.split(' ').next()?.parse().ok()?;
    let owner = |line: &str| match line {
        "-" => Some(None),
        line => line.parse().ok().map(Some),
    };
    let owners = lines.map(owner).collect::<Option<Owners>>()?;
    (owners.len() == partitions).then_some((version, owners))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;

    use super::*;

    #[test]
    fn maps_survive_formatting() {
        let node = NodeId::new("a", 3).unwrap();
        let owners = vec![Some(node.clone()), None];
        let text = format(9, &node, &owners);
        assert_eq!(parse(&text, 2), Some((9, owners)));
        for bad in [
            text.replace("map 1", "map 2"),
            text.replace("a@3\n-", "a@3"),
            text.replace("a@3\n-", "?\n-"),
        ] {
            assert_eq!(parse(&bad, 2), None, "{bad}");
        }
    }

    #[tokio::test]
    async fn of_two_writers_of_a_map_one_wins() {
        let bucket = Bucket::new(Arc::new(InMemory::new()), "c".into());
        let [a, b] = ["a", "b"].map(|name| NodeId::new(name, 1).unwrap());
        for _ in 0..2 {
            let read = bucket.map(8).await.unwrap();
            assert!(
                bucket
                    .replace_map(&read, &vec![Some(a.clone()); 8], &a)
                    .await
                    .unwrap()
            );
            assert!(
                !bucket
                    .replace_map(&read, &vec![Some(b.clone()); 8], &b)
                    .await
                    .unwrap()
            );
            assert_eq!(bucket.map(8).await.unwrap().owners, vec![Some(a.clone()); 8]);
        }
        assert!(matches!(bucket.map(9).await, Err(BucketError::Unreadable { .. })));
    }
}
