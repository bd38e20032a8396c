//! The service under soak, which is ended and started again on the same home and port.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};

use crate::server::KEY;

/// How long it may take to end in order, with a last checkpoint and others at work on the same disk.
const LONGEST_END: Duration = Duration::from_secs(60);
/// Below those that systems give to whoever asks for any, so that nobody takes it between an end and a start.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

pub(super) struct Service {
    binary: PathBuf,
    home: tempfile::TempDir,
    port: u16,
    process: Child,
}

impl Service {
    pub(super) async fn start(binary: &Path, directory: &Path) -> anyhow::Result<Self> {
        let home = tempfile::tempdir_in(directory)?;
        let port = free_port()?;
        let process = spawn(binary, home.path(), port)?;
        let mut service = Self {
            binary: binary.to_owned(),
            home,
            port,
            process,
        };
        service.wait().await?;
        Ok(service)
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id().unwrap_or_default()
    }

    pub(super) fn vault(&self) -> PathBuf {
        self.home.path().join("vault")
    }

    pub(super) fn log(&self) -> anyhow::Result<String> {
        Ok(fs::read_to_string(self.home.path().join("soak.log"))?)
    }

    pub(super) async fn restart_in_order(&mut self) -> anyhow::Result<bool> {
        self.stop().await?;
        self.again().await
    }

    pub(super) async fn restart_by_kill(&mut self) -> anyhow::Result<bool> {
        self.process.kill().await?;
        self.again().await
    }

    /// SIGTERM, at which it must end well, and soon.
    pub(super) async fn stop(&mut self) -> anyhow::Result<()> {
        let ended = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status()
            .await?;
        ensure!(ended.success(), "cannot end the service");
        let status = timeout(LONGEST_END, self.process.wait()).await;
        let status = status.context("the service does not end")??;
        ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }

    async fn again(&mut self) -> anyhow::Result<bool> {
        self.process = spawn(&self.binary, self.home.path(), self.port)?;
        self.wait().await?;
        Ok(true)
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            if is_ready(&self.address()).await {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!("the service ended with {status}:\n{}", self.log()?);
            }
            sleep(Duration::from_millis(20)).await;
        }
        bail!("the service does not become ready")
    }
}

/// One that differs between processes, since several may soak at once.
fn free_port() -> anyhow::Result<u16> {
    let begin = usize::try_from(std::process::id())? % PORTS.len();
    let mut ports = PORTS.cycle().skip(begin).take(PORTS.len());
    ports
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .context("no port is free")
}

fn spawn(binary: &Path, home: &Path, port: u16) -> anyhow::Result<Child> {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(home.join("soak.log"))?;
    Command::new(binary)
        .args(["serve", "--home"])
        .arg(home)
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .envs([
            ("API_KEY", KEY),
            ("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "0"),
            ("OPENCLONE_LOG__LEVEL", "warn"),
        ])
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))
}

async fn is_ready(address: &str) -> bool {
    let asking = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.ok()?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await.ok()?;
        Some(response.starts_with(b"HTTP/1.1 200"))
    };
    timeout(Duration::from_secs(2), asking).await.ok().flatten() == Some(true)
}
