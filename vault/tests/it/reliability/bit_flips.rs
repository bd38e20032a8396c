//! Row 5: a bit flips in the database or the log while the service is down.
//!
//! The log holds groups whose bytes a power loss took from the daily files, so that whatever it forgot would be lost.
//! A start must refuse and name the way out, or lose and double nothing.

use std::{
    collections::BTreeMap,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use openclone_vault::Vault;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    damage::{Durable, Snapshot},
    home::{AT_CLOSE, Home},
    scoreboard::{Against, Row, env_number},
    watched::{LogFiles, Watch},
};

/// Flips in each file of the database in the short form.
const FLIPS: u64 = 4;
/// A wrong writer need not be caught more often.
const ENOUGH: u64 = 3;
/// Enough ids for a sorted file of their own.
const SETTLED: u32 = 1_100;
const WAY_OUT: &str = "openclone reindex";
/// Where the records of a segment begin, and how long the head of one is: checksum, length, sequence.
const FIRST_RECORD: usize = 1024;
const HEAD: usize = 16;

/// What came of flips in files of one kind.
#[derive(Default)]
struct Tried {
    trials: u64,
    refused: u64,
    violations: u64,
}

/// A database with ids in sorted files, and groups that are in its log only.
struct Scene {
    dir: tempfile::TempDir,
    home: Home,
    snapshot: Snapshot,
    durable: Durable,
}

impl Scene {
    fn new(against: Against) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut home = Home::new(dir.path(), against);
        let watch = Arc::new(Watch::new(&home.log()));
        for batches in [0..SETTLED, SETTLED..SETTLED + 8] {
            let vault = home.open_watched(&watch, 1).unwrap();
            batches.for_each(|batch| _ = home.send(&vault, batch).unwrap());
            vault.close().unwrap();
        }
        let durable = Snapshot::take(dir.path(), LogFiles::new()).lengths();
        let vault = home.open_watched(&watch, 1).unwrap();
        for batch in SETTLED + 8..SETTLED + 24 {
            home.send(&vault, batch).unwrap();
        }
        let snapshot = Snapshot::take(dir.path(), watch.durable());
        vault.close().unwrap();
        Self {
            dir,
            home,
            snapshot,
            durable,
        }
    }

    /// True if the start or a batch was refused, false if all went on as if nothing had been.
    fn flip(&mut self, name: &str, position: usize, bit: u8) -> Result<bool, String> {
        self.snapshot.put_back_bare(self.dir.path(), &self.durable);
        let path = self.dir.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        bytes[position] ^= 1 << bit;
        fs::write(&path, bytes).unwrap();
        let vault = match self.home.open(AT_CLOSE) {
            Ok(vault) => vault,
            Err(error) => return named(&error.to_string()),
        };
        let outcome = self.go_on(&vault, name.ends_with(".sst"));
        // The damage may show only now.
        let _ = vault.close();
        outcome
    }

    /// `all`: also what has been at rest for long, which is looked up in sorted files.
    fn go_on(&mut self, vault: &Vault, all: bool) -> Result<bool, String> {
        self.home.check()?;
        let first = if all { 0 } else { SETTLED };
        for batch in self.home.sent.range(first..).copied().collect::<Vec<_>>() {
            match self.home.send(vault, batch) {
                Ok(told) if told.stored > 0 => return Err(format!("batch {batch} was forgotten")),
                Ok(_) => {}
                Err(error) => return named(&error.to_string()),
            }
        }
        self.home.check().map(|()| false)
    }
}

/// A refusal must name the way out.
fn named(rejection: &str) -> Result<bool, String> {
    if rejection.contains(WAY_OUT) {
        Ok(true)
    } else {
        Err(format!("no way out is named: {rejection}"))
    }
}

/// What is flipped in a file: so many positions anywhere, and in a segment each byte of the headers and of each record's head.
fn positions(name: &str, bytes: &[u8], count: u64, rng: &mut StdRng) -> Vec<usize> {
    let mut all: Vec<usize> = (0..count).map(|_| rng.random_range(0..bytes.len())).collect();
    if name.ends_with(".wal") {
        let heads = heads(bytes).into_iter().flat_map(|head| head..head + HEAD);
        let telling: Vec<usize> = (0..64).chain(heads).collect();
        let step = (telling.len() / usize::try_from(count * 4).unwrap()).max(1);
        all.extend(telling.iter().step_by(step));
    }
    all
}

/// Where the records of a segment begin.
fn heads(segment: &[u8]) -> Vec<usize> {
    let (mut heads, mut at) = (Vec::new(), FIRST_RECORD);
    while let Some(head) = segment.get(at..at + HEAD) {
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if length == 0 {
            break;
        }
        heads.push(at);
        at = (at + HEAD + length).next_multiple_of(8);
    }
    heads
}

