//! A simulated machine with a disk, for tests: it forgets what was not synced, as a real one may.
//!
//! One disk carries any number of vaults (as directories of one tree), and one log file outside of them for the
//! journal's twin. Programs see the page cache; a [`SimDisk::power_loss`] leaves what was synced, and of the rest
//! whatever a real disk might: each 4 KiB page old, new or torn between 512-byte sectors, the length any that the file
//! had in between or the full one with zeros in its holes, and each name old or new. [`SimDisk::kill`] ends the process
//! only: the page cache stays. Both are deterministic by seed.
//!
//! Simplifications: what a user does ([`SimDisk::user_rewrite`] and so on) is durable at once, with all of the file's
//! content; a directory whose sync failed is synced by the next sync.

mod content;
mod directory;
mod file;
mod log;
mod machine;
mod own_directory;
mod process;
mod root;
#[cfg(test)]
mod tests;
mod tree;
mod user;

use std::{
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Directory, VaultFs, VaultRoot};
use machine::Machine;

pub use log::SimLog;
pub use process::SimProcess;

/// The machine, as its tester holds it. Clones are the same machine.
///
/// It is a [`VaultFs`] too, for whichever process runs at the time of the call. When a killed process may have threads
/// left, give it [`SimDisk::process`] instead: that dies with it.
#[derive(Clone)]
pub struct SimDisk {
    shared: Arc<Shared>,
}

/// A part of the disk with limits and faults of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// All vaults.
    Vaults,
    /// The log file.
    Log,
    /// Both.
    Everywhere,
}

/// An operation that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// Its number, from 1.
    pub number: u64,
    /// What it does.
    pub kind: OpKind,
    /// What it is done to.
    pub path: String,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum OpKind {
    Write,
    Truncate,
    Sync,
    Link,
    Rename,
    Remove,
    Mkdir,
}

type Hook = Box<dyn FnMut(&SimDisk, &Op) + Send>;

struct Shared {
    machine: Mutex<Machine>,
    hook: Mutex<Option<Hook>>,
}

impl SimDisk {
    /// A machine with an empty disk. The seed decides where writes are cut when the process dies.
    pub fn new(seed: u64) -> Self {
        let shared = Shared {
            machine: Mutex::new(Machine::new(seed)),
            hook: Mutex::new(None),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The process that runs now. Its handles, and all that were opened through them, fail once it has ended.
    pub fn process(&self) -> SimProcess {
        SimProcess::new(self.clone(), self.machine().process)
    }

    /// The log file, for the process that runs now.
    pub fn log(&self) -> SimLog {
        self.process().log()
    }

    /// Ends the process, as `kill -9` does, and starts the next.
    pub fn kill(&self) {
        self.machine().end_process();
    }

    /// Cuts the power and starts the machine again. What survives of unsynced changes depends on `seed`.
    pub fn power_loss(&self, seed: u64) {
        self.machine().lose_power(seed);
    }

    /// Ends the process, unplugs the disk with the vaults, and plugs it in again within the same boot. What survives of
    /// unsynced changes to it depends on `seed`; nothing else is lost.
    pub fn replug(&self, seed: u64) {
        self.machine().replug(seed);
    }

    /// From now on the file system of the vaults has no identity, as network file systems have none.
    pub fn hide_identity(&self) {
        self.machine().disk_sequence = None;
    }

    /// Changes with each power loss, and only then.
    pub fn boot_id(&self) -> [u8; 16] {
        u128::from(self.machine().boots).to_be_bytes()
    }

    /// How many operations that change something have begun since the disk was made.
    pub fn ops(&self) -> u64 {
        self.machine().ops
    }

    /// How many bytes of daily files processes have read since the disk was made.
    pub fn bytes_read(&self) -> u64 {
        self.machine().bytes_read
    }

    /// Lets the process die when it begins operation number `op` (see [`Self::ops`]): that and everything after it fails
    /// until [`Self::kill`] or [`Self::power_loss`]. If it is a write, some of its bytes may still arrive.
    pub fn die_at(&self, op: u64) {
        self.machine().die_at = Some(op);
    }

    /// Whether the process has died at its appointed operation.
    pub fn is_dead(&self) -> bool {
        self.machine().dead
    }

    /// Lets the `nth` sync of an area from now, counted from 1, fail with `kind`. As on Linux, what it should have
    /// written counts as clean afterwards: a later sync succeeds and does not write it either.
    pub fn fail_nth_sync(&self, area: Area, nth: u64, kind: io::ErrorKind) {
        self.machine().fail_sync(area, nth, Some(kind));
    }

    /// As [`Self::fail_nth_sync`], with the `EIO` of a disk that has lost what it was given.
    pub fn eio_nth_sync(&self, area: Area, nth: u64) {
        self.machine().fail_sync(area, nth, None);
    }

    /// Limits the bytes in an area's files; writes are short at the limit and fail beyond it.
    pub fn capacity(&self, area: Area, bytes: Option<u64>) {
        self.machine().set_faults(area, |faults| faults.capacity = bytes);
    }

    /// Mounts an area read-only, or not.
    pub fn read_only(&self, area: Area, on: bool) {
        self.machine().set_faults(area, |faults| faults.read_only = on);
    }

    /// Lets everything on an area fail with `EIO`, or not.
    pub fn eio(&self, area: Area, on: bool) {
        self.machine().set_faults(area, |faults| faults.eio = on);
    }

    /// Calls `hook` before each operation that changes something, from the thread that does it. It may use the disk, also
    /// kill the process, but neither open files through it nor call this method.
    pub fn on_op(&self, hook: Option<impl FnMut(&Self, &Op) + Send + 'static>) {
        let boxed = hook.map(|hook| Box::new(hook) as Hook);
        *lock(&self.shared.hook) = boxed;
    }

    fn call_hook(&self, op: &Op) {
        if let Some(hook) = lock(&self.shared.hook).as_mut() {
            hook(self, op);
        }
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        lock(&self.shared.machine)
    }
}

impl VaultFs for SimDisk {
    fn open_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>> {
        self.process().open_root(root)
    }

    fn create_root(&self, root: &Path) -> io::Result<Box<dyn VaultRoot>> {
        self.process().create_root(root)
    }

    fn open_directory(&self, path: &Path) -> io::Result<Option<Box<dyn Directory>>> {
        self.process().open_directory(path)
    }

    fn create_directory(&self, path: &Path) -> io::Result<Box<dyn Directory>> {
        self.process().create_directory(path)
    }
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimDisk")
            .field("ops", &self.ops())
            .finish_non_exhaustive()
    }
}

impl Area {
    /// Faults of everything are kept for each area.
    fn index(self) -> usize {
        usize::from(self == Self::Log)
    }
}

/// A test that panicked with the lock held has failed anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
