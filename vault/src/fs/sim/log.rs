//! The log file outside the vaults, for the journal's twin.

use std::io;

use rustix::io::Errno;

use super::{
    Area, OpKind, SimProcess,
    content::Content,
    tree::{Ino, LOG, Node, TOP},
};

/// The log file, as one process sees it.
#[derive(Clone, Debug)]
pub struct SimLog {
    process: SimProcess,
}

impl SimLog {
    pub(super) fn new(process: SimProcess) -> Self {
        Self { process }
    }

    /// All of its bytes.
    ///
    /// # Errors
    /// When the disk or the process is dead, as everywhere here.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let machine = self.process.look(Area::Log)?;
        let ino = machine.tree.child(TOP, LOG).ok_or(Errno::NOENT)?;
        Ok(machine.tree.content(ino)?.bytes().to_vec())
    }

    /// Appends, with one write; not durable.
    ///
    /// # Errors
    /// Also when the disk is full; some of the bytes may then have been appended.
    pub fn append(&self, bytes: &[u8]) -> io::Result<()> {
        let (_, written) = self.process.write(self.ino()?, LOG, None, bytes)?;
        match written == bytes.len() {
            true => Ok(()),
            false => Err(Errno::NOSPC.into()),
        }
    }

    /// Makes its content and length durable.
    ///
    /// # Errors
    /// When the sync fails; what is durable is then unknown.
    pub fn sync(&self) -> io::Result<()> {
        self.process.sync(self.ino()?, LOG)
    }

    /// Shortens it to `length` bytes; not durable.
    ///
    /// # Errors
    /// When it cannot be changed.
    pub fn truncate(&self, length: usize) -> io::Result<()> {
        let ino = self.ino()?;
        let mut machine = self.process.change(OpKind::Truncate, LOG, Area::Log)?;
        machine.tree.content_mut(ino)?.truncate(length);
        Ok(())
    }

    /// Puts `bytes` in its place, durably and in one step.
    ///
    /// # Errors
    /// When that fails; the old content then still stands there, unless it was the last sync that failed.
    pub fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let file = Node::File(Content::default());
        let made = self.process.look(Area::Log)?.tree.add(file, 0o600, Area::Log);
        self.process.write_all(made, LOG, bytes)?;
        self.process.sync(made, LOG)?;
        self.process
            .change(OpKind::Rename, LOG, Area::Log)?
            .tree
            .set_name(TOP, LOG, Some(made));
        self.process.sync(TOP, "/")
    }

    fn ino(&self) -> io::Result<Ino> {
        let machine = self.process.look(Area::Log)?;
        Ok(machine.tree.child(TOP, LOG).ok_or(Errno::NOENT)?)
    }
}
