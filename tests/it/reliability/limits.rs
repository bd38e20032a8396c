//! Row 4: the service runs out of file descriptors or memory: no false response, nothing lost.

use std::{
    fs,
    net::TcpStream,
    panic::catch_unwind,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::sender::Sender;
use crate::process::Serve;
use openclone_test_support::scoreboard::{Against, Row, env_number};

/// Enough for a start, and for not much more.
const DESCRIPTORS: u32 = 64;
const TIMEOUT: Duration = Duration::from_secs(30);

/// Idle connections take all descriptors; then they go.
fn descriptors() -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let mut sender = Sender::new(dir.path().join("home"), 100);
    let mut serve = sender.serve_limited(&format!("ulimit -n {DESCRIPTORS}"));
    let address = serve.url.strip_prefix("http://").unwrap().to_owned();
    let idle: Vec<_> = (0..2 * DESCRIPTORS)
        .filter_map(|_| TcpStream::connect(&address).ok())
        .collect();
    // Those wait in the queue; whatever is answered must be true.
    let waiting: Vec<_> = (0..4_u32)
        .map(|batch| {
            let (home, url) = (sender.home.clone(), serve.url.clone());
            (
                batch,
                thread::spawn(move || Sender::new(home, 100).send(&url, batch)),
            )
        })
        .collect();
    thread::sleep(Duration::from_millis(300));
    if !serve.is_running() {
        return Err("it ended for want of descriptors".into());
    }
    drop(idle);
    for (batch, response) in waiting {
        sender.sent.insert(batch);
        if matches!(response.join().unwrap(), Ok(outcome) if outcome.status == 200) {
            sender.acknowledged.insert(batch);
        }
    }
    sender.check()?;
    await_answer(&mut sender, &serve, 10)?;
    sender.resend(&serve.url, true)?;
    let ended = serve.terminate();
    if ended != Some(0) {
        return Err(format!("it ended with {ended:?}"));
    }
    sender.check()
}

fn await_answer(sender: &mut Sender, serve: &Serve, batch: u32) -> Result<(), String> {
    let began = Instant::now();
    while began.elapsed() < TIMEOUT {
        if matches!(sender.send(&serve.url, batch), Ok(outcome) if outcome.status == 200) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err("it does not response again".into())
}

/// Whether what has little memory is left alone, or killed when it has taken some batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    GoesOn,
    Killed,
}

/// Little more memory than a start takes, and large batches at once: it may end, but not response falsely.
fn memory(spare_kib: u64, then: Then, against: Against) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let mut sender = Sender::with(dir.path().join("home"), 60_000, against);
    let serve = sender.serve();
    let limit = address_space_kib(&serve) + spare_kib;
    assert_eq!(serve.terminate(), Some(0));
    // One start takes a little more than another; a start that fails for want of memory breaks no promise.
    let serve = (0..64)
        .find_map(|more| {
            let limits = format!("ulimit -v {}", limit + (more << 10));
            catch_unwind(|| sender.serve_limited(&limits)).ok()
        })
        .unwrap();
    let (taken, url) = (AtomicU32::new(0), serve.url.clone());
    let clients = thread::scope(|scope| {
        let clients: Vec<_> = (0..8_u32)
            .map(|client| {
                let (home, url, taken) = (sender.home.clone(), &url, &taken);
                scope.spawn(move || send_large(client, Sender::with(home, 60_000, against), url, taken))
            })
            .collect();
        if then == Then::Killed {
            let began = Instant::now();
            while taken.load(Ordering::Relaxed) < 20 && began.elapsed() < TIMEOUT {
                thread::sleep(Duration::from_millis(1));
            }
        } else {
            while clients.iter().any(|client| !client.is_finished()) {
                thread::sleep(Duration::from_millis(10));
            }
        }
        serve.kill();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect::<Vec<_>>()
    });
    for client in clients {
        sender.sent.extend(client.sent);
        sender.acknowledged.extend(client.acknowledged);
    }
    let serve = sender.serve();
    sender.check()?;
    sender.resend(&serve.url, true)?;
    assert_eq!(serve.terminate(), Some(0));
    sender.check()
}

/// Forty batches, or as many as are answered.
fn send_large(client: u32, mut sender: Sender, url: &str, taken: &AtomicU32) -> Sender {
    for batch in (client * 40)..(client + 1) * 40 {
        if sender.send(url, batch).is_err() {
            break;
        }
        taken.fetch_add(1, Ordering::Relaxed);
    }
    sender
}

fn address_space_kib(serve: &Serve) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serve.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmPeak:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

type Trial = fn(Against) -> Result<(), String>;

/// A invalid writer is tried until it is caught.
fn record((title, tried): (&'static str, &'static str), against: Against, trials: &[Trial]) {
    let began = Instant::now();
    let (mut tries, mut violations) = (0, 0);
    for trial in trials {
        tries += 1;
        if let Err(violation) = catch_unwind(|| trial(against)).unwrap_or_else(|_| Err("it panicked".into()))
        {
            violations += 1;
            eprintln!("{against:?}, {title}: {violation}");
            if against != Against::Ours {
                break;
            }
        }
    }
    let row = Row {
        issue: 4,
        title,
        tried,
        against,
        trials: tries,
        violations,
        seeds: String::new(),
        command: "OPENCLONE_LONG=1 cargo test --release -p openclone --test it reliability::limits::".into(),
        began,
    };
    row.record();
}

#[test]
#[cfg(target_os = "linux")]
fn service_survives_without_file_descriptors() {
    record(
        (
            "no descriptors left",
            "idle connections take all of 64 descriptors while batches come; when they go, the service goes on without \
             a restart, and no response was false",
        ),
        Against::Ours,
        &[|_| descriptors()],
    );
}

#[test]
#[cfg(target_os = "linux")]
fn no_false_response_without_memory() {
    let row = (
        "no memory left",
        "a limit of address space a little above what a start takes, and 320 batches of 240 kB from eight clients: it \
         may end, or be killed meanwhile, but what it answered is there once, and everything after a resend",
    );
    let all: [Trial; 8] = [
        |against| memory(4 << 10, Then::GoesOn, against),
        |against| memory(0, Then::GoesOn, against),
        |against| memory(32 << 10, Then::GoesOn, against),
        |against| memory(128 << 10, Then::GoesOn, against),
        |against| memory(4 << 10, Then::Killed, against),
        |against| memory(0, Then::Killed, against),
        |against| memory(32 << 10, Then::Killed, against),
        |against| memory(128 << 10, Then::Killed, against),
    ];
    if env_number("OPENCLONE_LONG").is_none() {
        return record(row, Against::Ours, &all[..1]);
    }
    record(row, Against::Ours, &all);
    for against in [Against::IdFirst, Against::BytesFirst] {
        record(row, against, &all[6..].repeat(10));
    }
}
