//! The real binary as a child process with its own home and a free port; dropping the value kills it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const BIN: &str = env!("CARGO_BIN_EXE_openclone");

/// How long a service may take to end in order.
const END: Duration = Duration::from_secs(10);

/// `openclone` with nothing of the caller's options.
pub(crate) fn command(home: &Path) -> Command {
    prepared(Command::new(BIN), home)
}

/// As [`command`], after a line of shell that limits what it may use.
pub(crate) fn limited(home: &Path, limits: &str) -> Command {
    limited_program(BIN.as_ref(), home, limits)
}

/// As [`limited`], of another program.
pub(crate) fn limited_program(program: &Path, home: &Path, limits: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{limits}; exec \"$0\" \"$@\"")])
        .arg(program);
    prepared(shell, home)
}

fn prepared(mut command: Command, home: &Path) -> Command {
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OPENCLONE_") || name == "API_KEY")
    {
        command.env_remove(name);
    }
    command
        .env("OPENCLONE_HOME", home)
        .env("OPENCLONE_VAULT__TIMEZONE", "UTC")
        .stdin(Stdio::null());
    command
}

/// A running service; killed with the value.
pub(crate) struct Serve {
    child: Child,
    /// Where it listens.
    pub(crate) url: String,
    /// What it has printed when it was ready.
    pub(crate) lines: Vec<String>,
}

impl Serve {
    /// `openclone serve` on a free port.
    pub(crate) fn start(home: &Path, arguments: &[&str]) -> Self {
        // it also tells the key when it has just made one
        let lines = if home.join(".env").exists() { 2 } else { 3 };
        let mut serve = command(home);
        serve.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments);
        Self::spawn(&mut serve, lines)
    }

    /// Starts `command`, and reads so many lines of what it prints, from the one on that tells where it listens.
    pub(crate) fn spawn(command: &mut Command, wanted: usize) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let reader = BufReader::new(child.stdout.take().unwrap()).lines();
        let lines: Vec<_> = reader
            .map(Result::unwrap)
            .skip_while(|line| !line.starts_with("listening on "))
            .take(wanted)
            .collect();
        assert_eq!(lines.len(), wanted, "it does not start: {command:?}");
        let url = lines[0].strip_prefix("listening on ").unwrap().to_owned();
        Self { child, url, lines }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGTERM; the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let start = Instant::now();
        while start.elapsed() < END {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it did not end within {END:?}");
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// One HTTP/1.1 request on a connection of its own; the response's status, its head in lower case, and its body.
pub(crate) fn http(url: &str, method: &str, path: &str, lines: &[&str], body: &str) -> (u16, String, String) {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{lines}\r\n{body}"
    )
    .unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}
