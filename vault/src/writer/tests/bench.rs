//! What the tests share: a writer on a simulated disk, events to send, and a judge.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use jiff::civil::date;

use crate::{
    entry::{DailyFile, PreparedBatch, PreparedFile},
    error::AppendError,
    event_id::EventId,
    fs::sim::SimDisk,
    store::{LoggedStore, Store},
    testing::faulty_store::{FaultyStore, Order},
    wal::WalOptions,
    writer::group::AppendRequest,
    writer::{CheckpointPolicy, Options, Receipt, State, VaultDirs, Writer, state::Shared},
};
use openclone_test_support::scoreboard::Against;

pub(super) const HEADER: &str = "---\nopenclone: 2\n---\n\n";

/// A machine, the writer that runs on it (unless it has crashed), and what has been said about each event.
pub(super) struct Bench {
    pub(super) disk: SimDisk,
    pub(super) writer: Option<Writer>,
    pub(super) acknowledged: BTreeSet<u32>,
    pub(super) sent: BTreeSet<u32>,
    against: Against,
}

/// What one caller was told.
pub(super) type Told = Result<Receipt, AppendError>;

impl Bench {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, Against::Ours)
    }

    /// With our writer, or a wrong one.
    pub(super) fn with(seed: u64, against: Against) -> Self {
        let disk = SimDisk::new(seed);
        Self {
            disk,
            writer: None,
            acknowledged: BTreeSet::new(),
            sent: BTreeSet::new(),
            against,
        }
    }

    /// Starts the service: false if the machine failed meanwhile.
    pub(super) fn start(&mut self) -> bool {
        let process = self.disk.process();
        let Ok(store) = LoggedStore::simulated(&process, &options().wal) else {
            return false;
        };
        let store: Arc<dyn Store> = match self.against {
            Against::Ours => Arc::new(store),
            Against::IdFirst => Arc::new(FaultyStore::new(store, Order::IdFirst, Duration::ZERO)),
            Against::BytesFirst => Arc::new(FaultyStore::new(store, Order::BytesFirst, Duration::ZERO)),
        };
        let shared = Arc::new(Shared::new(Arc::clone(&store)));
        let mut writer = Writer::new(&options(), Arc::new(process), store, self.disk.boot_id(), shared);
        if writer.replay().is_err() {
            return false;
        }
        let (store, filter) = writer.filling();
        filter.complete();
        let indexed = store.visit_ids(&mut |id| {
            filter.insert(&[id]);
            true
        });
        self.writer = Some(writer);
        indexed.is_ok()
    }

    /// Sends batches as one group; each is a list of events.
    pub(super) fn send(&mut self, batches: &[Vec<u32>]) -> Vec<Told> {
        self.sent.extend(batches.iter().flatten());
        let told = self.commit(batches.iter().map(|events| batch(events)).collect());
        for (events, answer) in batches.iter().zip(&told) {
            if let Ok(receipt) = answer {
                assert_eq!((receipt.stored + receipt.skipped) as usize, events.len());
                self.acknowledged.extend(events);
            }
        }
        told
    }

    /// What each caller is told of a group.
    pub(super) fn commit(&mut self, batches: Vec<PreparedBatch>) -> Vec<Told> {
        let told: Arc<Mutex<BTreeMap<usize, Told>>> = Arc::default();
        let mut requests = Vec::new();
        let count = batches.len();
        for (position, batch) in batches.into_iter().enumerate() {
            let told = Arc::clone(&told);
            let reply = Box::new(move |answer| {
                told.lock().unwrap().insert(position, answer);
            });
            requests.push(AppendRequest { batch, reply });
        }
        self.writer.as_mut().unwrap().commit(requests);
        let told = Arc::into_inner(told).unwrap().into_inner().unwrap();
        assert_eq!(told.len(), count, "every caller is answered once");
        told.into_values().collect()
    }

    pub(super) fn state(&self) -> State {
        self.writer.as_ref().unwrap().state()
    }

    /// Ends the process without any last word.
    pub(super) fn kill(&mut self) {
        self.disk.kill();
        self.writer = None;
    }

    /// Cuts the power.
    pub(super) fn power_loss(&mut self, seed: u64) {
        self.disk.power_loss(seed);
        self.writer = None;
    }

    /// How often each event stands in the vaults, checking that nothing else does.
    pub(super) fn count(&self) -> BTreeMap<u32, usize> {
        let mut counts = BTreeMap::new();
        for place in 0..PLACES {
            let path = path_of(place);
            let Some(bytes) = self.disk.read(&path) else {
                continue;
            };
            let text = String::from_utf8(bytes).unwrap_or_else(|_| panic!("{path} is not UTF-8"));
            let first = text.find('\0');
            assert!(
                first.is_none(),
                "{path} has zeros from {first:?} on, of {}: {:?}",
                text.len(),
                short(&text)
            );
            let items = text
                .strip_prefix(HEADER)
                .unwrap_or_else(|| panic!("{path} has no header: {text:?}"));
            for line in items.split_inclusive('\n') {
                let event = event_of(line).unwrap_or_else(|| panic!("{path} has a foreign line: {line:?}"));
                assert_eq!(place_of(event), place, "event {event} is in another's file");
                *counts.entry(event).or_default() += 1;
            }
        }
        counts
    }

    /// Every acknowledged event is there once, no event is there twice.
    pub(super) fn check(&self, when: &str) {
        let counts = self.count();
        for event in &self.acknowledged {
            assert_eq!(counts.get(event), Some(&1), "{when}: acknowledged event {event}");
        }
        let doubled: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
        assert!(doubled.is_empty(), "{when}: doubled {doubled:?}");
    }

    /// Sends everything again, until it is acknowledged: then each event is there once.
    pub(super) fn resend_all(&mut self) {
        for event in self.sent.clone() {
            let told = self.send(&[vec![event]]);
            assert!(told[0].is_ok(), "event {event}: {told:?}, {:?}", self.state());
        }
        assert_eq!(self.acknowledged, self.sent);
        self.check("after everything was sent again");
    }
}

