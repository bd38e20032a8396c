//! A daily file with any content, when the next start replays a group into it after a loss of power: no byte in it is
//! altered but zeros, the start succeeds, and what was acknowledged is skipped.

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use super::splice::splice;
use crate::{
    CheckpointPolicy, DailyFile, EventId, Options, PreparedBatch, PreparedFile, Receipt, Vault, VaultDirs,
    fs::sim::SimDisk, store::LoggedStore, wal::WalOptions, writer::inline::InlineWriter,
};

const PATH: &str = "/vault/Audio/2026-02-26.md";

/// What accepts the batches: the vault as the service has it, or the writer without its thread, which is many times faster.
pub trait Accept {
    fn open(options: Options, disk: &SimDisk) -> Self;
    fn send(&mut self, batch: PreparedBatch) -> Receipt;
    /// Ends in an orderly way.
    fn close(self);
    /// Ends after the process was killed.
    fn abandon(self);
}

/// As the service has it, with its thread.
impl Accept for Vault {
    fn open(options: Options, disk: &SimDisk) -> Self {
        let process = disk.process();
        let store = LoggedStore::simulated(&process, &options.wal).unwrap();
        Self::open_on(options, Arc::new(process), Arc::new(store), disk.boot_id()).unwrap()
    }

    fn send(&mut self, batch: PreparedBatch) -> Receipt {
        let (reply, answer) = mpsc::channel();
        self.append(batch, move |told| reply.send(told).unwrap());
        answer.recv().unwrap().unwrap()
    }

    fn close(self) {
        Self::close(&self).unwrap();
    }

    fn abandon(self) {
        // It fails, since the process has ended; but its thread ends too.
        assert!(Self::close(&self).is_err());
    }
}

impl Accept for InlineWriter {
    fn open(options: Options, disk: &SimDisk) -> Self {
        Self::open(&options, disk)
    }

    fn send(&mut self, batch: PreparedBatch) -> Receipt {
        self.send(batch).unwrap()
    }

    fn close(self) {
        self.close();
    }

    fn abandon(self) {}
}

fn options() -> Options {
    Options {
        db: "/db".into(),
        wal: WalOptions::small("/wal"),
        dirs: VaultDirs {
            default: "/vault".into(),
            tenants: "/tenants".into(),
        },
        min_free: 0,
        checkpoint: CheckpointPolicy {
            ids: 1 << 30,
            bytes: 1 << 40,
            age: Duration::from_secs(1 << 20),
        },
        open_files: 16,
    }
}

fn batch(first: u8) -> PreparedBatch {
    let mut file = PreparedFile {
        path: DailyFile {
            folder: "Audio",
            date: jiff::civil::date(2026, 2, 26),
        },
        header: b"---\nopenclone: 2\n---\n\n".to_vec(),
        ids: vec![],
        ends: vec![],
        hours: vec![],
        bytes: vec![],
    };
    for number in first..first + 3 {
        let id = EventId([number; 16]);
        file.bytes
            .extend(format!("- **12:00** {number}\n  more ^oc-{id}\n").bytes());
        file.ids.push(id);
        file.ends.push(u32::try_from(file.bytes.len()).unwrap());
    }
    PreparedBatch {
        tenant: "default".into(),
        files: vec![file],
    }
}

/// One input.
pub fn run<T: Accept>(input: &[u8]) {
    let disk = SimDisk::new(1);
    // The file's name is durable, so that it outlives the loss of power; the second batch is in the journal only.
    let mut vault = T::open(options(), &disk);
    assert_eq!(vault.send(batch(0)).stored, 3);
    vault.close();
    let mut vault = T::open(options(), &disk);
    assert_eq!(vault.send(batch(3)).stored, 3);
    let ours = disk.read(PATH).unwrap();
    disk.kill();
    vault.abandon();
    let found = splice(&[&ours], input);
    disk.user_rewrite(PATH, &found).unwrap();
    disk.power_loss(1);
    let mut vault = T::open(options(), &disk);
    let left = disk.read(PATH).unwrap();
    assert!(left.len() >= found.len(), "something was cut off");
    assert!(
        found.iter().zip(&left).all(|(old, new)| old == new || *old == 0),
        "a byte was altered"
    );
    assert_eq!(
        (vault.send(batch(3)).skipped, disk.read(PATH).unwrap()),
        (3, left)
    );
    vault.close();
}
