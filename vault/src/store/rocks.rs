//! The ids in RocksDB, which holds nothing else: 16 bytes each, with empty values.
//!
//! Each set of ids comes in as a sorted file that is ingested whole. So ids pass neither a memtable nor RocksDB's own log,
//! which stays empty: every id is in a sorted file with checksums, and every file is in the manifest.
//!
//! Nobody else gets at the database as long as the store lives, even while it is closed; see `hold`. New files are read ahead;
//! see `readahead`.

mod hold;
mod readahead;

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError, RwLock, RwLockReadGuard},
};

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ColumnFamily, ColumnFamilyDescriptor, DB,
    DBCompactionStyle, DBCompressionType, IngestExternalFileOptions, LogLevel, Options, ReadOptions,
    SstFileWriter, UniversalCompactOptions,
};

use self::hold::{Hold, check_same, identity};
use super::{IdStore, StoreError};
use crate::event_id::EventId;

const IDS: &str = "ids";
/// RocksDB holds back all writes from so many sorted files on that are not merged yet. A rebuilding
/// leaves one for each million ids, and nobody should wait until they are merged: behind the filter they are seldom asked.
const SLOWED_FROM: i32 = 512;
/// Of all these files so many stay open between reads, so that connections and daily files find descriptors left.
const SORTED_FILES_OPEN: i32 = 256;
const MIB: usize = 1 << 20;

/// A RocksDB database.
pub struct RocksStore {
    path: PathBuf,
    cache: Cache,
    db: RwLock<Option<DB>>,
    identity: Vec<u8>,
    /// Held by whoever writes a sorted file: all of them have one name at first.
    ingesting: Mutex<()>,
    /// Behind the database, which is closed first.
    _hold: Hold,
}

impl RocksStore {
    /// Opens or makes the database directory.
    ///
    /// # Errors
    /// `ResourceBusy` when another process holds it; `InvalidData` when it is damaged.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // RocksDB would let everyone look in.
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let hold = Hold::take(path)?;
        let cache = Cache::new_lru_cache(8 * MIB);
        let db = open(path, &cache, &database_options())?;
        Ok(Self {
            path: path.to_owned(),
            cache,
            identity: identity(&db)?,
            db: RwLock::new(Some(db)),
            ingesting: Mutex::new(()),
            _hold: hold,
        })
    }

    fn read(&self) -> RwLockReadGuard<'_, Option<DB>> {
        self.db.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, act: impl FnOnce(&DB) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match self.read().as_ref() {
            Some(db) => act(db),
            None => Err(StoreError::new(
                io::ErrorKind::NotConnected,
                "the database is closed",
            )),
        }
    }

    fn ingest(&self, db: &DB, ids: &[EventId]) -> Result<(), StoreError> {
        let _ingesting = self.ingesting.lock().unwrap_or_else(PoisonError::into_inner);
        let file = self.path.join("checkpointing.sst");
        // One that a killed process has left may be another name of a file of the database: it must not be written over.
        remove(&file)?;
        let options = id_options(&self.cache);
        let mut writer = SstFileWriter::create(&options);
        writer.open(&file)?;
        for id in ids {
            writer.put(id.0, b"")?;
        }
        writer.finish()?;
        readahead::begin(&file);
        let mut ingest = IngestExternalFileOptions::default();
        ingest.set_move_files(true);
        db.ingest_external_file_cf_opts(family(db, IDS)?, &ingest, vec![&file])?;
        // Moving leaves the first name behind on some file systems; the database has its own.
        remove(&file)
    }
}

