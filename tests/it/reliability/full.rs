//! Row 4: the disk of the vault, of the log, of the database, or of several is full or read-only for a while.

use std::{
    panic::catch_unwind,
    thread,
    time::{Duration, Instant},
};

use super::{disks::Disk, sender::Sender};
use openclone_test_support::scoreboard::{Against, Row, env_number};

/// Of the vault's disk. Where that of the database is to fill up, more than a checkpoint waits for.
const VAULT_MIB: u64 = 24;
const LARGE_VAULT_MIB: u64 = 200;
/// Of the log's and of the database's.
const HOME_MIB: u64 = 64;
/// Characters in an event's text, so that a disk fills up in the middle of one.
const SIZE: usize = 9_000;
/// How long the service may take to notice that it can go on.
const TIMEOUT: Duration = Duration::from_secs(40);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lack {
    Vault,
    Log,
    Database,
    Both,
    ReadOnly,
}

/// What happens after batches were rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    GoesOn,
    Killed,
}

/// A service on disks of its own, and who sends to it. The disks go last.
struct Scene {
    sender: Sender,
    serve: Option<crate::process::Serve>,
    vault: Disk,
    log: Disk,
    db: Disk,
    _dir: tempfile::TempDir,
}

impl Scene {
    fn new(lack: Lack, against: Against) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home");
        let vault = Disk::mount(
            "ext4",
            &dir.path().join("vault.img"),
            &home.join("vault"),
            match lack {
                Lack::Database => LARGE_VAULT_MIB,
                _ => VAULT_MIB,
            },
        )?;
        let small = |name: &str| {
            let image = dir.path().join(format!("{name}.img"));
            Disk::mount("ext2", &image, &home.join(name), HOME_MIB)
        };
        let (log, db) = (small("wal")?, small("db")?);
        let sender = Sender::with(home, SIZE, against);
        let serve = Some(sender.serve());
        Some(Self {
            sender,
            serve,
            vault,
            log,
            db,
            _dir: dir,
        })
    }

    fn url(&self) -> String {
        self.serve.as_ref().unwrap().url.clone()
    }

    /// `left` is what the vault has left.
    fn take_away(&self, lack: Lack, left: u64) {
        match lack {
            Lack::Vault => self.vault.fill(left),
            Lack::Log => self.log.fill(0),
            Lack::Database => self.db.fill(0),
            Lack::Both => {
                self.vault.fill(left);
                self.log.fill(0);
                self.db.fill(0);
            }
            Lack::ReadOnly => self.vault.read_only(true),
        }
    }

    fn give_back(&self, lack: Lack) {
        match lack {
            Lack::Vault => self.vault.free(),
            Lack::Log => self.log.free(),
            Lack::Database => self.db.free(),
            Lack::Both => {
                self.vault.free();
                self.log.free();
                self.db.free();
            }
            Lack::ReadOnly => self.vault.read_only(false),
        }
    }

    /// Sends until several batches have been rejected; returns these batches.
    fn send_until_rejected(&mut self, most: u32) -> Result<Vec<u32>, String> {
        let (url, mut rejected) = (self.url(), Vec::new());
        let first = self.sender.sent.last().map_or(0, |last| last + 1);
        for batch in first..first + most {
            let outcome = self
                .sender
                .send(&url, batch)
                .map_err(|error| format!("no response: {error}"))?;
            match outcome.status {
                200 => {}
                500 | 503 => rejected.push(batch),
                _ => return Err(format!("batch {batch} was answered {outcome:?}")),
            }
            if rejected.len() == 3 {
                break;
            }
        }
        Ok(rejected)
    }

    /// Waits until the service goes on by itself.
    fn await_service(&mut self, batch: u32) -> Result<u32, String> {
        let (url, began) = (self.url(), Instant::now());
        let mut answer = String::new();
        while began.elapsed() < TIMEOUT {
            let outcome = self
                .sender
                .send(&url, batch)
                .map_err(|error| format!("no response: {error}"))?;
            if outcome.status == 200 {
                return Ok(outcome.skipped);
            }
            answer = format!("{outcome:?}");
            thread::sleep(Duration::from_millis(100));
        }
        Err(format!("the service does not go on by itself: {answer}"))
    }
}

/// `None` if this machine cannot try it.
fn trial(lack: Lack, left: u64, then: Then, against: Against) -> Option<Result<(), String>> {
    let mut scene = Scene::new(lack, against)?;
    Some(match then {
        Then::GoesOn => outage(&mut scene, lack, left),
        Then::Killed => killed(&mut scene, lack, left),
    })
}

