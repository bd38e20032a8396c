//! Turns the batches of a group into rows.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use openclone_core::event_id::EventId;

use crate::{
    batch::{Batch, Outcome, Receipt, TenantNumber},
    engine::Engine,
    error::EngineError,
    rows::{
        Rows, key,
        value::{self, IdState, Totals},
    },
};

/// Look-ups that are made at the same time. A cold one takes several requests to the store.
const LOOK_UPS: usize = 32;

/// The rows to write for `batches`, and one receipt for each, valid once the rows are durable.
pub(super) async fn build<'a>(
    engine: &dyn Engine,
    batches: impl Iterator<Item = &'a Batch> + Clone,
) -> Result<(Rows, Vec<Receipt>), EngineError> {
    let ids = batches.clone().flat_map(|batch| {
        let ids = batch.files.iter().flat_map(|file| &file.ids);
        ids.map(|id| (batch.tenant, *id))
    });
    let mut known = known_ids(engine, ids.collect()).await?;
    let mut group = Group {
        rows: Rows::default(),
        totals: BTreeMap::new(),
    };
    let mut receipts = Vec::new();
    for batch in batches {
        group.load_totals(engine, batch.tenant).await?;
        receipts.push(group.add(batch, &mut known)?);
    }
    Ok((group.finish(), receipts))
}

/// Those of `ids` that the database has.
async fn known_ids(
    engine: &dyn Engine,
    ids: BTreeSet<(TenantNumber, EventId)>,
) -> Result<BTreeSet<(TenantNumber, EventId)>, EngineError> {
    let look_up = |(tenant, id)| async move {
        let found = engine.get(&key::id(tenant, id)).await?;
        let known = found.map(|value| value::decode_id(&value)).transpose()?.is_some();
        Ok(known.then_some((tenant, id)))
    };
    stream::iter(ids)
        .map(look_up)
        .buffered(LOOK_UPS)
        .try_filter_map(|known| async move { Ok(known) })
        .try_collect()
        .await
}

/// Rows that grow.
struct Group {
    rows: Rows,
    totals: BTreeMap<TenantNumber, Totals>,
}

impl Group {
    async fn load_totals(&mut self, engine: &dyn Engine, tenant: TenantNumber) -> Result<(), EngineError> {
        if let Entry::Vacant(slot) = self.totals.entry(tenant) {
            let found = engine.get(&key::totals(tenant)).await?;
            let totals = found.map(|value| value::decode_totals(&value)).transpose()?;
            slot.insert(totals.unwrap_or_default());
        }
        Ok(())
    }

    /// Adds the entries of a batch whose ids are not in `known`, and their ids to `known`.
    fn add(
        &mut self,
        batch: &Batch,
        known: &mut BTreeSet<(TenantNumber, EventId)>,
    ) -> Result<Receipt, EngineError> {
        let totals = self.totals.entry(batch.tenant).or_default();
        let mut outcomes = Vec::new();
        for file in &batch.files {
            let new: Vec<bool> = file
                .ids
                .iter()
                .map(|id| known.insert((batch.tenant, *id)))
                .collect();
            outcomes.extend(
                new.iter()
                    .map(|new| if *new { Outcome::Stored } else { Outcome::Skipped }),
            );
            let part = file.only(&new);
            if part.ids.is_empty() {
                continue;
            }
            let sequence = totals.next;
            for id in &part.ids {
                self.rows.put(
                    key::id(batch.tenant, *id),
                    value::encode_id(IdState::Stored(sequence)),
                );
            }
            self.rows.put(
                key::entries(batch.tenant, part.day, sequence),
                value::encode_entries(&part)?,
            );
            self.rows.put(
                key::file(batch.tenant, &part.folder, part.day, sequence),
                Vec::new(),
            );
            totals.next += 1;
            totals.events += part.ids.len() as u64;
            totals.bytes += part.bytes.len() as u64;
        }
        Ok(Receipt { outcomes })
    }

    /// The rows. Totals are written only if they belong to new entries.
    fn finish(mut self) -> Rows {
        if !self.rows.is_empty() {
            for (tenant, totals) in self.totals {
                self.rows.put(key::totals(tenant), value::encode_totals(totals));
            }
        }
        self.rows
    }
}
