//! A daily file with any content, when the next start replays a group into it after a loss of power: no byte in it is
//! altered but zeros, the start succeeds, and what was acknowledged is skipped.
use super::splice::splice;
use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use openclone_vault::{
    CheckpointPolicy, DailyFile, EventId, Options, PreparedBatch, PreparedFile, Receipt, Vault, VaultDirs,
    fs::sim::SimDisk, store::sim::SimStore,
};

const PATH: &str = "/vault/Audio/2026-02-26.md";

fn open(disk: &SimDisk) -> Vault {
    let options = Options {
        db: "/db".into(),
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
    };
    let process = disk.process();
    let store = SimStore::open(&process).unwrap();
    Vault::open_on(options, Arc::new(process), Arc::new(store), disk.boot_id()).unwrap()
}

fn batch(first: u8) -> PreparedBatch {
    let mut file = PreparedFile {
        path: DailyFile {
            folder: "Audio",
            date: jiff::civil::date(2026, 2, 26),
        },
        header: b"---\nopenclone: 1\n---\n\n".to_vec(),
        ids: vec![],
        ends: vec![],
        bytes: vec![],
    };
    for number in first..first + 3 {
        let id = EventId([number; 16]);
        file.bytes
            .extend(format!("- **12:00:00** {number}\n  more ^oc-{id}\n").bytes());
        file.ids.push(id);
        file.ends.push(file.bytes.len() as u32);
    }
    PreparedBatch {
        tenant: "default".into(),
        files: vec![file],
    }
}

fn send(vault: &Vault, first: u8) -> Receipt {
    let (reply, answer) = mpsc::channel();
    vault.append(batch(first), move |told| reply.send(told).unwrap());
    answer.recv().unwrap().unwrap()
}

/// One input.
pub(crate) fn run(input: &[u8]) {
    let disk = SimDisk::new(1);
    // The file's name is durable, so that it outlives the loss of power; the second batch is in the journal only.
    let vault = open(&disk);
    assert_eq!(send(&vault, 0).stored, 3);
    vault.close().unwrap();
    let vault = open(&disk);
    assert_eq!(send(&vault, 3).stored, 3);
    let ours = disk.read(PATH).unwrap();
    disk.kill();
    // It fails, since the process has ended; but its thread must end too, or a million inputs leave a million of them.
    assert!(vault.close().is_err());
    let found = splice(&[&ours], input);
    disk.user_rewrite(PATH, &found).unwrap();
    disk.power_loss(1);
    let vault = open(&disk);
    let left = disk.read(PATH).unwrap();
    assert!(left.len() >= found.len(), "something was cut off");
    assert!(
        found.iter().zip(&left).all(|(old, new)| old == new || *old == 0),
        "a byte was altered"
    );
    assert_eq!((send(&vault, 3).skipped, disk.read(PATH).unwrap()), (3, left));
    vault.close().unwrap();
}
