//! The real binary under attack, with its memory, file descriptors and log.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use crate::process::command;

pub(crate) struct Server {
    child: Child,
    home: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
}

/// How it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProcessStats {
    /// Bytes in memory, now and at most.
    pub(crate) memory: u64,
    pub(crate) most: u64,
    pub(crate) descriptors: usize,
}

/// This process needs a descriptor for each connection too.
pub(crate) fn allow_descriptors() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let current = maximum.map(|most| most.min(1 << 16)).or(Some(1 << 16));
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(options: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let log = fs::File::create(home.path().join("log")).unwrap();
        let mut child = command(&home.path().join("home"))
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "0")
            .envs(options.iter().copied())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut after = |start: &str| {
            lines
                .next()
                .unwrap()
                .unwrap()
                .strip_prefix(start)
                .unwrap()
                .to_owned()
        };
        let address = after("listening on http://").parse().unwrap();
        after("vault ");
        let key = after("API key ");
        Self {
            child,
            home,
            address,
            key,
        }
    }

    pub(crate) fn process_stats(&self) -> ProcessStats {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let kib = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse::<u64>().unwrap() << 10
        };
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        ProcessStats {
            memory: kib("VmRSS:"),
            most: kib("VmHWM:"),
            descriptors: descriptors.count(),
        }
    }

    /// No connection is left over, and so much memory at most; an allocator keeps some of what it was given back.
    pub(crate) fn assert_as_before(&self, before: &ProcessStats, memory: u64) -> ProcessStats {
        let begun = Instant::now();
        loop {
            let now = self.process_stats();
            if now.descriptors <= before.descriptors + 4 && now.memory < memory {
                eprintln!("afterwards: {now:?}, before: {before:?}");
                return now;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(40),
                "{now:?}, before {before:?}"
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Each of these references stands in the vault exactly once.
    pub(crate) fn assert_holds(&self, references: impl Iterator<Item = String>) {
        let process_stats = self.references();
        for reference in references {
            assert_eq!(process_stats.get(&reference), Some(&1), "{reference}");
        }
    }

    /// No reference stands in the vault twice.
    pub(crate) fn assert_at_most_once(&self) {
        let twice = self.references().into_iter().find(|(_, count)| *count > 1);
        assert_eq!(twice, None);
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How often each reference stands in the vault.
    fn references(&self) -> HashMap<String, usize> {
        let dir = self.home.path().join("home/vault/Braindump");
        let mut found = HashMap::new();
        for file in fs::read_dir(dir).unwrap() {
            let text = fs::read_to_string(file.unwrap().path()).unwrap();
            for after in text.split("[ref:: ").skip(1) {
                let reference = after.split(']').next().unwrap().to_owned();
                *found.entry(reference).or_default() += 1;
            }
        }
        found
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.home.path().join("log")).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
