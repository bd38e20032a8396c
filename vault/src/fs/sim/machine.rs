//! The simulated machine: the disk, what is wrong with it, and whether anything runs.

use std::io;

use rand::{Rng, SeedableRng, rngs::StdRng};
use rustix::io::Errno;

use super::{
    Area,
    tree::{Ino, Node, Tree},
};

/// What is free on a disk without a limit, in bytes.
const PLENTY: u64 = 1 << 40;

#[derive(Debug)]
pub(super) struct Machine {
    pub(super) tree: Tree,
    rng: StdRng,
    /// Which process runs; handles of earlier ones are dead.
    pub(super) process: u64,
    /// The process has died at its appointed operation and nobody has noticed yet.
    pub(super) dead: bool,
    pub(super) boots: u64,
    /// Of the disk with the vaults; `None` if its file system has no identity.
    pub(super) disk_sequence: Option<u64>,
    pub(super) ops: u64,
    /// Bytes that processes have read of daily files.
    pub(super) bytes_read: u64,
    pub(super) die_at: Option<u64>,
    sync_failures: Vec<SyncFailure>,
    faults: [Faults; 2],
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) capacity: Option<u64>,
    pub(super) read_only: bool,
    pub(super) eio: bool,
}

#[derive(Debug)]
struct SyncFailure {
    area: Area,
    /// Syncs until the one that fails, that one included.
    left: u64,
    /// `EIO` itself if there is none.
    kind: Option<io::ErrorKind>,
}

impl Machine {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            tree: Tree::new(),
            rng: StdRng::seed_from_u64(seed),
            process: 0,
            dead: false,
            boots: 0,
            disk_sequence: Some(1),
            ops: 0,
            bytes_read: 0,
            die_at: None,
            sync_failures: Vec::new(),
            faults: [Faults::default(); 2],
        }
    }

    pub(super) fn faults(&self, area: Area) -> Faults {
        self.faults[area.index()]
    }

    /// Changes what is wrong with an area, or with everything.
    pub(super) fn set_faults(&mut self, area: Area, change: impl Fn(&mut Faults)) {
        for (index, faults) in self.faults.iter_mut().enumerate() {
            if area == Area::Everywhere || area.index() == index {
                change(faults);
            }
        }
    }

    pub(super) fn fail_sync(&mut self, area: Area, left: u64, kind: Option<io::ErrorKind>) {
        self.sync_failures.push(SyncFailure { area, left, kind });
    }

    /// The running process ends; the page cache stays.
    pub(super) fn end_process(&mut self) {
        self.process += 1;
        self.dead = false;
        self.die_at = None;
        self.tree.sweep();
    }

    pub(super) fn lose_power(&mut self, seed: u64) {
        self.tree.lose_unsynced(&mut StdRng::seed_from_u64(seed), None);
        self.boots += 1;
        self.end_process();
    }

    /// The disk with the vaults goes away, with all that was not synced, and comes back in the same boot.
    pub(super) fn replug(&mut self, seed: u64) {
        let rng = &mut StdRng::seed_from_u64(seed);
        self.tree.lose_unsynced(rng, Some(Area::Vaults));
        self.disk_sequence = self.disk_sequence.map(|sequence| sequence + 1);
        self.end_process();
    }

    pub(super) fn free(&self, area: Area, open: Option<Ino>) -> u64 {
        let Some(capacity) = self.faults(area).capacity else {
            return PLENTY;
        };
        capacity.saturating_sub(self.tree.used(area, open))
    }

    /// Writes what there is room for, and says where and how much; at the end if no offset is given.
    pub(super) fn write(
        &mut self,
        ino: Ino,
        offset: Option<usize>,
        bytes: &[u8],
    ) -> io::Result<(usize, usize)> {
        let area = self.tree.inode(ino)?.area;
        let length = self.tree.content(ino)?.bytes().len();
        let offset = offset.unwrap_or(length);
        let growth = (offset + bytes.len()).saturating_sub(length);
        let free = usize::try_from(self.free(area, Some(ino))).unwrap_or(usize::MAX);
        let written = bytes.len() - growth.saturating_sub(free);
        if written == 0 && !bytes.is_empty() {
            return Err(Errno::NOSPC.into());
        }
        self.tree.content_mut(ino)?.write(offset, &bytes[..written]);
        Ok((offset, written))
    }

    /// The process dies in the middle of a write.
    pub(super) fn write_cut(&mut self, ino: Ino, offset: Option<usize>, bytes: &[u8]) {
        let cut = self.rng.random_range(0..=bytes.len());
        // Nobody is left to hear of an error.
        let _ = self.write(ino, offset, &bytes[..cut]);
    }

    /// Syncs a file or a directory, unless that shall fail.
    pub(super) fn sync(&mut self, ino: Ino) -> io::Result<()> {
        let area = self.tree.inode(ino)?.area;
        let failure = self.next_sync_failure(area);
        match (&mut self.tree.inode_mut(ino)?.node, &failure) {
            (Node::File(content), None) => content.sync(),
            (Node::Directory(_), None) => self.tree.sync_names(ino),
            (Node::File(content), Some(_)) => content.fail_sync(),
            _ => {}
        }
        failure.map_or(Ok(()), Err)
    }

    fn next_sync_failure(&mut self, area: Area) -> Option<io::Error> {
        let mut failure = self.faults(area).eio.then(|| io::Error::from(Errno::IO));
        self.sync_failures.retain_mut(|planned| {
            if planned.area != area && planned.area != Area::Everywhere {
                return true;
            }
            planned.left = planned.left.saturating_sub(1);
            if planned.left == 0 {
                failure = Some(planned.error());
            }
            planned.left > 0
        });
        failure
    }
}

impl SyncFailure {
    fn error(&self) -> io::Error {
        match self.kind {
            Some(kind) => io::Error::new(kind, "simulated sync failure"),
            None => Errno::IO.into(),
        }
    }
}
