//! What users, editors and sync tools do to a vault behind our back, and what a tester wants to see. None of it counts as
//! an operation, fails by a fault, or is lost with the power.

use std::{io, path::Path};

use rustix::io::Errno;

use super::{
    Area, SimDisk,
    content::Content,
    machine::Machine,
    tree::{Directory, Ino, Node},
};

/// All paths are absolute, and `io::Result`s are as those of `std::fs`.
#[allow(clippy::missing_errors_doc)]
impl SimDisk {
    /// A file's bytes; `None` if there is no file.
    pub fn read(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let machine = self.machine();
        let ino = machine.tree.resolve(path.as_ref()).ok()?;
        machine
            .tree
            .content(ino)
            .ok()
            .map(|content| content.bytes().to_vec())
    }

    /// The bytes of a file that no power loss can change.
    pub fn read_durable(&self, path: impl AsRef<Path>) -> Option<Vec<u8>> {
        let machine = self.machine();
        let ino = machine.tree.resolve(path.as_ref()).ok()?;
        machine
            .tree
            .content(ino)
            .ok()
            .map(|content| content.durable_bytes().to_vec())
    }

    /// The names in a directory.
    pub fn list(&self, path: impl AsRef<Path>) -> Vec<String> {
        let machine = self.machine();
        machine
            .tree
            .resolve(path.as_ref())
            .map(|ino| machine.tree.names(ino))
            .unwrap_or_default()
    }

    /// The permissions of what stands at a path.
    pub fn mode(&self, path: impl AsRef<Path>) -> io::Result<u32> {
        let machine = self.machine();
        let ino = machine.tree.resolve(path.as_ref())?;
        Ok(machine.tree.inode(ino)?.mode)
    }

    /// Makes a new file, or puts one in the place of another by a rename, as most editors do: another inode.
    pub fn user_replace(&self, path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        let mut content = Content::default();
        content.write(0, bytes);
        content.sync();
        self.place(path.as_ref(), Node::File(content), 0o644)
    }

    /// Shortens a file to nothing and writes it again: the same inode.
    pub fn user_rewrite(&self, path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        self.edit(path.as_ref(), |_| bytes.to_vec())
    }

    /// Inserts into a file in place.
    pub fn user_insert(&self, path: impl AsRef<Path>, offset: usize, bytes: &[u8]) -> io::Result<()> {
        self.edit(path.as_ref(), |old| {
            [&old[..offset], bytes, &old[offset..]].concat()
        })
    }

    /// Appends to a file in place.
    pub fn user_append(&self, path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        self.edit(path.as_ref(), |old| [old, bytes].concat())
    }

    /// Deletes a file or a whole directory.
    pub fn user_delete(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let mut machine = self.machine();
        let (above, name) = parent(&machine, path.as_ref())?;
        machine.tree.child(above, &name).ok_or(Errno::NOENT)?;
        machine.tree.set_name(above, &name, None);
        machine.tree.settle_name(above, &name);
        Ok(())
    }

    /// Renames a file or a directory, over another file if there is one.
    pub fn user_rename(&self, from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
        let mut machine = self.machine();
        let (from_above, from_name) = parent(&machine, from.as_ref())?;
        let (to_above, to_name) = parent(&machine, to.as_ref())?;
        let ino = machine.tree.child(from_above, &from_name).ok_or(Errno::NOENT)?;
        machine
            .tree
            .move_name((from_above, &from_name), (to_above, &to_name), ino);
        Ok(())
    }

    /// Makes a directory.
    pub fn user_mkdir(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.place(path.as_ref(), Node::Directory(Directory::default()), 0o755)
    }

    /// Puts a symbolic link at `path`, in the place of whatever stood there.
    pub fn user_symlink(&self, path: impl AsRef<Path>, target: &str) -> io::Result<()> {
        self.place(path.as_ref(), Node::SymbolicLink(target.to_owned()), 0o777)
    }

    /// Puts a FIFO at `path`, in the place of whatever stood there.
    pub fn user_fifo(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.place(path.as_ref(), Node::Fifo, 0o644)
    }

    /// Changes permissions.
    pub fn user_chmod(&self, path: impl AsRef<Path>, mode: u32) -> io::Result<()> {
        let mut machine = self.machine();
        let ino = machine.tree.resolve(path.as_ref())?;
        machine.tree.inode_mut(ino)?.mode = mode;
        Ok(())
    }

    fn edit(&self, path: &Path, change: impl FnOnce(&[u8]) -> Vec<u8>) -> io::Result<()> {
        let mut machine = self.machine();
        let ino = machine.tree.resolve(path)?;
        let content = machine.tree.content_mut(ino)?;
        let changed = change(content.bytes());
        content.truncate(0);
        content.write(0, &changed);
        content.sync();
        Ok(())
    }

    fn place(&self, path: &Path, node: Node, mode: u32) -> io::Result<()> {
        let mut machine = self.machine();
        let (above, name) = parent(&machine, path)?;
        let ino = machine.tree.add(node, mode, Area::Vaults);
        machine.tree.set_name(above, &name, Some(ino));
        machine.tree.settle_name(above, &name);
        Ok(())
    }
}

fn parent(machine: &Machine, path: &Path) -> io::Result<(Ino, String)> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Errno::INVAL.into());
    };
    let above = machine.tree.resolve(above)?;
    match machine.tree.takes_names(above) {
        true => Ok((above, name.to_string_lossy().into_owned())),
        false => Err(Errno::NOTDIR.into()),
    }
}
