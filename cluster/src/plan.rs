//! Who should own which partition: a pure function of the present map and the live nodes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

/// One run of a node. A restarted node has the same name and a greater incarnation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    /// The node's name: 1 to 63 of `[a-z0-9.-]`.
    pub name: String,
    /// Greater than that of every earlier run of this name.
    pub incarnation: u64,
}

/// The text is not the id of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a node's id is its name (1 to 63 of a-z, 0-9, dot and hyphen), `@`, and a number")]
pub struct ParseNodeIdError;

impl NodeId {
    /// Checks a node's name.
    ///
    /// # Errors
    /// When it is empty, too long, or has other characters than `[a-z0-9.-]`, such as `@`.
    pub fn new(name: &str, incarnation: u64) -> Result<Self, ParseNodeIdError> {
        let is_allowed =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        match (1..=63).contains(&name.len()) && name.bytes().all(is_allowed) {
            true => Ok(Self {
                name: name.to_owned(),
                incarnation,
            }),
            false => Err(ParseNodeIdError),
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}@{}", self.name, self.incarnation)
    }
}

impl FromStr for NodeId {
    type Err = ParseNodeIdError;

    fn from_str(text: &str) -> Result<Self, ParseNodeIdError> {
        let (name, incarnation) = text.split_once('@').ok_or(ParseNodeIdError)?;
        Self::new(name, incarnation.parse().map_err(|_| ParseNodeIdError)?)
    }
}

/// The owner of each partition, by the partition's number.
pub type Owners = Vec<Option<NodeId>>;

/// The owners that there should be: every partition belongs to a live node, loads differ by at most one, and as few
/// partitions move as that allows. Without live nodes nothing changes.
#[must_use]
pub fn plan(owners: &[Option<NodeId>], live: &BTreeSet<NodeId>) -> Owners {
    if live.is_empty() {
        return owners.to_vec();
    }
    let quotas = quotas(owners, live);
    let mut load: BTreeMap<&NodeId, usize> = live.iter().map(|node| (node, 0)).collect();
    let mut planned: Vec<Option<&NodeId>> = Vec::with_capacity(owners.len());
    for owner in owners {
        let kept = owner.as_ref().and_then(|owner| live.get(owner));
        let kept = kept.filter(|node| load[*node] < quotas[*node]);
        if let Some(count) = kept.and_then(|node| load.get_mut(node)) {
            *count += 1;
        }
        planned.push(kept);
    }
    for (partition, owner) in planned.iter_mut().enumerate() {
        if owner.is_none() {
            let free = live.iter().filter(|node| load[*node] < quotas[*node]);
            *owner = free.min_by_key(|node| (load[*node], rendezvous(partition, node)));
            if let Some(count) = owner.and_then(|node| load.get_mut(node)) {
                *count += 1;
            }
        }
    }
    planned.into_iter().map(Option::<&NodeId>::cloned).collect()
}

/// How many partitions each live node gets. Those that own most now get the larger shares.
fn quotas<'a>(owners: &[Option<NodeId>], live: &'a BTreeSet<NodeId>) -> BTreeMap<&'a NodeId, usize> {
    let owned = |node: &NodeId| owners.iter().filter(|owner| owner.as_ref() == Some(node)).count();
    let mut by_load: Vec<_> = live
        .iter()
        .map(|node| (std::cmp::Reverse(owned(node)), node))
        .collect();
    by_load.sort();
    let (share, larger) = (owners.len() / live.len(), owners.len() % live.len());
    let quota = |position: usize| share + usize::from(position < larger);
    by_load
        .into_iter()
        .enumerate()
        .map(|(position, (_, node))| (node, quota(position)))
        .collect()
}

