//! A server of its own for each measurement: free port, limits off, on an empty home or on one that is kept.

use std::{
    fs, io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use crate::probe;

/// How long a service may take to end in order.
const LONGEST_END: Duration = Duration::from_secs(120);

pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) pid: u32,
    /// From its start until it said that it was ready.
    pub(crate) ready_in: Duration,
    process: Child,
    home: PathBuf,
    /// Removed at the end.
    _temporary: Option<tempfile::TempDir>,
}

pub(crate) const KEY: &str = "oc_bench_key_for_loopback_only";

impl Server {
    /// Starts `binary` with an empty home below `directory` and waits until it is ready.
    pub(crate) async fn start(binary: &Path, directory: &Path) -> anyhow::Result<Self> {
        let temporary = tempfile::tempdir_in(directory)?;
        let mut server = Self::start_in(binary, temporary.path()).await?;
        server._temporary = Some(temporary);
        Ok(server)
    }

    /// The same in a home that stays.
    pub(crate) async fn start_in(binary: &Path, home: &Path) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let endpoint = format!("http://127.0.0.1:{port}");
        let begun = Instant::now();
        let process = Command::new(binary)
            .args(["serve", "--home"])
            .arg(home)
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .envs([
                ("API_KEY", KEY),
                ("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "0"),
                ("OPENCLONE_LOG__LEVEL", "warn"),
            ])
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", binary.display()))?;
        let pid = process.id().context("the server has ended")?;
        probe::wait_ready(&endpoint).await?;
        Ok(Self {
            endpoint,
            pid,
            ready_in: begun.elapsed(),
            process,
            home: home.to_owned(),
            _temporary: None,
        })
    }

    /// Bytes of Markdown that it has written.
    pub(crate) fn markdown_bytes(&self) -> anyhow::Result<u64> {
        directory_bytes(&self.home.join("vault"))
    }

    /// Ends it on the spot.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("cannot end the server")
    }

    /// Ends it with SIGTERM, at which it checkpoints. How long that took.
    pub(crate) async fn stop_in_order(mut self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let tally = Command::new("kill")
            .args(["-TERM", &self.pid.to_string()])
            .status()
            .await?;
        ensure!(tally.success(), "cannot end the server");
        let status = timeout(LONGEST_END, self.process.wait()).await;
        let status = status.context("the server does not end")??;
        ensure!(status.success(), "the server ended with {status}");
        Ok(begun.elapsed())
    }
}

/// Bytes of all files in a directory. What is removed meanwhile counts nothing.
pub(crate) fn directory_bytes(path: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry?;
        sum += match entry.metadata() {
            Ok(found) if found.is_dir() => directory_bytes(&entry.path())?,
            Ok(found) => found.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(sum)
}
