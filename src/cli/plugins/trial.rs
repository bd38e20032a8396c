//! A plugin in a service of its own: a temporary home, a free port, a vault that is thrown away.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    time::{sleep, timeout},
};

use super::{conf, consent, install, lint, place, program::Program, run::end, tree, unit};
use crate::{config::home::Home, registry::Manifest};

/// How long the service may take to start and to end.
const SERVICE: Duration = Duration::from_secs(20);
/// How long a plugin may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(10);

/// A service with one plugin.
#[derive(Debug)]
pub(super) struct Trial {
    pub(super) manifest: Manifest,
    root: TempDir,
    service: Child,
    endpoint: String,
}

/// How a run of the plugin ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself, with this status.
    Itself(i32),
    /// After SIGTERM, in time.
    Asked,
    /// It had to be killed.
    Killed,
}

impl Trial {
    /// Starts a service into which the plugin in `dir` is installed. The copy is what runs; tools such as `node_modules` are
    /// linked into it.
    ///
    /// # Errors
    /// When the plugin has problems, or the service does not start.
    pub(super) async fn start(dir: &Path) -> anyhow::Result<Self> {
        let report = lint::check(dir)?;
        let Some(manifest) = report.manifest else {
            report.print(dir);
            bail!("{}: fix plugin.json first", dir.display());
        };
        let plugin = fs::canonicalize(dir)?;
        let root = tempfile::tempdir().context("cannot create a temporary directory")?;
        let home = Home::locate(Some(root.path().join("home")))?;
        place::place(
            &plugin,
            &tree::installable(&plugin)?,
            &manifest.id,
            &home.plugins(),
        )?;
        let copy = home.plugins().join(&manifest.id);
        for name in tree::TOOLS {
            if plugin.join(name).is_dir() {
                std::os::unix::fs::symlink(plugin.join(name), copy.join(name))?;
            }
        }
        let (service, endpoint) = serve(home.dir()).await?;
        let dotenv = fs::read_to_string(home.dotenv())?;
        let key = dotenv.lines().find_map(|line| line.strip_prefix("API_KEY="));
        fs::write(root.path().join("key"), key.unwrap_or_default())?;
        Ok(Self {
            manifest,
            root,
            service,
            endpoint,
        })
    }

    /// Runs the plugin, switched on or not, until it ends or `seconds` are over. Its output goes to the terminal.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(super) async fn run(&self, is_on: bool, seconds: f64) -> anyhow::Result<Ended> {
        let shared = self.root.path().join("state");
        if is_on {
            consent::give(&shared.join("openclone"), &self.manifest)?;
        }
        let installed = self.home().join("plugins").join(&self.manifest.id);
        conf::switch(&installed, is_on)?;
        let program = Program::of(
            &self.manifest,
            &installed,
            self.root.path().join("key"),
            self.endpoint.clone(),
        )?;
        let mut child = Command::new(&program.path)
            .args(&program.arguments)
            .current_dir(&program.dir)
            .env_remove("OPENCLONE_API_KEY")
            .env_remove("OPENCLONE_ENABLED")
            .env("API_KEY", fs::read_to_string(&program.key)?)
            .envs(program.variables())
            .env("OPENCLONE_STATE", self.root.path().join("spool"))
            .env("XDG_STATE_HOME", &shared)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.path.display()))?;
        if let Ok(status) = timeout(Duration::from_secs_f64(seconds), child.wait()).await {
            return Ok(Ended::Itself(status?.code().unwrap_or(-1)));
        }
        Ok(match end(&mut child, GRACE).await? {
            Some(_) => Ended::Asked,
            None => Ended::Killed,
        })
    }

    /// The Markdown files of the vault, by their path in it.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn vault(&self) -> anyhow::Result<Vec<(PathBuf, String)>> {
        let mut found = Vec::new();
        let vault = self.home().join("vault");
        markdown(&vault, Path::new(""), &mut found)?;
        found.sort();
        Ok(found)
    }

    /// Events that the service has rejected, as files that hold them and why.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn rejected(&self) -> anyhow::Result<Vec<String>> {
        let dir = self.root.path().join("spool/dead-letter");
        if !dir.is_dir() {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(&dir)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "json") {
                let batch: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
                found.push(batch["rejected"].to_string());
            }
        }
        Ok(found)
    }

    /// Ends the service; nothing is left.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        end(&mut self.service, SERVICE).await?;
        Ok(())
    }

    fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }
}

