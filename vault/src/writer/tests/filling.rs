//! The filter while it is read in, with checkpoints that bring ids to rest on both sides of the place reached.

use std::cell::RefCell;

use crate::{
    event_id::EventId,
    index::filter::Filter,
    store::{IdStore as _, rocks::RocksStore},
    writer::filling::fill_filter,
};

fn ids(from: u64, count: u64) -> Vec<EventId> {
    let id = |n: u64| EventId(*blake3::hash(&n.to_le_bytes()).as_bytes().first_chunk().unwrap());
    let mut ids: Vec<EventId> = (from..from + count).map(id).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn no_id_at_rest_is_denied_at_any_moment_and_others_are_before_the_end() {
    let home = tempfile::tempdir().unwrap();
    let store = RocksStore::open(home.path()).unwrap();
    let filter = Filter::without_layers();
    let indexed = RefCell::new(ids(0, 100_000));
    store.persist_ids(&indexed.borrow()).unwrap();
    let strangers = ids(1 << 40, 1_000);
    let (visited, denied) = (RefCell::new(0_u64), RefCell::new(0));

    // Called at each id that is read.
    let checkpoint = || {
        let mut visited = visited.borrow_mut();
        *visited += 1;
        if *visited % 7_000 == 0 {
            let end_checkpoint = ids(1 << 50 | *visited, 500);
            store.persist_ids(&end_checkpoint).unwrap();
            filter.insert(&end_checkpoint);
            indexed.borrow_mut().extend(end_checkpoint);
            assert!(indexed.borrow().iter().all(|id| filter.may_contain(id)));
            *denied.borrow_mut() += strangers.iter().filter(|id| !filter.may_contain(id)).count();
        }
        true
    };
    fill_filter(&store, &filter, &checkpoint);

    assert!(filter.is_complete());
    assert!(indexed.borrow().iter().all(|id| filter.may_contain(id)));
    assert!(*denied.borrow() > 1_000, "{} before the end", denied.borrow());
}
