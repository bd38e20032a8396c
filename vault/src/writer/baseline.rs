//! The baseline of benchmarks: appends batches and does nothing else. No id is looked up, nothing is journalled, nothing is
//! synced. Exists only in builds with the feature `baseline`, which must never be used with notes.

use std::{collections::HashMap, io};

use super::{Receipt, commit::Committer, group::AppendRequest, open_files::FileKey, roots::OpenRoots};
use crate::{entry::PreparedFile, error::AppendError};

impl Committer {
    /// Appends the entries of all batches and replies to each.
    pub(super) fn commit_baseline(&mut self, requests: Vec<AppendRequest>) {
        let mut files: HashMap<FileKey, PreparedFile> = HashMap::new();
        let mut replies = Vec::with_capacity(requests.len());
        for AppendRequest { batch, reply } in requests {
            let stored = batch.files.iter().map(|file| file.ids.len()).sum::<usize>();
            for file in batch.files {
                let key = (batch.tenant.clone(), file.path);
                match files.get_mut(&key) {
                    Some(collected) => collected.bytes.extend_from_slice(&file.bytes),
                    None => _ = files.insert(key, file),
                }
            }
            replies.push((reply, u32::try_from(stored).unwrap_or(u32::MAX)));
        }
        let failed = self.append_baseline(&files).err();
        for (reply, stored) in replies {
            let receipt = Receipt { stored, skipped: 0 };
            reply(failed.as_ref().map_or(Ok(receipt), |error| {
                Err(AppendError::Storage {
                    reason: error.to_string(),
                })
            }));
        }
    }

    fn append_baseline(&mut self, files: &HashMap<FileKey, PreparedFile>) -> io::Result<()> {
        let mut roots = OpenRoots::default();
        for (key, file) in files {
            let root = self
                .files
                .root_for_writing(&key.0, &mut roots)
                .map_err(io::Error::other)?;
            if self.files.current(&*root, key)?.is_none() {
                self.files.open_files().create(&*root, key, &file.header)?;
            }
            if let Some(open) = self.files.current(&*root, key)? {
                open.file.append(&file.bytes)?;
            }
        }
        Ok(())
    }
}
