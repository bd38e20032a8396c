//! A directory of the service's own files on the simulated disk.

use std::{
    io,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use super::{
    Area, OpKind, SimProcess,
    content::Content,
    file::SimFile,
    tree::{Ino, Node},
};
use crate::fs::{Directory, Space, VaultFile, obstacle::with_context};

/// Its files belong to [`Area::Log`].
pub(super) struct SimDirectory {
    process: SimProcess,
    ino: Ino,
    path: PathBuf,
}

impl SimDirectory {
    pub(super) fn new(process: SimProcess, ino: Ino, path: &Path) -> Self {
        let path = path.to_owned();
        Self { process, ino, path }
    }

    fn file(&self, name: &str, ino: Ino) -> Box<dyn VaultFile> {
        let process = self.process.clone();
        Box::new(SimFile::new(process, ino, self.show(name), Area::Log, true))
    }

    fn show(&self, name: &str) -> String {
        self.path.join(name).display().to_string()
    }
}

impl Directory for SimDirectory {
    /// A simulated machine runs one process at a time.
    fn lock(&self) -> io::Result<()> {
        Ok(())
    }

    fn space(&self) -> io::Result<Space> {
        let machine = self.process.look(Area::Log)?;
        Ok(Space {
            free: machine.free(Area::Log, None),
            read_only: machine.faults(Area::Log).read_only,
        })
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.process.look(Area::Log)?.tree.names(self.ino))
    }

    fn open(&self, name: &str) -> io::Result<Option<Box<dyn VaultFile>>> {
        let machine = self.process.look(Area::Log)?;
        let Some(ino) = machine.tree.child(self.ino, name) else {
            return Ok(None);
        };
        match machine.tree.inode(ino)?.node {
            Node::File(_) => Ok(Some(self.file(name, ino))),
            _ => Err(with_context(&Errno::INVAL.into(), "open", self.show(name))),
        }
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn VaultFile>> {
        let mut machine = self.process.change(OpKind::Link, &self.show(name), Area::Log)?;
        if machine.tree.child(self.ino, name).is_some() {
            return Err(Errno::EXIST.into());
        }
        let made = machine.tree.add(Node::File(Content::default()), 0o600, Area::Log);
        machine.tree.set_name(self.ino, name, Some(made));
        drop(machine);
        Ok(self.file(name, made))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut machine = self.process.change(OpKind::Rename, &self.show(to), Area::Log)?;
        let ino = machine.tree.child(self.ino, from).ok_or(Errno::NOENT)?;
        machine.tree.set_name(self.ino, to, Some(ino));
        machine.tree.set_name(self.ino, from, None);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut machine = self.process.change(OpKind::Remove, &self.show(name), Area::Log)?;
        machine.tree.set_name(self.ino, name, None);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        self.process.sync(self.ino, &self.path.display().to_string())
    }
}