/// The lower, the more a node is preferred for a partition.
fn rendezvous(partition: usize, node: &NodeId) -> [u8; 8] {
    let hash = blake3::hash(format!("{partition} {node}").as_bytes());
    hash.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The nodes among `live` that more than half of the others cannot reach, by their reports. With fewer than three nodes
/// nobody can tell which of two is cut off, so the result is empty.
#[must_use]
pub fn unreachable_for_most(
    live: &BTreeSet<NodeId>,
    reports: &BTreeMap<NodeId, BTreeSet<NodeId>>,
) -> BTreeSet<NodeId> {
    if live.len() < 3 {
        return BTreeSet::new();
    }
    let missed_by = |node: &NodeId| {
        let others = reports
            .iter()
            .filter(|(reporter, _)| *reporter != node && live.contains(*reporter));
        others
            .filter(|(_, unreachable)| unreachable.contains(node))
            .count()
    };
    live.iter()
        .filter(|node| missed_by(node) * 2 > live.len() - 1)
        .cloned()
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn node(number: u64) -> NodeId {
        NodeId::new(&format!("n{number}"), number / 3).unwrap()
    }

    fn load(owners: &Owners, node: &NodeId) -> usize {
        owners.iter().flatten().filter(|owner| *owner == node).count()
    }

    proptest! {
        #[test]
        fn plans_are_complete_balanced_stable_and_move_little(
            owners in prop::collection::vec(prop::option::of((0_u64..8).prop_map(node)), 8..64),
            live in prop::collection::btree_set((0_u64..8).prop_map(node), 1..8),
        ) {
            let planned = plan(&owners, &live);
            prop_assert_eq!(planned.len(), owners.len());
            prop_assert!(planned.iter().all(|owner| live.contains(owner.as_ref().unwrap())));
            let loads: Vec<_> = live.iter().map(|node| load(&planned, node)).collect();
            prop_assert!(loads.iter().max().unwrap() - loads.iter().min().unwrap() <= 1);
            prop_assert_eq!(&plan(&planned, &live), &planned);
            // No plan with these loads keeps more.
            let kept = planned.iter().zip(&owners).filter(|(new, old)| new == old).count();
            let best: usize = live.iter().map(|node| load(&owners, node).min(load(&planned, node))).sum();
            prop_assert_eq!(kept, best);
        }
    }

    #[test]
    fn a_joining_node_takes_its_share_and_a_leaving_one_gives_up_only_its_own() {
        let three: BTreeSet<_> = [0, 3, 6].map(node).into();
        let before = plan(&vec![None; 16], &three);
        let mut four = three.clone();
        four.insert(node(7));
        let after = plan(&before, &four);
        assert_eq!(load(&after, &node(7)), 4);
        assert_eq!(
            after.iter().zip(&before).filter(|(new, old)| new != old).count(),
            4
        );
        let again = plan(&after, &three);
        assert!(
            after
                .iter()
                .zip(&again)
                .all(|(old, new)| *old == Some(node(7)) || old == new)
        );
        assert_eq!(plan(&again, &BTreeSet::new()), again);
    }

    #[test]
    fn a_node_that_most_others_cannot_reach_does_not_own() {
        let live: BTreeSet<_> = (0..5).map(node).collect();
        let all_report = |reporters: &[u64], missing: u64| -> BTreeMap<_, _> {
            reporters
                .iter()
                .map(|number| (node(*number), BTreeSet::from([node(missing)])))
                .collect()
        };
        assert_eq!(
            unreachable_for_most(&live, &all_report(&[0, 1, 2], 4)),
            BTreeSet::from([node(4)])
        );
        assert_eq!(
            unreachable_for_most(&live, &all_report(&[0, 1], 4)),
            BTreeSet::new()
        );
        // A node that reaches nobody cannot declare everybody else unreachable.
        let lonely = BTreeMap::from([(node(0), (1..5).map(node).collect())]);
        assert_eq!(unreachable_for_most(&live, &lonely), BTreeSet::new());
        let two: BTreeSet<_> = (0..2).map(node).collect();
        assert_eq!(unreachable_for_most(&two, &all_report(&[0], 1)), BTreeSet::new());
    }

    #[test]
    fn ids_of_nodes_are_checked() {
        let id = NodeId::new("eu-1.a", 7).unwrap();
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in ["", "a@1@2", "a", "@1", "A@1", "a/b@1", "a@x"] {
            assert!(bad.parse::<NodeId>().is_err(), "{bad}");
        }
        assert!(NodeId::new("a@b", 1).is_err());
    }
}
