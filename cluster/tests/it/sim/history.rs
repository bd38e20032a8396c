//! What clients were told, and whether the rows agree with it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Mutex,
};

use openclone_cluster::{
    batch::{Batch, Day, FilePart, Outcome, Receipt, TenantNumber},
    engine::Engine,
    error::EngineError,
    rows::{
        key,
        value::{IdState, decode_entries, decode_id, decode_totals},
    },
};
use openclone_core::event_id::EventId;

/// An event of a tenant; several tenants have the same ids.
type Event = (TenantNumber, EventId);

/// One broken promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Violation {
    /// A client was told that the event is durable, and it is not.
    Lost(String),
    /// An event has two entries, or was acknowledged as new twice.
    Duplicated(String),
    /// An event was acknowledged as new, but the entry is that of another attempt.
    OtherBytes(String),
    /// An id without an entry: the resend would be skipped and the event lost.
    IdWithoutEntry(String),
    /// An entry without its id: a resend would duplicate it.
    EntryWithoutId(String),
    /// A tenant has an entry of another one.
    Leaked(String),
    /// Totals or file rows do not match the entries.
    Inconsistent(String),
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self:?}")
    }
}

/// All responses of a simulation.
#[derive(Debug, Default)]
pub(crate) struct History(Mutex<Vec<(Event, Outcome, String)>>);

/// The number of an event as an id, the same for all tenants.
fn event_id(number: u64) -> EventId {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&number.to_be_bytes());
    EventId(id)
}

/// A batch whose entries name tenant and attempt. Events of one number always have the same day, as real ones do.
pub(crate) fn batch(tenant: TenantNumber, numbers: &BTreeSet<u64>, attempt: &str) -> Batch {
    let mut files: BTreeMap<u64, FilePart> = BTreeMap::new();
    for number in numbers {
        let month = number / 8 % 3;
        let part = files.entry(month).or_insert_with(|| FilePart {
            folder: "Notes".to_owned(),
            day: Day {
                year: 2026,
                month: 10 + u8::try_from(month).unwrap(),
                day: 1,
            },
            header: b"---\n".to_vec(),
            ids: vec![],
            ends: vec![],
            hours: vec![],
            bytes: vec![],
        });
        part.ids.push(event_id(*number));
        part.bytes.extend(entry(tenant, attempt).into_bytes());
        part.ends.push(u32::try_from(part.bytes.len()).unwrap());
        part.hours.push(1);
    }
    Batch {
        tenant,
        files: files.into_values().collect(),
    }
}

fn entry(tenant: TenantNumber, attempt: &str) -> String {
    format!("- {} {attempt}\n", tenant.0)
}

impl History {
    /// Records a response.
    pub(crate) fn record(&self, batch: &Batch, receipt: &Receipt, attempt: &str) {
        let ids = batch.files.iter().flat_map(|file| &file.ids);
        let mut answered = self.0.lock().unwrap();
        for (id, outcome) in ids.zip(&receipt.outcomes) {
            answered.push(((batch.tenant, *id), *outcome, attempt.to_owned()));
        }
    }

    /// The number of events that were acknowledged, with repetitions.
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Compares the responses with the rows of all partitions.
    pub(crate) async fn check(
        &self,
        partitions: &[std::sync::Arc<dyn Engine>],
    ) -> Result<Vec<Violation>, EngineError> {
        let mut rows = StoredRows::default();
        for engine in partitions {
            rows.read(&**engine).await?;
        }
        let mut violations = rows.violations;
        let mut new = BTreeSet::new();
        for (event, outcome, attempt) in &*self.0.lock().unwrap() {
            match rows.entries.get(event) {
                None => violations.push(Violation::Lost(format!("{event:?} acknowledged in {attempt}"))),
                Some((_, bytes))
                    if *outcome == Outcome::Stored && *bytes != entry(event.0, attempt).as_bytes() =>
                {
                    violations.push(Violation::OtherBytes(format!("{event:?} in {attempt}")));
                }
                Some(_) => (),
            }
            if *outcome == Outcome::Stored && !new.insert(*event) {
                violations.push(Violation::Duplicated(format!(
                    "{event:?} acknowledged as new twice"
                )));
            }
        }
        Ok(violations)
    }
}

#[derive(Default)]
struct StoredRows {
    entries: BTreeMap<Event, (u64, Vec<u8>)>,
    violations: Vec<Violation>,
}

impl StoredRows {
    async fn read(&mut self, engine: &dyn Engine) -> Result<(), EngineError> {
        let mut counted: BTreeMap<TenantNumber, (u64, u64)> = BTreeMap::new();
        for (row, value) in engine.scan(&[key::ENTRIES]).await? {
            let (tenant, sequence) = key::parse_entries(&row).unwrap();
            let part = decode_entries(&value).unwrap();
            let file = engine
                .get(&key::file(tenant, &part.folder, part.day, sequence))
                .await?;
            if file.is_none() {
                self.violations.push(Violation::Inconsistent(format!(
                    "no file row for {tenant:?} {sequence}"
                )));
            }
            let total = counted.entry(tenant).or_default();
            total.0 += 1;
            for (id, bytes) in part.entries() {
                total.1 += 1;
                if !bytes.starts_with(format!("- {} ", tenant.0).as_bytes()) {
                    self.violations.push(Violation::Leaked(format!(
                        "{tenant:?} has {}",
                        String::from_utf8_lossy(bytes)
                    )));
                }
                if self
                    .entries
                    .insert((tenant, id), (sequence, bytes.to_vec()))
                    .is_some()
                {
                    self.violations.push(Violation::Duplicated(format!(
                        "{tenant:?} {id:?} has two entries"
                    )));
                }
            }
        }
        self.compare_ids(engine, &counted.keys().copied().collect())
            .await?;
        for (tenant, (rows, events)) in counted {
            let totals = engine.get(&key::totals(tenant)).await?;
            let totals = totals
                .map(|value| decode_totals(&value).unwrap())
                .unwrap_or_default();
            if (totals.next, totals.events) != (rows, events) {
                self.violations.push(Violation::Inconsistent(format!(
                    "{tenant:?}: {totals:?} for {rows} rows, {events} events"
                )));
            }
        }
        Ok(())
    }

    /// `tenants`: those that have entries in this partition. A tenant has all its rows in one.
    async fn compare_ids(
        &mut self,
        engine: &dyn Engine,
        tenants: &BTreeSet<TenantNumber>,
    ) -> Result<(), EngineError> {
        let mut ids = BTreeMap::new();
        for (row, value) in engine.scan(&[key::ID]).await? {
            ids.insert(key::parse_id(&row).unwrap(), decode_id(&value).unwrap());
        }
        for (event, state) in &ids {
            let sequence = self
                .entries
                .get(event)
                .map(|(sequence, _)| IdState::Stored(*sequence));
            if sequence != Some(*state) {
                self.violations.push(Violation::IdWithoutEntry(format!(
                    "{event:?}: {state:?}, entry {sequence:?}"
                )));
            }
        }
        for event in self.entries.keys().filter(|(tenant, _)| tenants.contains(tenant)) {
            if !ids.contains_key(event) {
                self.violations
                    .push(Violation::EntryWithoutId(format!("{event:?}")));
            }
        }
        Ok(())
    }
}
