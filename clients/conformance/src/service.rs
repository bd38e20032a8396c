//! The real service in a home of its own, on a port that it keeps over restarts.

use std::{
    collections::BTreeMap,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    process::{Child, Command},
    time::{sleep, timeout},
};

/// The key of every service under test.
pub(crate) const KEY: &str = "oc_conformance_key_4711_never_shown";

/// A service that may be running; killed with the value.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) home: PathBuf,
    binary: PathBuf,
    variables: BTreeMap<String, String>,
    process: Option<Child>,
}

impl Service {
    /// Starts `binary` with a fresh home below `directory`.
    pub(crate) async fn start(
        binary: &Path,
        directory: &Path,
        variables: &BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let mut service = Self {
            address: TcpListener::bind("127.0.0.1:0")?.local_addr()?,
            home: directory.join("home"),
            binary: binary.to_owned(),
            variables: variables.clone(),
            process: None,
        };
        service.begin().await?;
        Ok(service)
    }

    /// Starts it again.
    pub(crate) async fn begin(&mut self) -> anyhow::Result<()> {
        let process = Command::new(&self.binary)
            .args(["serve", "--home"])
            .arg(&self.home)
            .args(["--listen", &self.address.to_string()])
            .env("API_KEY", KEY)
            .env("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "0")
            .env("OPENCLONE_VAULT__TIMEZONE", "UTC")
            .env("OPENCLONE_LOG__LEVEL", "error")
            .envs(&self.variables)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", self.binary.display()))?;
        self.process = Some(process);
        for _ in 0..1500 {
            if self
                .get("/readyz")
                .await
                .is_ok_and(|response| response.starts_with("HTTP/1.1 200"))
            {
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        bail!("the service is not ready at {}", self.address)
    }

    /// SIGKILL: nothing is finished.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        match self.process.take() {
            Some(mut process) => process.kill().await.context("cannot kill the service"),
            None => Ok(()),
        }
    }

    /// SIGTERM: what is in flight is finished.
    pub(crate) async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut process) = self.process.take() else {
            return Ok(());
        };
        let pid = process.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid
            .and_then(rustix::process::Pid::from_raw)
            .context("the service has ended")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        timeout(Duration::from_secs(15), process.wait())
            .await
            .context("the service does not end")??;
        Ok(())
    }

    /// Posts a documented batch; fails with any other response than 200.
    pub(crate) async fn post(&self, body: &str) -> anyhow::Result<()> {
        let head = format!(
            "X-API-Key: {KEY}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n",
            body.len()
        );
        let response = self
            .call(&format!("POST /api/v1/ingest HTTP/1.1\r\n{head}"), body)
            .await?;
        match response.starts_with("HTTP/1.1 200") {
            true => Ok(()),
            false => bail!("the service rejected the documented batch: {response}"),
        }
    }

    /// What the registry shows of a plugin.
    pub(crate) async fn plugin(&self, id: &str) -> anyhow::Result<serde_json::Value> {
        let head = format!("GET /api/v1/plugins/{id} HTTP/1.1\r\nX-API-Key: {KEY}\r\n");
        let response = self.call(&head, "").await?;
        let body = response.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        serde_json::from_str(body).with_context(|| format!("the registry responds {response:.200}"))
    }

    async fn get(&self, path: &str) -> anyhow::Result<String> {
        self.call(&format!("GET {path} HTTP/1.1\r\n"), "").await
    }

    async fn call(&self, head: &str, body: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(self.address).await?;
        let text = format!("{head}Host: {}\r\nConnection: close\r\n\r\n{body}", self.address);
        stream.write_all(text.as_bytes()).await?;
        let mut response = String::new();
        timeout(Duration::from_secs(10), stream.read_to_string(&mut response)).await??;
        Ok(response)
    }
}
