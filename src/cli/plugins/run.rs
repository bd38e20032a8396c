//! `openclone plugins run`: runs a plugin in the foreground, starts it again when it fails, and keeps its output in a log.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncRead, BufReader},
    process::{Child, Command},
    signal::unix::{SignalKind, signal},
    time::timeout,
};

use super::{
    Failure, HomePaths, conf, consent,
    install::manifest_of,
    program::{self, Program},
    say, unit,
};
use crate::{
    cli::{connect::Target, start},
    config::home::files::make_private_dir,
};

/// The first and the longest pause before a plugin that failed is started again.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// A plugin that ran for so long has not failed at its start.
const STEADY: Duration = Duration::from_secs(60);
/// How long a plugin may take to end.
const GRACE: Duration = Duration::from_secs(10);
/// Bytes of a log, after which it is renamed to `.1`.
const MAX_LOG: u64 = 5 << 20;

/// Run an enabled plugin in the foreground; restart it when it fails.
#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    paths: HomePaths,
    #[command(flatten)]
    target: Target,
    /// Id of the plugin
    #[arg(value_name = "ID")]
    id: String,
}

/// The plugin's output: on the terminal, and in a file.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    file: File,
    bytes: u64,
}

impl Run {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        let manifest = manifest_of(&home, &self.id)?;
        let dir = home.plugins().join(&self.id);
        let state_home = consent::state_home()?;
        let text = fs::read_to_string(dir.join(conf::NAME)).unwrap_or_default();
        let key = program::key_path(&home, &self.id);
        if !conf::is_on(&text) || !consent::is_given(&state_home, &manifest) || !key.is_file() {
            return Err(Failure::Failed(anyhow::anyhow!(
                "{} is off; switch it on with: openclone plugins enable {}",
                self.id,
                self.id
            )));
        }
        let endpoint = self.target.uri(&self.paths, &home)?;
        let program = Program::of(&manifest, &dir, key, endpoint)?;
        let log = Log::open(&state_home.join("log"), &self.id)?;
        say(&format!(
            "running {}; its output is also in {}",
            self.id,
            log.path.display()
        ));
        start::runtime()?.block_on(supervise(&program, Arc::new(Mutex::new(log))))
    }
}

async fn supervise(program: &Program, log: Arc<Mutex<Log>>) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut pause = PAUSES.0;
    loop {
        let started = Instant::now();
        let mut child = spawn(program, &log)?;
        let status = tokio::select! {
            status = child.wait() => status?,
            _ = terminate.recv() => return stop(child).await,
            _ = interrupt.recv() => return stop(child).await,
        };
        match status.code() {
            Some(0) => return Ok(()),
            Some(unit::NOT_ENABLED) => return Err(failed("the plugin is not enabled or lacks consent")),
            _ => {}
        }
        if started.elapsed() >= STEADY {
            pause = PAUSES.0;
        }
        note(
            &log,
            &format!(
                "openclone: the plugin ended with {status}; starting it again in {} s",
                pause.as_secs()
            ),
        );
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Starts the program; its output is copied to the terminal and to the log.
fn spawn(program: &Program, log: &Arc<Mutex<Log>>) -> anyhow::Result<Child> {
    let mut child = Command::new(&program.path)
        .args(&program.arguments)
        .current_dir(&program.dir)
        .env_remove("API_KEY")
        .env_remove("OPENCLONE_API_KEY")
        .envs(program.variables())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C reaches it once, from here
        .process_group(0)
        .spawn()
        .with_context(|| format!("cannot start {}", program.path.display()))?;
    for output in [child.stdout.take().map(boxed), child.stderr.take().map(boxed)]
        .into_iter()
        .flatten()
    {
        tokio::spawn(copy(output, Arc::clone(log)));
    }
    Ok(child)
}

fn boxed(output: impl AsyncRead + Send + Unpin + 'static) -> Box<dyn AsyncRead + Send + Unpin> {
    Box::new(output)
}

async fn copy(output: Box<dyn AsyncRead + Send + Unpin>, log: Arc<Mutex<Log>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        note(&log, &line);
    }
}

/// Ends the plugin: SIGTERM, and SIGKILL when it takes too long.
pub(super) async fn stop(mut child: Child) -> Result<(), Failure> {
    end(&mut child, GRACE).await?;
    Ok(())
}

/// As [`stop`]; gives the status, `None` if it had to be killed.
pub(super) async fn end(child: &mut Child, grace: Duration) -> io::Result<Option<ExitStatus>> {
    let pid = child
        .id()
        .and_then(|pid| i32::try_from(pid).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        kill_process(pid, Signal::TERM)?;
    }
    if let Ok(status) = timeout(grace, child.wait()).await {
        return status.map(Some);
    }
    child.kill().await?;
    Ok(None)
}

fn note(log: &Mutex<Log>, line: &str) {
    say(line);
    log.lock().unwrap_or_else(PoisonError::into_inner).write(line);
}

fn failed(text: &str) -> Failure {
    Failure::Failed(anyhow::anyhow!("{text}"))
}

impl Log {
    fn open(dir: &Path, id: &str) -> anyhow::Result<Self> {
        let path = dir.join(format!("{id}.log"));
        let open = || {
            make_private_dir(dir)?;
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(&path)?;
            let bytes = file.metadata()?.len();
            Ok::<_, io::Error>((file, bytes))
        };
        let (file, bytes) = open().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file, bytes })
    }

    /// Adds a line; a log that cannot be written does not keep the plugin from running.
    fn write(&mut self, line: &str) {
        let line = format!("{} {line}\n", jiff::Timestamp::now());
        if self.bytes > MAX_LOG && fs::rename(&self.path, self.path.with_extension("log.1")).is_ok() {
            let new = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(&self.path);
            if let Ok(file) = new {
                self.file = file;
                self.bytes = 0;
            }
        }
        if self.file.write_all(line.as_bytes()).is_ok() {
            self.bytes += line.len() as u64;
        }
    }
}
