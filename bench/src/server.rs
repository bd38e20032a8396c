//! A server of its own for each measurement: empty home, free port, limits off.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::process::{Child, Command};

pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) pid: u32,
    process: Child,
    home: tempfile::TempDir,
}

pub(crate) const KEY: &str = "oc_bench_key_for_loopback_only";

impl Server {
    /// Starts `binary` with its home below `directory` and waits until it is ready.
    pub(crate) async fn start(binary: &Path, directory: &Path) -> anyhow::Result<Self> {
        let home = tempfile::tempdir_in(directory)?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new(binary)
            .args(["serve", "--home"])
            .arg(home.path())
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
        let server = Self {
            endpoint: format!("http://127.0.0.1:{port}"),
            pid,
            process,
            home,
        };
        server.wait().await?;
        Ok(server)
    }

    async fn wait(&self) -> anyhow::Result<()> {
        let address = self.endpoint.trim_start_matches("http://");
        for _ in 0..500 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                // The port answers before the vault is open.
                tokio::time::sleep(Duration::from_millis(500)).await;
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        bail!("the server does not listen on {address}")
    }

    /// Bytes of Markdown that it has written.
    pub(crate) fn markdown_bytes(&self) -> anyhow::Result<u64> {
        directory_bytes(&self.home.path().join("vault"))
    }

    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("cannot end the server")
    }
}

fn directory_bytes(path: &PathBuf) -> anyhow::Result<u64> {
    let mut sum = 0;
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() {
            directory_bytes(&entry.path())?
        } else {
            entry.metadata()?.len()
        };
    }
    Ok(sum)
}
