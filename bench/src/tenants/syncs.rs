//! Counts the syncs of the service, with `strace`: those of the writer's thread, for which callers wait, and all.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use tokio::process::{Child, Command};

pub(super) struct Counter {
    process: Child,
    output: PathBuf,
    writer: String,
}

/// How many syncs there were.
pub(super) struct Syncs {
    /// Of the writer's thread.
    pub(super) waited_for: usize,
    /// Of all threads.
    pub(super) all: usize,
}

impl Counter {
    /// Begins to count; `None` when there is no `strace`.
    pub(super) async fn attach(pid: u32, directory: &Path) -> anyhow::Result<Option<Self>> {
        let output = directory.join("syncs.txt");
        let writer = thread(pid, "vault-writer")?;
        let process = Command::new("strace")
            .args([
                "-f",
                "-qq",
                "-e",
                "trace=fsync,fdatasync,syncfs",
                "-p",
                &pid.to_string(),
                "-o",
            ])
            .arg(&output)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = process else { return Ok(None) };
        // It attaches to one thread after another.
        tokio::time::sleep(Duration::from_millis(500)).await;
        Ok(Some(Self {
            process,
            output,
            writer,
        }))
    }

    /// How many there were meanwhile.
    pub(super) async fn detach(mut self) -> anyhow::Result<Syncs> {
        let pid = self.process.id().context("strace has ended")?;
        let tally = Command::new("kill")
            .args(["-INT", &pid.to_string()])
            .status()
            .await?;
        ensure!(tally.success(), "cannot end strace");
        self.process.wait().await?;
        let calls = fs::read_to_string(&self.output).context("strace has tally nothing")?;
        // A call that another thread interrupts is tally in two lines.
        let begun = || {
            calls
                .lines()
                .filter(|line| line.contains("sync") && !line.contains("resumed>"))
        };
        let is_writer = |line: &&str| line.split_whitespace().next() == Some(&self.writer);
        Ok(Syncs {
            waited_for: begun().filter(is_writer).count(),
            all: begun().count(),
        })
    }
}

/// The number of a process's thread of this name.
fn thread(pid: u32, name: &str) -> anyhow::Result<String> {
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let task = task?;
        if fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name) {
            return Ok(task.file_name().to_string_lossy().into_owned());
        }
    }
    bail!("the service has no thread {name}")
}
