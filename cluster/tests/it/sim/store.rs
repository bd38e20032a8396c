//! An object store in memory, and each process's faulty connection to it.

use std::{
    collections::HashMap,
    fmt,
    ops::Range,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, SubsecRound as _, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
    memory::InMemory, path::Path,
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::time::sleep;

use super::{clock::SimClock, process::Process};

/// The content of the store, with modification times in virtual time.
#[derive(Debug)]
pub(crate) struct Disk {
    pub(crate) clock: SimClock,
    memory: InMemory,
    modified: Mutex<HashMap<Path, DateTime<Utc>>>,
}

impl Disk {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            clock: SimClock::start(),
            memory: InMemory::new(),
            modified: Mutex::default(),
        })
    }

    pub(crate) async fn delete(&self, path: &str) {
        // It may not exist.
        let _ = self.memory.delete(&path.into()).await;
    }

    async fn put(&self, path: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let result = self.memory.put_opts(path, payload, options).await?;
        self.touch(path);
        Ok(result)
    }

    /// Records the time of a change, in whole seconds, as S3 does.
    fn touch(&self, path: &Path) {
        let now = self.clock.now().trunc_subsecs(0);
        self.modified.lock().unwrap().insert(path.clone(), now);
    }

    fn dated(&self, mut meta: ObjectMeta) -> ObjectMeta {
        if let Some(time) = self.modified.lock().unwrap().get(&meta.location) {
            meta.last_modified = *time;
        }
        meta
    }
}

/// How a connection fails.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    /// Requests in 100 that fail before they have an effect.
    pub(crate) before: u32,
    /// Requests in 100 that fail after their effect.
    pub(crate) after: u32,
    /// Writes in 100 that the network delivers twice.
    pub(crate) twice: u32,
    /// Milliseconds that a request usually takes.
    pub(crate) usual: (u64, u64),
    /// Requests in 1000 that take 2 to 12 seconds.
    pub(crate) late: u32,
}

impl Faults {
    pub(crate) const HARSH: Self = Self {
        before: 2,
        after: 2,
        twice: 2,
        usual: (3, 120),
        late: 5,
    };
    pub(crate) const NONE: Self = Self {
        before: 0,
        after: 0,
        twice: 0,
        usual: (1, 2),
        late: 0,
    };
}

/// One process's connection to the store.
pub(crate) struct SimStore {
    pub(crate) disk: Arc<Disk>,
    pub(crate) process: Process,
    pub(crate) faults: Faults,
    /// While set, no request gets through.
    pub(crate) cut: Arc<AtomicBool>,
    /// Turns creations into overwrites: a store without conditional writes.
    pub(crate) unconditional: bool,
    random: Mutex<StdRng>,
}

impl SimStore {
    pub(crate) fn new(disk: &Arc<Disk>, process: &Process, faults: Faults, seed: u64) -> Self {
        Self {
            disk: Arc::clone(disk),
            process: process.clone(),
            faults,
            cut: Arc::default(),
            unconditional: false,
            random: Mutex::new(StdRng::seed_from_u64(seed)),
        }
    }

    /// The way of a request to the store. Returns whether the response is going to be lost.
    async fn request(&self) -> Result<bool> {
        self.process.gate().await;
        let (delay, dice) = self.draw();
        sleep(delay).await;
        self.process.gate().await;
        if self.cut.load(Ordering::SeqCst) {
            sleep(Duration::from_secs(1)).await;
            return Err(broken());
        }
        match dice < self.faults.before {
            true => Err(broken()),
            false => Ok(dice < self.faults.before + self.faults.after),
        }
    }

    /// The way of a response.
    async fn response(&self, lost: bool) -> Result<()> {
        let (delay, _) = self.draw();
        sleep(delay / 2).await;
        self.process.gate().await;
        match lost || self.cut.load(Ordering::SeqCst) {
            true => Err(broken()),
            false => Ok(()),
        }
    }

    fn draw(&self) -> (Duration, u32) {
        let mut random = self.random.lock().unwrap();
        let late = random.random_ratio(self.faults.late, 1000);
        let milliseconds = match late {
            true => random.random_range(2000..12_000),
            false => random.random_range(self.faults.usual.0..self.faults.usual.1),
        };
        (Duration::from_millis(milliseconds), random.random_range(0..100))
    }

    /// Delivers a write a second time, somewhat later.
    fn maybe_repeat(&self, path: &Path, payload: &PutPayload, options: &PutOptions) {
        let (delay, dice) = self.draw();
        // Without a condition a late duplicate would undo a newer write, which no store promises to prevent; the bucket's
        // heartbeats are all that is written so.
        if dice < self.faults.twice && options.mode != PutMode::Overwrite {
            let (disk, path, payload, options) = (
                Arc::clone(&self.disk),
                path.clone(),
                payload.clone(),
                options.clone(),
            );
            tokio::spawn(async move {
                sleep(delay * 3).await;
                let _ = disk.put(&path, payload, options).await;
            });
        }
    }
}

fn broken() -> Error {
    Error::Generic {
        store: "simulation",
        source: "connection broken".into(),
    }
}

impl fmt::Debug for SimStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SimStore")
    }
}

impl fmt::Display for SimStore {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SimStore")
    }
}

#[async_trait]
impl ObjectStore for SimStore {
    async fn put_opts(&self, path: &Path, payload: PutPayload, mut options: PutOptions) -> Result<PutResult> {
        let lost = self.request().await?;
        if self.unconditional && options.mode == PutMode::Create {
            options.mode = PutMode::Overwrite;
        }
        self.maybe_repeat(path, &payload, &options);
        let result = self.disk.put(path, payload, options).await;
        self.response(lost).await?;
        result
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.request().await?;
        self.disk.touch(path);
        self.disk.memory.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        let lost = self.request().await?;
        let result = self.disk.memory.get_opts(path, options).await;
        self.response(lost).await?;
        result.map(|mut found| {
            found.meta = self.disk.dated(found.meta);
            found
        })
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.request().await?;
        self.disk.memory.get_ranges(path, ranges).await
    }

    fn delete_stream(&self, paths: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        if self.process.is_dead() {
            return stream::pending().boxed();
        }
        self.disk.memory.delete_stream(paths)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if self.process.is_dead() {
            return stream::pending().boxed();
        }
        let (disk, process, prefix) = (Arc::clone(&self.disk), self.process.clone(), prefix.cloned());
        let (delay, dice) = self.draw();
        let fails = dice < self.faults.before + self.faults.after || self.cut.load(Ordering::SeqCst);
        let listed = async move {
            process.gate().await;
            sleep(delay).await;
            process.gate().await;
            match fails {
                true => Err(broken()),
                false => Ok(disk
                    .memory
                    .list(prefix.as_ref())
                    .map_ok(move |meta| disk.dated(meta))),
            }
        };
        stream::once(listed).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.request().await?;
        let mut listed = self.disk.memory.list_with_delimiter(prefix).await?;
        listed.objects = listed
            .objects
            .into_iter()
            .map(|meta| self.disk.dated(meta))
            .collect();
        Ok(listed)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.request().await?;
        self.disk.memory.copy_opts(from, to, options).await
    }
}
