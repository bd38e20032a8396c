//! A process on the simulated machine: what it may still do, and what that does.

use std::{io, path::Path, sync::MutexGuard};

use rustix::io::Errno;

use super::{
    Area, Op, OpKind, SimDisk, SimLog,
    content::Content,
    directory::Directory,
    machine::Machine,
    own_directory::SimDirectory,
    root::SimRoot,
    tree::{Ino, Node, TOP},
};
use crate::fs::{Directory as OwnDirectory, VaultFs, VaultRoot, obstacle::with_context};

/// A process. It and its handles fail once it has ended.
#[derive(Clone, Debug)]
pub struct SimProcess {
    disk: SimDisk,
    number: u64,
}

impl SimProcess {
    pub(super) fn new(disk: SimDisk, number: u64) -> Self {
        Self { disk, number }
    }

    /// The log file.
    pub fn log(&self) -> SimLog {
        SimLog::new(self.clone())
    }

    /// The machine, if the process still runs and an area's disk can be read.
    pub(super) fn look(&self, area: Area) -> io::Result<MutexGuard<'_, Machine>> {
        let machine = self.alive()?;
        match machine.faults(area).eio {
            true => Err(Errno::IO.into()),
            false => Ok(machine),
        }
    }

    /// Writes some of `bytes`, at the end if no offset is given; says where and how much.
    pub(super) fn write(
        &self,
        ino: Ino,
        path: &str,
        offset: Option<usize>,
        bytes: &[u8],
    ) -> io::Result<(usize, usize)> {
        let area = self.alive()?.tree.inode(ino)?.area;
        let (mut machine, dies) = self.begin(OpKind::Write, path)?;
        if dies {
            machine.write_cut(ino, offset, bytes);
            return Err(dead());
        }
        refuse_changes(&machine, area)?;
        machine.write(ino, offset, bytes)
    }

    /// Writes all of `bytes` at the end.
    fn write_all(&self, ino: Ino, path: &str, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let (_, written) = self.write(ino, path, None, bytes)?;
            bytes = &bytes[written..];
        }
        Ok(())
    }

    /// Makes a file without a name, with all of `bytes`.
    pub(super) fn make_unnamed(&self, path: &str, bytes: &[u8], mode: u32, area: Area) -> io::Result<Ino> {
        let file = Node::File(Content::default());
        let made = self.look(area)?.tree.add(file, mode, area);
        self.write_all(made, path, bytes)?;
        Ok(made)
    }

    /// Puts a complete and synced file in the place of `name`, durably.
    pub(super) fn put(&self, (directory, name): (Ino, &str), made: Ino, path: &str) -> io::Result<()> {
        let area = self.alive()?.tree.inode(made)?.area;
        self.sync(made, path)?;
        let mut machine = self.change(OpKind::Rename, path, area)?;
        let target = machine
            .tree
            .child(directory, name)
            .map(|found| machine.tree.inode(found));
        if let Some(Node::Directory(_)) = target.transpose()?.map(|inode| &inode.node) {
            return Err(Errno::ISDIR.into());
        }
        machine.tree.set_name(directory, name, Some(made));
        drop(machine);
        self.sync(directory, path)
    }

    /// Syncs a file or a directory.
    pub(super) fn sync(&self, ino: Ino, path: &str) -> io::Result<()> {
        self.begin_living(OpKind::Sync, path)?.sync(ino)
    }

    /// Begins any other change.
    pub(super) fn change(&self, kind: OpKind, path: &str, area: Area) -> io::Result<MutexGuard<'_, Machine>> {
        let machine = self.begin_living(kind, path)?;
        refuse_changes(&machine, area)?;
        Ok(machine)
    }

    fn begin_living(&self, kind: OpKind, path: &str) -> io::Result<MutexGuard<'_, Machine>> {
        match self.begin(kind, path)? {
            (machine, false) => Ok(machine),
            (_, true) => Err(dead()),
        }
    }

    /// Counts an operation, lets the tester interfere, and says whether the process dies of it.
    fn begin(&self, kind: OpKind, path: &str) -> io::Result<(MutexGuard<'_, Machine>, bool)> {
        let number = self.count()?;
        let path = path.to_owned();
        self.disk.call_hook(&Op { number, kind, path });
        let mut machine = self.alive()?;
        let dies = machine.die_at.is_some_and(|last| number >= last);
        machine.dead = dies;
        Ok((machine, dies))
    }

    fn count(&self) -> io::Result<u64> {
        let mut machine = self.alive()?;
        machine.ops += 1;
        Ok(machine.ops)
    }

    fn alive(&self) -> io::Result<MutexGuard<'_, Machine>> {
        let machine = self.disk.machine();
        match machine.process == self.number && !machine.dead {
            true => Ok(machine),
            false => Err(dead()),
        }
    }

    fn find_directory(&self, path: &Path) -> io::Result<Ino> {
        let machine = self.look(Area::Vaults)?;
        let ino = machine.tree.resolve(path)?;
        match machine.tree.inode(ino)?.node {
            Node::Directory(_) => Ok(ino),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    /// Makes a directory and its parents, and their names durable.
    fn make_directories(&self, path: &Path, area: Area) -> io::Result<Ino> {
        match self.find_directory(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            outcome => return outcome,
        }
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(TOP);
        };
        let above = self.make_directories(parent, Area::Vaults)?;
        self.make_directory(above, &name.to_string_lossy(), &path.to_string_lossy(), area)?;
        self.sync(above, &parent.to_string_lossy())?;
        self.find_directory(path)
    }

    /// An earlier process may have ended right after making one of them.
    fn sync_parents(&self, path: &Path) -> io::Result<()> {
        for parent in path.ancestors().skip(1) {
            let ino = self.find_directory(parent)?;
            self.sync(ino, &parent.to_string_lossy())?;
        }
        Ok(())
    }

    /// Makes a directory with mode 0700; whatever has the name already may keep it.
    pub(super) fn make_directory(&self, above: Ino, name: &str, path: &str, area: Area) -> io::Result<()> {
        let mut machine = self.change(OpKind::Mkdir, path, area)?;
        if !machine.tree.takes_names(above) {
            return Err(Errno::NOENT.into());
        }
        if machine.tree.child(above, name).is_none() {
            let made = machine
                .tree
                .add(Node::Directory(Directory::default()), 0o700, area);
            machine.tree.set_name(above, name, Some(made));
        }
        Ok(())
    }
}

