//! An open vault directory on the simulated disk.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use rustix::io::Errno;

use super::{
    Area, OpKind, SimProcess,
    file::{SimFile, file_id},
    machine::Machine,
    tree::{Ino, Node},
};
use crate::{
    entry::DailyFile,
    fs::{
        FileId, Listing, MARKER, MARKER_LIMIT, MountIdentity, NamedFile, Space, VaultFile, VaultRoot,
        folders,
        obstacle::{Obstacle, with_context},
    },
};

/// The vault's directory; like a descriptor, it stays the same one when something else takes its path.
pub(super) struct SimRoot {
    process: SimProcess,
    ino: Ino,
    path: PathBuf,
}

impl SimRoot {
    pub(super) fn new(process: SimProcess, ino: Ino, path: &Path) -> Self {
        let path = path.to_owned();
        Self { process, ino, path }
    }

    /// The folder's directory; `None` if there is none.
    fn folder(&self, machine: &Machine, folder: &Path) -> io::Result<Option<Ino>> {
        let (mut here, mut path) = (self.ino, PathBuf::new());
        for step in folder {
            let Some(ino) = machine.tree.child(here, &step.to_string_lossy()) else {
                return Ok(None);
            };
            path.push(step);
            match machine.tree.inode(ino)?.node {
                Node::Directory(_) => here = ino,
                Node::SymbolicLink(_) => return Err(Obstacle::SymbolicLink.error(self.show(path.display()))),
                _ => return Err(Obstacle::NotDirectory.error(self.show(path.display()))),
            }
        }
        Ok(Some(here))
    }

    /// Adds what is in `folder`, and below it.
    fn list(&self, folder: &Path, listing: &mut Listing) -> io::Result<()> {
        let machine = self.process.look(Area::Vaults)?;
        let Some(ino) = self.folder(&machine, folder)? else {
            return Ok(());
        };
        let mut below = Vec::new();
        for name in machine.tree.names(ino) {
            let Some(child) = machine.tree.child(ino, &name) else {
                continue;
            };
            let path = folder.join(&name);
            let is_own = folder.as_os_str().is_empty() && folders().contains(&name.as_str());
            match &machine.tree.inode(child)?.node {
                Node::Directory(_) if NamedFile::is_searched(folder, name.as_ref()) => below.push(path),
                Node::Directory(_) => {}
                _ if is_own => below.push(path),
                node if NamedFile::is_listed(name.as_ref()) => {
                    let file = NamedFile::new(folder, name);
                    let is_ours = file.as_ref().is_some_and(|file| file.own_folder().is_some());
                    let is_file = matches!(node, Node::File(_));
                    listing.files.extend(file.filter(|_| is_ours || is_file));
                }
                _ => {}
            }
        }
        drop(machine);
        for path in below {
            if let Err(error) = self.list(&path, listing) {
                listing.unreadable.push((path, error));
            }
        }
        Ok(())
    }

    /// The regular file `target`; `None` if there is none.
    fn find(&self, machine: &Machine, target: &NamedFile) -> io::Result<Option<Ino>> {
        let Some(folder) = self.folder(machine, target.folder())? else {
            return Ok(None);
        };
        let name = target.name().to_string_lossy();
        let Some(ino) = machine.tree.child(folder, &name) else {
            return Ok(None);
        };
        let obstacle = match machine.tree.inode(ino)?.node {
            Node::File(_) => return Ok(Some(ino)),
            Node::Directory(_) => Obstacle::Directory,
            Node::SymbolicLink(_) => Obstacle::SymbolicLink,
            Node::Fifo => Obstacle::Fifo,
        };
        Err(obstacle.error(self.show(target)))
    }

    fn open_with(&self, target: &NamedFile, permissions: u32) -> io::Result<Option<Box<dyn VaultFile>>> {
        let machine = self.process.look(Area::Vaults)?;
        let Some(ino) = self.find(&machine, target)? else {
            return Ok(None);
        };
        let writable = permissions & 0o200 != 0;
        let refused = match () {
            () if machine.tree.inode(ino)?.mode & permissions != permissions => Some(Errno::ACCESS),
            () if writable && machine.faults(Area::Vaults).read_only => Some(Errno::ROFS),
            () => None,
        };
        if let Some(errno) = refused {
            return Err(with_context(&errno.into(), "open", self.show(target)));
        }
        let file = SimFile::new(
            self.process.clone(),
            ino,
            self.show(target),
            Area::Vaults,
            writable,
        );
        Ok(Some(Box::new(file)))
    }

    fn make_folder(&self, folder: &str) -> io::Result<Ino> {
        let found = self.folder(&*self.process.look(Area::Vaults)?, Path::new(folder))?;
        if let Some(ino) = found {
            return Ok(ino);
        }
        self.process
            .make_directory(self.ino, folder, &self.show(folder), Area::Vaults)?;
        let made = self.folder(&*self.process.look(Area::Vaults)?, Path::new(folder))?;
        made.ok_or_else(|| Errno::NOENT.into())
    }

