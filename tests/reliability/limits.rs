//! Row 4: the service has no descriptors or no memory left: no false answer, nothing lost.

use std::{
    fs,
    net::TcpStream,
    panic::catch_unwind,
    thread,
    time::{Duration, Instant},
};

use crate::{
    process::Serve,
    scoreboard::{Against, Row, env_number},
    sender::Sender,
};

/// Enough for a start, and for not much more.
const DESCRIPTORS: u32 = 64;
const PATIENCE: Duration = Duration::from_secs(30);

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
    for (batch, answer) in waiting {
        sender.sent.insert(batch);
        if matches!(answer.join().unwrap(), Ok(told) if told.status == 200) {
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
    while began.elapsed() < PATIENCE {
        if matches!(sender.send(&serve.url, batch), Ok(told) if told.status == 200) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err("it does not answer again".into())
}

/// Little more memory than a start takes, and large batches at once: it may end, but not answer falsely.
fn memory(spare_kib: u64) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let mut sender = Sender::new(dir.path().join("home"), 60_000);
    let serve = sender.serve();
    let limit = address_space_kib(&serve) + spare_kib;
    assert_eq!(serve.terminate(), Some(0));
    let serve = sender.serve_limited(&format!("ulimit -v {limit}"));
    let clients: Vec<_> = (0..8_u32)
        .map(|client| {
            let (home, url) = (sender.home.clone(), serve.url.clone());
            thread::spawn(move || {
                let mut sender = Sender::new(home, 60_000);
                for batch in (client * 40)..(client + 1) * 40 {
                    if sender.send(&url, batch).is_err() {
                        break;
                    }
                }
                sender
            })
        })
        .collect();
    for client in clients {
        let client = client.join().unwrap();
        sender.sent.extend(client.sent);
        sender.acknowledged.extend(client.acknowledged);
    }
    drop(serve);
    let serve = sender.serve();
    sender.check()?;
    sender.resend(&serve.url, true)?;
    assert_eq!(serve.terminate(), Some(0));
    sender.check()
}

fn address_space_kib(serve: &Serve) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serve.pid())).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmPeak:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn settle(title: &'static str, tried: &'static str, trials: Vec<fn() -> Result<(), String>>) {
    let began = Instant::now();
    let count = trials.len() as u64;
    let mut violations = 0;
    for trial in trials {
        if let Err(violation) = catch_unwind(trial).unwrap_or_else(|_| Err("it panicked".into())) {
            violations += 1;
            eprintln!("{title}: {violation}");
        }
    }
    let row = Row {
        issue: 4,
        title,
        tried,
        against: Against::Ours,
        trials: count,
        violations,
        seeds: String::new(),
        command: "OPENCLONE_LONG=1 cargo test --release -p openclone --test reliability limits::".into(),
        began,
    };
    row.settle();
}

#[test]
#[cfg(target_os = "linux")]
fn no_descriptors_left_is_survived() {
    settle(
        "no descriptors left",
        "idle connections take all of 64 descriptors while batches come; when they go, the service goes on without a \
         restart, and no answer was false",
        vec![descriptors],
    );
}

#[test]
#[cfg(target_os = "linux")]
fn no_memory_left_makes_no_false_answer() {
    settle(
        "no memory left",
        "a limit of address space a little above what a start takes, and 320 batches of 240 kB from eight clients: it \
         may end, but what it answered is there once",
        match env_number("OPENCLONE_LONG") {
            Some(_) => vec![|| memory(0), || memory(4 << 10), || memory(32 << 10), || {
                memory(128 << 10)
            }],
            None => vec![|| memory(4 << 10)],
        },
    );
}
