//! Fills the in-memory filter with the ids in the index.
//!
//! This happens beside the writer, which asks the database as long as the filter is not complete. It takes a second for 2 to
//! 3 million ids.

use std::time::Instant;

use crate::{index::filter::Filter, store::IdStore};

/// Ids added at once.
const CHUNK: usize = 1 << 14;

/// Makes `filter`, which has no layers yet, know all ids in the index, unless `go_on` says no.
pub(super) fn fill_filter(store: &dyn IdStore, filter: &Filter, go_on: &dyn Fn() -> bool) {
    let began = Instant::now();
    if read_in(store, filter, go_on) {
        filter.complete();
        tracing::debug!(ids = filter.size().0, elapsed = ?began.elapsed(), "filter complete");
    }
}

/// Reads all ids of the index into a layer for all of them. False if that did not come to its end.
fn read_in(store: &dyn IdStore, filter: &Filter, go_on: &dyn Fn() -> bool) -> bool {
    filter.start(usize::try_from(store.estimated_ids()).unwrap_or(0));
    let mut chunk = Vec::with_capacity(CHUNK);
    let mut is_cut_off = false;
    let visited = store.visit_ids(&mut |id| {
        chunk.push(id);
        if chunk.len() == CHUNK {
            filter.read_in(&chunk);
            chunk.clear();
        }
        is_cut_off = !go_on();
        !is_cut_off
    });
    filter.read_in(&chunk);
    if let Err(error) = visited {
        // Then every id is looked up: slower, never wrong.
        tracing::warn!(%error, "ids could not be read into the filter");
        return false;
    }
    !is_cut_off
}