impl IdStore for RocksStore {
    fn persist_ids(&self, ids: &[EventId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.with(|db| self.ingest(db, ids))
    }

    fn contains(&self, id: &EventId) -> Result<bool, StoreError> {
        self.with(|db| Ok(db.get_pinned_cf(family(db, IDS)?, id.0)?.is_some()))
    }

    fn visit_ids(&self, visit: &mut dyn FnMut(EventId) -> bool) -> Result<(), StoreError> {
        self.with(|db| {
            let mut options = ReadOptions::default();
            options.fill_cache(false);
            options.set_readahead_size(2 * MIB);
            let mut cursor = db.raw_iterator_cf_opt(family(db, IDS)?, options);
            cursor.seek_to_first();
            while let Some(id) = cursor.key() {
                let Ok(id) = id.try_into() else { break };
                if !visit(EventId(id)) {
                    return Ok(());
                }
                cursor.next();
            }
            Ok(cursor.status()?)
        })
    }

    fn estimated_ids(&self) -> u64 {
        let count =
            self.with(|db| Ok(db.property_int_value_cf(family(db, IDS)?, "rocksdb.estimate-num-keys")?));
        count.ok().flatten().unwrap_or(0)
    }

    fn reopen(&self) -> Result<(), StoreError> {
        let mut slot = self.db.write().unwrap_or_else(PoisonError::into_inner);
        *slot = None;
        let mut options = database_options();
        // One that has been removed would come back empty, and every event be new to it.
        options.create_if_missing(false);
        let db = open(&self.path, &self.cache, &options)?;
        check_same(&db, &self.identity)?;
        *slot = Some(db);
        Ok(())
    }
}

impl std::fmt::Debug for RocksStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl From<rocksdb::Error> for StoreError {
    fn from(error: rocksdb::Error) -> Self {
        let message = error.to_string();
        // Also when a sync failed: the ids are in the log until a later attempt has put them into a new file.
        Self::new(kind_of(&message, error.kind()), message)
    }
}

/// RocksDB hands on what the system said as text only.
fn kind_of(message: &str, kind: rocksdb::ErrorKind) -> io::ErrorKind {
    let says = |text| message.contains(text);
    if says("No space left") || says("Disk quota exceeded") {
        io::ErrorKind::StorageFull
    } else if says("lock") && (says("LOCK") || says("temporarily unavailable")) {
        io::ErrorKind::ResourceBusy
    } else if says("Read-only file system") {
        io::ErrorKind::ReadOnlyFilesystem
    } else if says("Permission denied") {
        io::ErrorKind::PermissionDenied
    } else if kind == rocksdb::ErrorKind::Corruption {
        io::ErrorKind::InvalidData
    } else {
        io::ErrorKind::Other
    }
}

fn remove(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::from(error)),
        _ => Ok(()),
    }
}

fn open(path: &Path, cache: &Cache, options: &Options) -> Result<DB, StoreError> {
    check_complete(path)?;
    let families = [
        ColumnFamilyDescriptor::new("default", Options::default()),
        ColumnFamilyDescriptor::new(IDS, id_options(cache)),
    ];
    Ok(DB::open_cf_descriptors(options, path, families)?)
}

/// Without `CURRENT` RocksDB would take the directory for a new one and begin from nothing. That is right only for one
/// whose making was cut off: it has its first manifest at most, and neither a log nor sorted files.
fn check_complete(path: &Path) -> Result<(), StoreError> {
    let Ok(mut entries) = fs::read_dir(path) else {
        return Ok(());
    };
    let of_a_database = |name: &str| {
        let later_manifest = name.starts_with("MANIFEST-") && name != "MANIFEST-000001";
        later_manifest || name.ends_with(".sst") || name.ends_with(".log")
    };
    let used =
        entries.any(|entry| entry.is_ok_and(|entry| of_a_database(&entry.file_name().to_string_lossy())));
    if used && !path.join("CURRENT").exists() {
        return Err(StoreError::new(
            io::ErrorKind::InvalidData,
            "the file CURRENT is missing",
        ));
    }
    Ok(())
}

fn database_options() -> Options {
    let mut options = Options::default();
    options.create_if_missing(true);
    options.create_missing_column_families(true);
    options.set_max_background_jobs(2);
    options.set_max_open_files(SORTED_FILES_OPEN);
    options.set_keep_log_file_num(2);
    options.set_log_level(LogLevel::Warn);
    options.set_stats_dump_period_sec(0);
    options.set_stats_persist_period_sec(0);
    options.set_bytes_per_sync(MIB as u64);
    options
}

/// Ids are random: they neither compress nor sort themselves, so merging many runs at once is what keeps rewriting low.
///
/// A look at an id at rest needs a piece of a filter and one of an index from each run. Whole, they would be larger than
/// the cache, and be read anew for each id (350 us with a million ids); so they come in pieces of 4 KiB.
fn id_options(cache: &Cache) -> Options {
    let mut blocks = BlockBasedOptions::default();
    blocks.set_block_cache(cache);
    blocks.set_cache_index_and_filter_blocks(true);
    blocks.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    blocks.set_partition_filters(true);
    blocks.set_pin_top_level_index_and_filter(true);
    blocks.set_bloom_filter(10.0, false);
    blocks.set_optimize_filters_for_memory(true);
    blocks.set_format_version(6);
    let mut universal = UniversalCompactOptions::default();
    universal.set_min_merge_width(16);
    universal.set_max_size_amplification_percent(400);
    let mut options = Options::default();
    options.set_block_based_table_factory(&blocks);
    options.set_compaction_style(DBCompactionStyle::Universal);
    options.set_universal_compaction_options(&universal);
    options.set_level_zero_file_num_compaction_trigger(16);
    options.set_level_zero_slowdown_writes_trigger(SLOWED_FROM);
    options.set_level_zero_stop_writes_trigger(2 * SLOWED_FROM);
    options.set_compression_type(DBCompressionType::None);
    options.set_write_buffer_size(4 * MIB);
    options
}

fn family<'a>(db: &'a DB, name: &str) -> Result<&'a ColumnFamily, StoreError> {
    db.cf_handle(name).ok_or_else(|| {
        let message = format!("the database has no column family {name:?}");
        StoreError::new(io::ErrorKind::InvalidData, message)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