/// Files that hold something, by what they are; names are below the home.
fn kinds(snapshot: &Snapshot) -> BTreeMap<&'static str, Vec<String>> {
    let mut kinds: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
    for entry in fs::read_dir(snapshot.db()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let kind = match name.as_str() {
            _ if entry.metadata().unwrap().len() == 0 => continue,
            _ if name.ends_with(".sst") => "an SST",
            _ if name.starts_with("MANIFEST") => "the manifest",
            "CURRENT" => "CURRENT",
            _ if name.starts_with("OPTIONS") => "OPTIONS",
            "IDENTITY" => "IDENTITY",
            _ => continue,
        };
        kinds.entry(kind).or_default().push(format!("db/{name}"));
    }
    for name in snapshot.log().keys() {
        let kind = match name.as_str() {
            "checkpoint" => "the checkpoint number",
            "notes" => "the notes",
            _ if name.ends_with(".wal") => "a segment",
            _ => "the markers",
        };
        kinds.entry(kind).or_default().push(format!("wal/{name}"));
    }
    kinds
}

/// The bytes of a file.
fn content(snapshot: &Snapshot, name: &str) -> Vec<u8> {
    match name.strip_prefix("wal/") {
        Some(name) => snapshot.log()[name].clone(),
        None => fs::read(snapshot.db().join(name.trim_start_matches("db/"))).unwrap(),
    }
}

/// Flips bits in files of one kind, of which a wrong writer needs no more than show that it is caught.
fn tries(scene: &Mutex<Scene>, kind: &'static str, names: &[String], rng: &mut StdRng) -> Tried {
    let lock = || scene.lock().unwrap_or_else(PoisonError::into_inner);
    let against = lock().home.against;
    let mut tried = Tried::default();
    for name in names {
        let bytes = content(&lock().snapshot, name);
        let count = if against == Against::Ours { flips() } else { FLIPS };
        for position in positions(name, &bytes, count, rng) {
            let bit = rng.random_range(0..8);
            let run = AssertUnwindSafe(|| lock().flip(name, position, bit));
            tried.trials += 1;
            match catch_unwind(run).unwrap_or_else(|_| Err("it panicked".into())) {
                Ok(was_refused) => tried.refused += u64::from(was_refused),
                Err(violation) => {
                    tried.violations += 1;
                    eprintln!(
                        "{against:?}, {kind} {name}, byte {position} of {}, bit {bit}: {violation}",
                        bytes.len()
                    );
                }
            }
            if against != Against::Ours && tried.violations == ENOUGH {
                return tried;
            }
        }
    }
    tried
}

#[test]
fn a_flipped_bit_in_the_database_or_the_log_is_refused_or_harmless() {
    let mut rows = Vec::new();
    for against in [Against::Ours, Against::IdFirst, Against::BytesFirst] {
        let scene = Mutex::new(Scene::new(against));
        let kinds = kinds(&scene.lock().unwrap().snapshot);
        // The faulty stores write no groups, so their logs have no segments.
        let needed = ["the checkpoint number", "an SST", "the manifest", "CURRENT"];
        let segments = against != Against::Ours || kinds.contains_key("a segment");
        assert!(
            segments && needed.iter().all(|kind| kinds.contains_key(kind)),
            "{kinds:?}"
        );
        let mut rng = StdRng::seed_from_u64(0);
        for (kind, names) in kinds {
            let began = Instant::now();
            let tried = tries(&scene, kind, &names, &mut rng);
            println!(
                "{against:?}, {kind}: {} of {} refused",
                tried.refused, tried.trials
            );
            // A start that is refused judges no writer: it takes nothing, right or wrong.
            if against == Against::Ours || tried.refused < tried.trials {
                rows.push(row(kind, against, &tried, began));
            }
        }
    }
    rows.into_iter().for_each(Row::record);
}

fn flips() -> u64 {
    env_number("OPENCLONE_FLIPS").unwrap_or(FLIPS)
}

fn row(kind: &str, against: Against, tried: &Tried, began: Instant) -> Row {
    let title = match kind {
        "a segment" => "a flipped bit in a segment of the log",
        "the checkpoint number" => "a flipped bit in the checkpoint number",
        "the markers" => "a flipped bit in the applied markers",
        "the notes" => "a flipped bit in the notes of the log",
        "an SST" => "a flipped bit in an SST",
        "the manifest" => "a flipped bit in the manifest",
        "CURRENT" => "a flipped bit in CURRENT",
        "OPTIONS" => "a flipped bit in OPTIONS",
        _ => "a flipped bit in IDENTITY",
    };
    Row {
        issue: 5,
        title,
        tried: "a bit anywhere (in the log also in each header and each record's head) while the log alone holds what was \
                acknowledged: the start refuses and names `openclone reindex`, or nothing is lost or doubled",
        against,
        trials: tried.trials,
        violations: tried.violations,
        seeds: "0".into(),
        command: format!(
            "OPENCLONE_FLIPS={} cargo test --release -p openclone-vault --test it bit_flips::",
            flips()
        ),
        began,
    }
}