const PLACES: u32 = 5;

pub(in crate::writer) fn options() -> Options {
    let dirs = VaultDirs {
        default: "/vault".into(),
        tenants: "/tenants".into(),
    };
    let checkpoint = CheckpointPolicy {
        ids: 1_000,
        bytes: 1 << 30,
        age: Duration::from_secs(3600),
    };
    Options {
        db: "/db".into(),
        wal: WalOptions::small("/wal"),
        dirs,
        min_free: 0,
        checkpoint,
        open_files: 16,
    }
}

/// A writer on a new machine.
pub(super) fn started(seed: u64) -> Bench {
    let mut bench = Bench::new(seed);
    assert!(bench.start());
    bench
}

/// Which of the daily files an event goes to.
fn place_of(event: u32) -> u32 {
    // Mostly to one, so that appends follow each other.
    if event.is_multiple_of(3) {
        event % PLACES
    } else {
        0
    }
}

fn daily_file(place: u32) -> (&'static str, DailyFile) {
    let (tenant, folder, day) = match place {
        0 => ("default", "Audio", 1),
        1 => ("default", "Audio", 2),
        2 => ("default", "Web", 1),
        3 => ("other", "Audio", 1),
        _ => ("third", "Notes", 3),
    };
    (
        tenant,
        DailyFile {
            folder,
            date: date(2026, 2, day),
        },
    )
}

pub(super) fn path_of(place: u32) -> String {
    let (tenant, path) = daily_file(place);
    if tenant == "default" {
        format!("/vault/{path}")
    } else {
        format!("/tenants/{tenant}/vault/{path}")
    }
}

pub(super) fn id_of(event: u32) -> EventId {
    EventId(
        blake3::hash(&event.to_le_bytes()).as_bytes()[..16]
            .try_into()
            .unwrap(),
    )
}

/// Some are short, some span pages.
pub(super) fn line_of(event: u32) -> String {
    let length = match event % 7 {
        0 => 5_000,
        1 => 600,
        _ => 40,
    };
    let text: String = (0..length)
        .map(|n| char::from(b'a' + ((event as usize * 31 + n) % 26) as u8))
        .collect();
    format!("- **12:00** {event} {text} ^oc-{}\n", id_of(event))
}

fn event_of(line: &str) -> Option<u32> {
    let event = line
        .strip_prefix("- **12:00** ")?
        .split(' ')
        .next()?
        .parse()
        .ok()?;
    (line == line_of(event)).then_some(event)
}

/// A batch is of one tenant: events of other places are moved to the place of the first.
pub(super) fn batch(events: &[u32]) -> PreparedBatch {
    let tenant = daily_file(place_of(events[0])).0;
    let mut files: Vec<PreparedFile> = Vec::new();
    for event in events {
        let (owner, path) = daily_file(place_of(*event));
        assert_eq!(owner, tenant, "a test's batch mixes tenants");
        let position = files
            .iter()
            .position(|file| file.path == path)
            .unwrap_or_else(|| {
                let header = HEADER.as_bytes().to_vec();
                files.push(PreparedFile {
                    path,
                    header,
                    ids: vec![],
                    ends: vec![],
                    hours: vec![],
                    bytes: vec![],
                });
                files.len() - 1
            });
        let file = &mut files[position];
        file.ids.push(id_of(*event));
        file.bytes.extend_from_slice(line_of(*event).as_bytes());
        file.ends.push(u32::try_from(file.bytes.len()).unwrap());
    }
    PreparedBatch {
        tenant: tenant.into(),
        files,
    }
}

/// Puts events that share a tenant into one batch.
pub(super) fn batches_of(events: &[u32]) -> Vec<Vec<u32>> {
    let mut batches: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for event in events {
        batches
            .entry(daily_file(place_of(*event)).0)
            .or_default()
            .push(*event);
    }
    batches.into_values().collect()
}

/// A file's lines, cut.
fn short(text: &str) -> Vec<String> {
    text.lines()
        .map(|line| line.chars().take(24).chain([' ']).collect::<String>() + &line.len().to_string())
        .collect()
}