    /// Gives `name` to a file unless something has it.
    fn link(&self, folder: Ino, target: &NamedFile, ino: Ino) -> io::Result<bool> {
        let name = target.name().to_string_lossy();
        let mut machine = self
            .process
            .change(OpKind::Link, &self.show(target), Area::Vaults)?;
        if !machine.tree.takes_names(folder) {
            return Err(Errno::NOENT.into());
        }
        if machine.tree.child(folder, &name).is_some() {
            return Ok(false);
        }
        machine.tree.set_name(folder, &name, Some(ino));
        Ok(true)
    }

    fn try_create(&self, target: &NamedFile, bytes: &[u8]) -> io::Result<Option<Box<dyn VaultFile>>> {
        let folder = self.make_folder(&target.folder().to_string_lossy())?;
        let path = self.show(target);
        let ino = self.process.make_unnamed(&path, bytes, 0o600, Area::Vaults)?;
        let linked = self.link(folder, target, ino)?;
        let file = SimFile::new(self.process.clone(), ino, path, Area::Vaults, true);
        Ok(linked.then(|| Box::new(file) as _))
    }

    fn show(&self, below: impl fmt::Display) -> String {
        format!("{}/{below}", self.path.display())
    }
}

impl VaultRoot for SimRoot {
    fn mount(&self) -> Option<MountIdentity> {
        let machine = self.process.look(Area::Vaults).ok()?;
        let disk_sequence = machine.disk_sequence?;
        Some(MountIdentity {
            device: file_id(self.ino).dev,
            file_system: 1,
            disk_sequence,
            mount: None,
        })
    }

    fn space(&self) -> io::Result<Space> {
        let machine = self.process.look(Area::Vaults)?;
        Ok(Space {
            free: machine.free(Area::Vaults, None),
            read_only: machine.faults(Area::Vaults).read_only,
        })
    }

    fn read_marker(&self) -> io::Result<Option<String>> {
        let machine = self.process.look(Area::Vaults)?;
        let Some(ino) = machine.tree.child(self.ino, MARKER) else {
            return Ok(None);
        };
        let bytes = match &machine.tree.inode(ino)?.node {
            Node::File(content) => content.bytes(),
            Node::SymbolicLink(_) => return Err(Obstacle::SymbolicLink.error(self.show(MARKER))),
            Node::Directory(_) => return Err(Obstacle::Directory.error(self.show(MARKER))),
            Node::Fifo => return Err(Obstacle::Fifo.error(self.show(MARKER))),
        };
        let text = std::str::from_utf8(bytes)
            .ok()
            .filter(|text| text.len() as u64 <= MARKER_LIMIT);
        let refused = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{} is no marker", self.show(MARKER)),
            )
        };
        text.map(|text| Some(text.to_owned())).ok_or_else(refused)
    }

    fn write_marker(&self, content: &str) -> io::Result<()> {
        let path = self.show(MARKER);
        let made = self
            .process
            .make_unnamed(&path, content.as_bytes(), 0o600, Area::Vaults);
        made.and_then(|made| self.process.put((self.ino, MARKER), made, &path))
            .map_err(|error| with_context(&error, "write", path))
    }

    fn stat(&self, path: DailyFile) -> io::Result<Option<FileId>> {
        let machine = self.process.look(Area::Vaults)?;
        Ok(self.find(&machine, &path.into())?.map(file_id))
    }

    fn open(&self, path: DailyFile) -> io::Result<Option<Box<dyn VaultFile>>> {
        self.open_with(&path.into(), 0o600)
    }

    fn create(&self, path: DailyFile, bytes: &[u8]) -> io::Result<Option<Box<dyn VaultFile>>> {
        self.try_create(&path.into(), bytes)
            .map_err(|error| with_context(&error, "make", self.show(path)))
    }

    fn sync_folder(&self, folder: &'static str) -> io::Result<()> {
        let found = self.folder(&*self.process.look(Area::Vaults)?, Path::new(folder))?;
        if let Some(ino) = found {
            let path = self.show(folder);
            self.process
                .sync(ino, &path)
                .map_err(|error| with_context(&error, "sync", path))?;
        }
        let path = self.path.display();
        self.process
            .sync(self.ino, &path.to_string())
            .map_err(|error| with_context(&error, "sync", path))
    }

    fn markdown_files(&self) -> Listing {
        let mut all = Listing::default();
        if let Err(error) = self.list(Path::new(""), &mut all) {
            all.unreadable.push((PathBuf::new(), error));
        }
        all.files.sort();
        all
    }

    fn open_named(&self, file: &NamedFile) -> io::Result<Option<Box<dyn VaultFile>>> {
        self.open_with(file, 0o400)
    }

    fn replace(&self, file: &NamedFile, bytes: &[u8]) -> io::Result<()> {
        let path = self.show(file);
        let machine = self.process.look(Area::Vaults)?;
        let found = self
            .find(&machine, file)?
            .zip(self.folder(&machine, file.folder())?);
        let (ino, folder) = found.ok_or_else(|| with_context(&Errno::NOENT.into(), "replace", &path))?;
        let mode = machine.tree.inode(ino)?.mode;
        drop(machine);
        let made = self.process.make_unnamed(&path, bytes, mode, Area::Vaults);
        made.and_then(|made| {
            self.process
                .put((folder, &file.name().to_string_lossy()), made, &path)
        })
        .map_err(|error| with_context(&error, "replace", path))
    }
}
