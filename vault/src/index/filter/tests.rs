use super::*;

fn ids(from: u64, count: u64) -> Vec<EventId> {
    (from..from + count)
        .map(|n| {
            EventId(
                blake3::hash(&n.to_le_bytes()).as_bytes()[..16]
                    .try_into()
                    .unwrap_or_default(),
            )
        })
        .collect()
}

#[test]
fn it_never_denies_an_id_that_it_was_given_through_several_layers() {
    let filter = Filter::new(0);
    let given = ids(0, FIRST_LAYER as u64 * 3);
    filter.insert(&given);
    filter.complete();
    assert!(filter.size().1 > 1);
    assert!(given.iter().all(|id| filter.may_contain(id)));
}

#[test]
fn an_empty_layer_on_top_costs_little_beside_the_ids() {
    for expected in [
        0,
        1_000_000,
        8_700_000,
        40_000_000,
        120_000_000,
        900_000_000_usize,
    ] {
        let mut layers = vec![expected.saturating_add(expected / 4).max(FIRST_LAYER)];
        for _ in 0..8 {
            let full: usize = layers.iter().sum();
            let more = next_capacity(layers[layers.len() - 1], full);
            layers.push(more);
            assert!(more >= FIRST_LAYER);
            let bytes = (full + more) * 12 / 8;
            assert!(bytes <= 2 * full + (26 << 20), "{bytes} for {full} ids");
        }
    }
}

#[test]
fn few_layers_hold_many_ids() {
    let mut layers = vec![FIRST_LAYER];
    while layers.iter().sum::<usize>() < 1_000_000_000 {
        layers.push(next_capacity(layers[layers.len() - 1], layers.iter().sum()));
    }
    assert!(layers.len() <= 20, "{} layers", layers.len());
}

/// How many of 100,000 ids that it was not given it takes for known.
fn taken_for_known(filter: &Filter) -> usize {
    let strangers = ids(1 << 40, 100_000);
    strangers.iter().filter(|id| filter.has(id)).count()
}

#[test]
fn it_denies_most_others() {
    let filter = Filter::new(0);
    filter.insert(&ids(0, FIRST_LAYER as u64));
    assert_eq!(filter.size().1, 1);
    let wrong = taken_for_known(&filter);
    assert!((1..500).contains(&wrong), "{wrong} of 100,000");
}

#[test]
fn a_layer_full_of_neighbours_denies_as_many() {
    let mut given = ids(0, 16 * FIRST_LAYER as u64);
    given.sort_unstable();
    given.truncate(FIRST_LAYER);
    let filter = Filter::new(0);
    filter.insert(&given);
    assert_eq!(filter.size().1, 1);
    let wrong = taken_for_known(&filter);
    assert!((1..500).contains(&wrong), "{wrong} of 100,000");
}

#[test]
fn threads_that_add_at_the_same_time_lose_nothing() {
    let filter = Filter::new(0);
    let given = ids(0, FIRST_LAYER as u64);
    std::thread::scope(|scope| {
        // In turn, so that the threads are in the same blocks all the time.
        for first in 0..4 {
            let (filter, given) = (&filter, &given);
            scope.spawn(move || {
                let own: Vec<EventId> = given.iter().skip(first).step_by(4).copied().collect();
                own.chunks(64).for_each(|chunk| filter.insert(chunk));
            });
        }
    });
    assert_eq!(filter.size().0, given.len());
    assert!(given.iter().all(|id| filter.has(id)));
}

#[test]
fn until_it_is_complete_it_denies_nothing() {
    assert!(Filter::new(0).may_contain(&EventId([9; 16])));
    assert!(Filter::without_layers().may_contain(&EventId([9; 16])));
}

#[test]
fn while_ids_are_read_in_it_answers_for_those_below_the_last() {
    let filter = Filter::new(0);
    let mut indexed = ids(0, 10_000);
    indexed.sort_unstable();
    filter.read_in(&indexed[..5_000]);
    assert!(indexed.iter().all(|id| filter.may_contain(id)));
    let mut others = ids(1 << 40, 10_000);
    others.sort_unstable();
    let denied = others.iter().filter(|id| !filter.may_contain(id)).count();
    assert!((4_500..5_500).contains(&denied), "{denied} of 10,000");
    assert!(filter.may_contain(&EventId([0xff; 16])));
}

#[test]
fn ids_that_come_before_the_first_layer_are_in_it() {
    let filter = Filter::without_layers();
    let early = ids(0, 1_000);
    filter.insert(&early);
    filter.start(0);
    assert_eq!(filter.size(), (1_000, 1));
    assert!(early.iter().all(|id| filter.has(id)));

    let filter = Filter::without_layers();
    filter.insert(&early);
    filter.complete();
    assert!(early.iter().all(|id| filter.may_contain(id)));
}

#[test]
fn a_second_start_loses_nothing() {
    let filter = Filter::new(0);
    let given = ids(0, 1_000);
    filter.insert(&given);
    filter.start(0);
    assert!(given.iter().all(|id| filter.has(id)));
}