impl VaultFs for SimProcess {
    fn open_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>> {
        let opened = self.find_directory(root);
        let ino = opened.map_err(|error| with_context(&error, "open the vault", root.display()))?;
        Ok(Box::new(SimRoot::new(self.clone(), ino, root)))
    }

    fn create_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>> {
        let made = self
            .make_directories(root, Area::Vaults)
            .and_then(|ino| self.sync_parents(root).map(|()| ino));
        let ino = made.map_err(|error| with_context(&error, "make the vault", root.display()))?;
        Ok(Box::new(SimRoot::new(self.clone(), ino, root)))
    }

    fn open_directory(&self, path: &Path) -> io::Result<Option<Box<dyn OwnDirectory>>> {
        match self.find_directory(path) {
            Ok(ino) => Ok(Some(Box::new(SimDirectory::new(self.clone(), ino, path)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(with_context(&error, "open", path.display())),
        }
    }

    fn create_directory(&self, path: &Path) -> io::Result<Box<dyn OwnDirectory>> {
        let made = self
            .make_directories(path, Area::Log)
            .and_then(|ino| self.sync_parents(path).map(|()| ino));
        let ino = made.map_err(|error| with_context(&error, "create the directory", path.display()))?;
        Ok(Box::new(SimDirectory::new(self.clone(), ino, path)))
    }
}

fn refuse_changes(machine: &Machine, area: Area) -> io::Result<()> {
    let faults = machine.faults(area);
    if faults.eio {
        return Err(Errno::IO.into());
    }
    match faults.read_only {
        true => Err(Errno::ROFS.into()),
        false => Ok(()),
    }
}

fn dead() -> io::Error {
    io::Error::other("the simulated process is dead")
}
