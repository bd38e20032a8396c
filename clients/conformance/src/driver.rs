//! The driver of an SDK: a process that reads one line of JSON and writes one response line.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
    time::timeout,
};

/// Everything that drivers of one case have said, responses and logs.
pub(crate) type Transcript = Arc<Mutex<Vec<u8>>>;

/// A running driver; killed with the value.
pub(crate) struct Driver {
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    transcript: Transcript,
}

impl Driver {
    /// Starts `program` in `directory` with nothing of the caller's options; what plugins share is in `directory`, too.
    pub(crate) fn start(program: &Path, directory: &Path, transcript: &Transcript) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("OPENCLONE_") || name == "API_KEY")
        {
            command.env_remove(name);
        }
        let mut process = command
            .current_dir(directory)
            .env("XDG_STATE_HOME", directory.join("shared"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let input = process.stdin.take().context("the driver has no input")?;
        let output = process.stdout.take().context("the driver has no output")?;
        let mut errors = process.stderr.take().context("the driver has no errors")?;
        let transcript = Arc::clone(transcript);
        let into = Arc::clone(&transcript);
        tokio::spawn(async move {
            let mut buffer = vec![0; 8192];
            while let Ok(read @ 1..) = errors.read(&mut buffer).await {
                record(&into, &buffer[..read]);
            }
        });
        Ok(Self {
            process,
            input,
            output: BufReader::new(output).lines(),
            transcript,
        })
    }

    /// Gives a command and waits for its response.
    pub(crate) async fn ask(&mut self, command: &Value, limit: Duration) -> anyhow::Result<Value> {
        let mut line = command.to_string();
        line.push('\n');
        let asked = async {
            self.input
                .write_all(line.as_bytes())
                .await
                .context("the driver has ended")?;
            self.input.flush().await?;
            self.output
                .next_line()
                .await?
                .context("the driver has ended without a response")
        };
        let name = command["do"].as_str().unwrap_or_default();
        let response = match timeout(limit, asked).await {
            Ok(response) => response.with_context(|| format!("at {name}"))?,
            Err(_) => bail!("no response to {name} within {limit:?}"),
        };
        record(&self.transcript, format!("{name}: {response}\n").as_bytes());
        serde_json::from_str(&response)
            .with_context(|| format!("{name} was acknowledged with no JSON: {response}"))
    }

    /// The client's figures.
    pub(crate) async fn stats(&mut self) -> anyhow::Result<Value> {
        let response = self.ask(&json!({"do": "stats"}), Duration::from_secs(5)).await?;
        match response.get("stats") {
            Some(stats) => Ok(stats.clone()),
            None => bail!("no stats: {response}"),
        }
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("cannot kill the driver")
    }

    /// SIGTERM; it has ten seconds.
    pub(crate) async fn terminate(self) -> anyhow::Result<()> {
        self.signal(rustix::process::Signal::TERM).await
    }

    /// SIGINT; it has ten seconds.
    pub(crate) async fn interrupt(self) -> anyhow::Result<()> {
        self.signal(rustix::process::Signal::INT).await
    }

    async fn signal(mut self, signal: rustix::process::Signal) -> anyhow::Result<()> {
        let pid = self.process.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid
            .and_then(rustix::process::Pid::from_raw)
            .context("the driver has ended")?;
        rustix::process::kill_process(pid, signal)?;
        let waited = timeout(Duration::from_secs(10), self.process.wait()).await;
        waited.context("the driver did not end within 10 s of the signal")??;
        Ok(())
    }
}

fn record(transcript: &Transcript, bytes: &[u8]) {
    transcript
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend_from_slice(bytes);
}
