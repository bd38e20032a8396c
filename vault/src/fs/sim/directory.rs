//! A directory's names, once as programs see them and once as they rest on the disk.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng, rngs::StdRng};

use super::tree::Ino;

#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) cached: BTreeMap<String, Ino>,
    pub(super) durable: BTreeMap<String, Ino>,
    /// It has been deleted and takes no more names.
    pub(super) deleted: bool,
}

impl Directory {
    pub(super) fn sync(&mut self) {
        self.durable = self.cached.clone();
    }

    /// Makes one name as durable as the directory itself.
    pub(super) fn sync_name(&mut self, name: &str) {
        match self.cached.get(name) {
            Some(ino) => self.durable.insert(name.to_owned(), *ino),
            None => self.durable.remove(name),
        };
    }

    /// Every name that was not synced is, for itself, what it was or what it became.
    pub(super) fn lose_power(&mut self, rng: &mut StdRng) {
        let mut left = self.durable.clone();
        let names: BTreeSet<&String> = self.durable.keys().chain(self.cached.keys()).collect();
        for name in names {
            let (old, new) = (self.durable.get(name), self.cached.get(name));
            if old == new || !rng.random::<bool>() {
                continue;
            }
            match new {
                Some(ino) => left.insert(name.clone(), *ino),
                None => left.remove(name),
            };
        }
        *self = Self {
            cached: left.clone(),
            durable: left,
            deleted: false,
        };
    }
}
