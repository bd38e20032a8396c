//! A peer's process.

use std::{
    net::TcpListener,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::sleep,
};

use super::{Peer, absolute};
use crate::{http::Http, server::KEY};

const LONGEST_START: Duration = Duration::from_secs(30);

pub(super) struct Running {
    pub(super) endpoint: String,
    pub(super) pid: u32,
    process: Child,
}

/// Installs a peer unless it is there.
///
/// # Errors
/// With the last line of what the script says.
pub(super) async fn install(scripts: &Path, installed: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(installed)?;
    let output = Command::new(absolute(&scripts.join("install"))?)
        .arg(absolute(installed)?)
        .output()
        .await
        .with_context(|| format!("cannot run {}", scripts.join("install").display()))?;
    let tally = String::from_utf8_lossy(&output.stderr);
    let last = tally.lines().rfind(|line| !line.trim().is_empty());
    ensure!(
        output.status.success(),
        "cannot be installed: {}",
        last.unwrap_or("the script says nothing")
    );
    Ok(())
}

impl Running {
    /// Starts a peer and waits until it listens.
    pub(super) async fn start(
        scripts: &Path,
        installed: &Path,
        home: &Path,
        peer: &Peer,
    ) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let log = std::fs::File::create(home.join("peer.log"))?;
        let process = Command::new(absolute(&scripts.join("start"))?)
            .arg(absolute(installed)?)
            .arg(port.to_string())
            .current_dir(home)
            .env("API_KEY", KEY)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", peer.name))?;
        let mut running = Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            pid: process.id().context("it has ended")?,
            process,
        };
        running.wait(port, home).await?;
        if let Some((path, body)) = peer.first {
            let response = Http::connect(&running.endpoint, path, KEY)
                .await?
                .post(body.as_bytes())
                .await?;
            ensure!(response.is_ok, "it refuses {path}");
        }
        Ok(running)
    }

    async fn wait(&mut self, port: u16, home: &Path) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < LONGEST_START {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Ok(());
            }
            if self.process.try_wait()?.is_some() {
                let log = std::fs::read_to_string(home.join("peer.log")).unwrap_or_default();
                bail!("it does not start: {}", log.lines().last().unwrap_or_default());
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("it does not listen")
    }

    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("cannot end it")
    }
}
