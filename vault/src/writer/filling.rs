//! Where the filter's knowledge of the ids at rest comes from: the file that the last run kept, else the ids themselves.
//!
//! Both happen beside the writer, which asks the database as long as the filter is not complete. To read the ids takes a
//! second for 2 to 3 million of them; to read the file a few tenths for 100 million. A filter is kept at the end of an
//! orderly run, after the last checkpoint, if that spares seconds: from [`CheckpointPolicy::keep_filter_from`] ids on.
//!
//! Each layer costs a look for each new id, and one that is taken over keeps its layers. So one that has many is not
//! kept: the next run reads the ids, into a single layer.
//!
//! That the file is believed only if nothing has come to rest since is the [store's](crate::store::Store::keep) to see to.
//! It could still lay out its bits in another way than this version does, so it is tried with some of the ids at rest.
//!
//! [`CheckpointPolicy::keep_filter_from`]: super::CheckpointPolicy::keep_filter_from

use std::time::Instant;

use crate::{
    index::filter::Filter,
    store::{Kept, Store},
};

/// What is read in at once.
const CHUNK: usize = 1 << 14;
/// With how many ids at rest a filter is tried that was kept.
const TRIED: usize = 4096;
/// A filter of more layers is not kept.
const MOST_LAYERS: usize = 3;

/// What the last run has kept, if it can be had.
pub(super) fn take_kept(store: &dyn Store) -> Option<Kept> {
    store.take_kept().unwrap_or_else(|error| {
        tracing::warn!(%error, "the filter that was kept cannot be used");
        None
    })
}

/// Makes `filter`, which has no layers yet, know all ids at rest, if need be until `go_on` says no.
pub(super) fn fill_filter(store: &dyn Store, filter: &Filter, kept: Option<Kept>, go_on: &dyn Fn() -> bool) {
    let began = Instant::now();
    let from_file = kept.is_some_and(|kept| take_over(store, filter, kept));
    if !from_file && !read_in(store, filter, go_on) {
        return;
    }
    filter.complete();
    let ids = filter.size().0;
    tracing::debug!(ids, from_file, elapsed = ?began.elapsed(), "filter complete");
}

/// Keeps the filter for the next run, if that is worth it. To be done when nothing comes to rest any more.
pub(super) fn keep_filter(store: &dyn Store, filter: &Filter, keep_from: usize) {
    let (ids, layers) = filter.size();
    if !filter.is_complete() || ids < keep_from || layers > MOST_LAYERS {
        return;
    }
    if let Err(error) = store.keep(&mut |to| filter.write_to(to)) {
        // The next run reads the ids: slower, never wrong.
        tracing::warn!(%error, "the filter could not be kept");
    }
}

/// False if what was kept does not know the ids at rest, as far as can be told from some of them.
fn take_over(store: &dyn Store, filter: &Filter, mut kept: Kept) -> bool {
    let read = match Filter::read_from(&mut *kept) {
        Ok(read) => read,
        Err(error) => {
            tracing::warn!(%error, "the filter that was kept cannot be used");
            return false;
        }
    };
    let (mut tried, mut known) = (0, 0);
    let visited = store.visit_ids(&mut |id| {
        tried += 1;
        // What has come to rest since this run began is not in the file.
        known += usize::from(read.has(&id) || filter.came_early(&id));
        tried < TRIED
    });
    if visited.is_err() || known < tried {
        tracing::warn!(tried, known, "the filter that was kept does not know all ids");
        return false;
    }
    filter.take_over(read);
    true
}

/// Reads all ids at rest into a layer for all of them. False if that did not come to its end.
fn read_in(store: &dyn Store, filter: &Filter, go_on: &dyn Fn() -> bool) -> bool {
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
