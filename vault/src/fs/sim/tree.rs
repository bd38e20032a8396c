//! Inodes and names on the simulated disk.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Component, Path},
};

use rand::rngs::StdRng;
use rustix::io::Errno;

use super::{Area, content::Content, directory::Directory};

pub(super) type Ino = u64;

/// The directory `/`.
pub(super) const TOP: Ino = 1;
/// The name of the log file in `/`.
pub(super) const LOG: &str = "log";
/// How many symbolic links a path may lead through.
const LINKS: usize = 8;

#[derive(Debug)]
pub(super) struct Tree {
    inodes: BTreeMap<Ino, Inode>,
    next: Ino,
}

#[derive(Debug)]
pub(super) struct Inode {
    pub(super) node: Node,
    pub(super) mode: u32,
    pub(super) area: Area,
}

#[derive(Debug)]
pub(super) enum Node {
    File(Content),
    Directory(Directory),
    SymbolicLink(String),
    Fifo,
}

impl Tree {
    /// An empty disk with an empty log file.
    pub(super) fn new() -> Self {
        let mut tree = Self {
            inodes: BTreeMap::new(),
            next: TOP,
        };
        tree.add(Node::Directory(Directory::default()), 0o755, Area::Vaults);
        let log = tree.add(Node::File(Content::default()), 0o600, Area::Log);
        tree.set_name(TOP, LOG, Some(log));
        tree.settle_name(TOP, LOG);
        tree
    }

    /// A new inode without a name.
    pub(super) fn add(&mut self, node: Node, mode: u32, area: Area) -> Ino {
        let ino = self.next;
        self.next += 1;
        self.inodes.insert(ino, Inode { node, mode, area });
        ino
    }

    pub(super) fn inode(&self, ino: Ino) -> io::Result<&Inode> {
        self.inodes.get(&ino).ok_or_else(|| Errno::STALE.into())
    }

    pub(super) fn inode_mut(&mut self, ino: Ino) -> io::Result<&mut Inode> {
        self.inodes.get_mut(&ino).ok_or_else(|| Errno::STALE.into())
    }

    pub(super) fn content(&self, ino: Ino) -> io::Result<&Content> {
        match &self.inode(ino)?.node {
            Node::File(content) => Ok(content),
            _ => Err(Errno::INVAL.into()),
        }
    }

    pub(super) fn content_mut(&mut self, ino: Ino) -> io::Result<&mut Content> {
        match &mut self.inode_mut(ino)?.node {
            Node::File(content) => Ok(content),
            _ => Err(Errno::INVAL.into()),
        }
    }

    pub(super) fn child(&self, directory: Ino, name: &str) -> Option<Ino> {
        self.directory(directory)?.cached.get(name).copied()
    }

    pub(super) fn names(&self, directory: Ino) -> Vec<String> {
        let names = self
            .directory(directory)
            .map(|found| found.cached.keys().cloned().collect());
        names.unwrap_or_default()
    }

    /// Whether names can be put into it.
    pub(super) fn takes_names(&self, directory: Ino) -> bool {
        self.directory(directory).is_some_and(|found| !found.deleted)
    }

    /// Gives `name` to an inode, or takes it away; not durable. What had the name before is deleted.
    pub(super) fn set_name(&mut self, directory: Ino, name: &str, ino: Option<Ino>) {
        let Some(found) = self.directory_mut(directory) else {
            return;
        };
        let before = match ino {
            Some(ino) => found.cached.insert(name.to_owned(), ino),
            None => found.cached.remove(name),
        };
        if let Some(deleted) = before.and_then(|before| self.directory_mut(before)) {
            deleted.deleted = true;
        }
    }

    /// Moves an inode from one name to another, durably.
    pub(super) fn move_name(&mut self, from: (Ino, &str), to: (Ino, &str), ino: Ino) {
        self.set_name(to.0, to.1, Some(ino));
        if let Some(directory) = self.directory_mut(from.0) {
            directory.cached.remove(from.1);
        }
        self.settle_name(from.0, from.1);
        self.settle_name(to.0, to.1);
    }

    /// Makes one name as durable as its directory's own.
    pub(super) fn settle_name(&mut self, directory: Ino, name: &str) {
        if let Some(found) = self.directory_mut(directory) {
            found.sync_name(name);
        }
    }

    pub(super) fn sync_names(&mut self, directory: Ino) {
        if let Some(found) = self.directory_mut(directory) {
            found.sync();
        }
    }

    /// Follows a path from `/`, through symbolic links too.
    pub(super) fn resolve(&self, path: &Path) -> io::Result<Ino> {
        let mut steps: Vec<String> = steps(path).rev().collect();
        let (mut here, mut links) = (TOP, 0);
        while let Some(step) = steps.pop() {
            let next = match &self.inode(here)?.node {
                Node::Directory(directory) => *directory.cached.get(&step).ok_or(Errno::NOENT)?,
                _ => return Err(Errno::NOTDIR.into()),
            };
            let Node::SymbolicLink(target) = &self.inode(next)?.node else {
                here = next;
                continue;
            };
            links += 1;
            if links > LINKS {
                return Err(Errno::LOOP.into());
            }
            if target.starts_with('/') {
                here = TOP;
            }
            steps.extend(self::steps(Path::new(target)).rev());
        }
        Ok(here)
    }

    /// Bytes in files of an area that have a name, and in `open` even if it has none.
    pub(super) fn used(&self, area: Area, open: Option<Ino>) -> u64 {
        let mut found = self.reachable(false);
        found.extend(open);
        let inodes = found.iter().filter_map(|ino| self.inodes.get(ino));
        let of_area = inodes.filter(|inode| inode.area == area);
        let sizes = of_area.map(|inode| match &inode.node {
            Node::File(content) => content.bytes().len() as u64,
            _ => 0,
        });
        sizes.sum()
    }

    /// Drops inodes that no name leads to; for when nothing is open any more.
    pub(super) fn sweep(&mut self) {
        let found = self.reachable(true);
        self.inodes.retain(|ino, _| found.contains(ino));
    }

    /// Of one area, or of all.
    pub(super) fn lose_unsynced(&mut self, rng: &mut StdRng, only: Option<Area>) {
        let inodes = self.inodes.values_mut();
        for inode in inodes.filter(|inode| only.is_none_or(|only| only == inode.area)) {
            match &mut inode.node {
                Node::File(content) => content.lose_power(rng),
                Node::Directory(directory) => directory.lose_power(rng),
                Node::SymbolicLink(_) | Node::Fifo => {}
            }
        }
        self.sweep();
    }

    fn reachable(&self, durable_too: bool) -> BTreeSet<Ino> {
        let (mut found, mut open) = (BTreeSet::new(), vec![TOP]);
        while let Some(ino) = open.pop() {
            if !found.insert(ino) {
                continue;
            }
            let Some(directory) = self.directory(ino) else {
                continue;
            };
            open.extend(directory.cached.values());
            if durable_too {
                open.extend(directory.durable.values());
            }
        }
        found
    }

    fn directory(&self, ino: Ino) -> Option<&Directory> {
        match &self.inodes.get(&ino)?.node {
            Node::Directory(directory) => Some(directory),
            _ => None,
        }
    }

    fn directory_mut(&mut self, ino: Ino) -> Option<&mut Directory> {
        match &mut self.inodes.get_mut(&ino)?.node {
            Node::Directory(directory) => Some(directory),
            _ => None,
        }
    }
}

fn steps(path: &Path) -> impl DoubleEndedIterator<Item = String> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    })
}