impl Ended {
    /// Whether the plugin ended as it should.
    pub(super) fn is_well(self, is_on: bool) -> bool {
        match self {
            Self::Itself(code) => code == 0 || (!is_on && code == unit::NOT_ENABLED),
            Self::Asked => true,
            Self::Killed => false,
        }
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Itself(code) => write!(f, "ended with status {code}"),
            Self::Asked => write!(f, "ended when asked to"),
            Self::Killed => write!(f, "did not end within {} s of SIGTERM", GRACE.as_secs()),
        }
    }
}

/// Starts this program as a service; gives it and its address.
async fn serve(home: &Path) -> anyhow::Result<(Child, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OPENCLONE_") || name == "API_KEY" {
            command.env_remove(name);
        }
    }
    let mut service = command
        .args(["serve", "--listen", "127.0.0.1:0", "--home"])
        .arg(home)
        .env("OPENCLONE_REGISTRY__ENFORCE", "strict")
        .env("OPENCLONE_LOG__LEVEL", "info")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start a service")?;
    let (out, err) = (service.stdout.take(), service.stderr.take());
    let (send, mut receive) = tokio::sync::mpsc::channel::<String>(64);
    if let Some(out) = out {
        tokio::spawn(lines(BufReader::new(out), send.clone()));
    }
    if let Some(err) = err {
        tokio::spawn(lines(BufReader::new(err), send));
    }
    let deadline = Instant::now() + SERVICE;
    let mut last = String::new();
    while let Ok(Some(line)) =
        timeout(deadline.saturating_duration_since(Instant::now()), receive.recv()).await
    {
        if let Some(at) = line.find("http://127.0.0.1:") {
            let address: String = line[at..].chars().take_while(|c| !c.is_whitespace()).collect();
            // what it says later is of no interest, but must not fill the pipe
            tokio::spawn(async move { while receive.recv().await.is_some() {} });
            wait_until_ready(&address).await?;
            return Ok((service, address));
        }
        last = line;
    }
    bail!("the service did not start: {last}")
}

async fn lines(mut output: impl tokio::io::AsyncBufRead + Unpin, send: tokio::sync::mpsc::Sender<String>) {
    let mut line = String::new();
    while matches!(output.read_line(&mut line).await, Ok(1..)) {
        if send.send(std::mem::take(&mut line)).await.is_err() {
            return;
        }
    }
}

async fn wait_until_ready(endpoint: &str) -> anyhow::Result<()> {
    let address = endpoint
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let deadline = Instant::now() + SERVICE;
    while Instant::now() < deadline {
        if tokio::net::TcpStream::connect(&address).await.is_ok() {
            return Ok(());
        }
        sleep(Duration::from_millis(20)).await;
    }
    bail!("the service at {endpoint} is not ready")
}

fn markdown(root: &Path, inside: &Path, found: &mut Vec<(PathBuf, String)>) -> anyhow::Result<()> {
    let dir = root.join(inside);
    if !dir.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&dir)? {
        let entry = entry?;
        let path = inside.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                markdown(root, &path, found)?;
            }
        } else if path.extension().is_some_and(|end| end == "md") {
            let text = fs::read_to_string(root.join(&path))?;
            found.push((path, text));
        }
    }
    Ok(())
}

/// The manifest of the plugin in `dir`, for the commands that take a directory.
///
/// # Errors
/// When it is invalid or names no program.
pub(super) fn runnable(dir: &Path) -> anyhow::Result<Manifest> {
    let dir = fs::canonicalize(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let manifest = install::read(&dir)?;
    if manifest.run.is_empty() {
        bail!(
            "{}/plugin.json has no member \"run\": name the program that captures, such as \"run\": [\"python3\", \"plugin.py\"]",
            dir.display()
        );
    }
    Ok(manifest)
}
