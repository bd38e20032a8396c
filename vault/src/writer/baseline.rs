//! What a benchmark compares the writer with: batches are gathered and appended, and that is all. No id is looked up, nothing
//! is journalled, nothing synced. Exists in builds with the feature `ceiling` only, which is not for use with notes.

use std::{collections::HashMap, io};

use super::Writer;
use crate::{
    entry::PreparedFile, error::AppendError, files::FileKey, group::AppendRequest, vaults::OpenRoots,
    writer::Receipt,
};

impl Writer {
    /// Appends the entries of all batches and answers each.
    pub(crate) fn commit_baseline(&mut self, requests: Vec<AppendRequest>) {
        let mut files: HashMap<FileKey, PreparedFile> = HashMap::new();
        let mut answers = Vec::with_capacity(requests.len());
        for AppendRequest { batch, reply } in requests {
            let stored = batch.files.iter().map(|file| file.ids.len()).sum::<usize>();
            for file in batch.files {
                let key = (batch.tenant.clone(), file.path);
                match files.get_mut(&key) {
                    Some(gathered) => gathered.bytes.extend_from_slice(&file.bytes),
                    None => _ = files.insert(key, file),
                }
            }
            answers.push((reply, u32::try_from(stored).unwrap_or(u32::MAX)));
        }
        let failed = self.append_baseline(&files).err();
        for (reply, stored) in answers {
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
                .vaults
                .open_for_writing(&key.0, &mut roots)
                .map_err(io::Error::other)?;
            if self.files.current(&*root, key)?.is_none() {
                self.files.create(&*root, key, &file.header)?;
            }
            if let Some(open) = self.files.current(&*root, key)? {
                open.file.append(&file.bytes)?;
            }
        }
        Ok(())
    }
}