fn outage(scene: &mut Scene, lack: Lack, left: u64) -> Result<(), String> {
    let rejected = refusals(scene, lack, left)?;
    let first = *rejected.first().ok_or("nothing was rejected")?;
    scene.give_back(lack);
    let skipped = scene.await_service(first)?;
    if lack == Lack::Vault && left > 0 && skipped != 4 {
        return Err(format!(
            "batch {first} was in the journal, and of its 4 events {skipped} were skipped"
        ));
    }
    let url = scene.url();
    scene.sender.resend(&url, true)?;
    scene.serve.take().unwrap().kill();
    let serve = scene.sender.serve();
    scene.sender.check()?;
    scene.sender.resend(&serve.url, true)?;
    assert_eq!(serve.terminate(), Some(0));
    scene.sender.check()
}

/// Takes the space away, and sends until batches are rejected: those.
fn refusals(scene: &mut Scene, lack: Lack, left: u64) -> Result<Vec<u32>, String> {
    let url = scene.url();
    // A file that is open for writing would keep the disk from being made read-only.
    let before = if lack == Lack::ReadOnly { 0 } else { 4 };
    for batch in 0..before {
        let outcome = scene
            .sender
            .send(&url, batch)
            .map_err(|error| error.to_string())?;
        assert_eq!(outcome.status, 200, "{outcome:?}");
    }
    scene.take_away(lack, left);
    scene.send_until_rejected(4_000)
}

/// It is killed while it has no space: what was rejected must not have left anything behind that makes a resend lie. With
/// a full vault it is even started so, and goes on when the space is there.
fn killed(scene: &mut Scene, lack: Lack, left: u64) -> Result<(), String> {
    let rejected = refusals(scene, lack, left)?;
    scene.serve.take().unwrap().kill();
    if lack == Lack::Vault {
        scene.serve = Some(scene.sender.serve());
        scene.give_back(lack);
    } else {
        scene.give_back(lack);
        scene.serve = Some(scene.sender.serve());
    }
    scene.await_service(*rejected.first().ok_or("nothing was rejected")?)?;
    let url = scene.url();
    scene.sender.resend(&url, true)?;
    assert_eq!(scene.serve.take().unwrap().terminate(), Some(0));
    scene.sender.check()
}

const ROWS: [(&str, Lack, &[u64], &[Against]); 5] = [
    (
        "ENOSPC, vault",
        Lack::Vault,
        &[8_192, 20_480, 53_248],
        &[Against::IdFirst, Against::BytesFirst],
    ),
    // The faulty writers have no log.
    ("ENOSPC, log", Lack::Log, &[0], &[]),
    // Where no id can be written, a writer that writes it first does nothing invalid.
    ("ENOSPC, database", Lack::Database, &[0], &[Against::BytesFirst]),
    (
        "ENOSPC, vault, log and database",
        Lack::Both,
        &[0, 20_480],
        &[Against::IdFirst, Against::BytesFirst],
    ),
    // A batch is rejected there before any writer begins.
    ("read-only remount of the vault", Lack::ReadOnly, &[0], &[]),
];

#[test]
fn full_or_read_only_disk_is_reported_and_the_service_recovers() {
    let long = env_number("OPENCLONE_LONG").is_some();
    for (title, lack, lefts, invalid) in ROWS {
        let both = [Then::GoesOn, Then::Killed];
        let all: Vec<_> = lefts
            .iter()
            .flat_map(|left| both.map(|then| (*left, then)))
            .collect();
        // All of them take long.
        let ours = if long || lack == Lack::Vault {
            &all[..]
        } else {
            &all[..1]
        };
        if !record(title, lack, ours, Against::Ours) {
            return;
        }
        for against in invalid.iter().filter(|_| long || lack == Lack::Vault) {
            // What it leaves behind shows only when it does not go on.
            record(title, lack, &[(lefts[lefts.len() / 2], Then::Killed)], *against);
        }
    }
}

/// False if this machine cannot try it.
fn record(title: &'static str, lack: Lack, trials: &[(u64, Then)], against: Against) -> bool {
    let began = Instant::now();
    let mut violations = 0;
    for (left, then) in trials {
        let outcome = catch_unwind(|| trial(lack, *left, *then, against)).unwrap_or_else(|_| {
            // A invalid writer is not caught by a start that fails.
            Some(if against == Against::Ours {
                Err("it panicked".into())
            } else {
                Ok(())
            })
        });
        let Some(outcome) = outcome else { return false };
        if let Err(violation) = outcome {
            violations += 1;
            eprintln!("{against:?}, {lack:?}, {left} bytes left, {then:?}: {violation:.300}");
        }
    }
    let row = Row {
        issue: 4,
        title,
        tried: "the real service on loop devices until batches are rejected; then the space comes back: it goes on \
                without a restart, what was in the journal is skipped on resend, each event stands once, also after a \
                kill; or it is killed while it has no space",
        against,
        trials: trials.len() as u64,
        violations,
        seeds: String::new(),
        command: "OPENCLONE_LONG=1 cargo test --release -p openclone --test it reliability::full::".into(),
        began,
    };
    row.record();
    true
}
