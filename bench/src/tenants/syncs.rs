//! Counts the syncs of a process, with `strace`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use tokio::process::{Child, Command};

pub(super) struct Counter {
    process: Child,
    output: PathBuf,
}

impl Counter {
    /// Begins to count; `None` when there is no `strace`.
    pub(super) async fn attach(pid: u32, directory: &Path) -> anyhow::Result<Option<Self>> {
        let output = directory.join("syncs.txt");
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
        Ok(Some(Self { process, output }))
    }

    /// How many there were.
    pub(super) async fn detach(mut self) -> anyhow::Result<usize> {
        let pid = self.process.id().context("strace has ended")?;
        let told = Command::new("kill")
            .args(["-INT", &pid.to_string()])
            .status()
            .await?;
        ensure!(told.success(), "cannot end strace");
        self.process.wait().await?;
        let calls = fs::read_to_string(&self.output).context("strace has told nothing")?;
        // A call that another thread interrupts is told in two lines.
        let begun = calls
            .lines()
            .filter(|line| line.contains("sync") && !line.contains("resumed>"));
        Ok(begun.count())
    }
}
