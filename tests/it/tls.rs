//! TLS with real clients: gRPC and HTTPS, to the service and through a gateway.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Output},
};

use crate::process::{Serve, command, http, text};
use tempfile::TempDir;

const BATCH: &str = r#"{"source_type": "braindump", "platform": "macos", "device_id": "test-001", "plugin_id": "my-plugin",
    "plugin_version": "1.0.0", "timestamp": 1708258800.0,
    "events": [{"timestamp":1708258800.0,"data":{"text":"Hello!"},"raw_ref":"e1"}]}"#;
const KEY: &str = "test-key-of-the-tests";

/// A service with a certificate for `localhost` that only itself has signed.
struct Case {
    dir: TempDir,
    cert: PathBuf,
    serve: Serve,
    url: String,
}

impl Case {
    /// None where there is no openssl.
    fn start() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
        make(&cert, &key)?;
        let mut serve = command(&dir.path().join("home"));
        serve
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("API_KEY", KEY)
            .env("OPENCLONE_SERVER__TLS_CERT", &cert)
            .env("OPENCLONE_SERVER__TLS_KEY", &key);
        let serve = Serve::spawn(&mut serve, 2);
        let address = serve.url.strip_prefix("https://127.0.0.1:").unwrap();
        let url = format!("https://localhost:{address}");
        Some(Self {
            dir,
            cert,
            serve,
            url,
        })
    }

    /// A client that trusts the certificate, or another one only.
    fn client(&self, trusts: bool) -> Command {
        let mut client = command(&self.dir.path().join("client"));
        client.env("API_KEY", KEY).env("OPENCLONE_ENDPOINT", &self.url);
        let other = self.dir.path().join("other.pem");
        if !trusts {
            make(&other, &self.dir.path().join("other.key"));
        }
        client.env("SSL_CERT_FILE", if trusts { &self.cert } else { &other });
        client.env_remove("SSL_CERT_DIR");
        client
    }

    fn send(&self, trusts: bool) -> Output {
        let batch = self.dir.path().join("batch.json");
        fs::write(&batch, BATCH).unwrap();
        let mut client = self.client(trusts);
        client.args(["ingest", "--retry-for", "1"]).arg(batch);
        client.output().unwrap()
    }
}

fn make(cert: &Path, key: &Path) -> Option<()> {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        // Else it is an authority, which may not be a server as well.
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(key)
        .arg("-out")
        .arg(cert)
        .output();
    made.is_ok_and(|made| made.status.success()).then_some(())
}

/// A request over HTTP/1.1 and TLS by another program; status line and body.
fn https(url: &str, cert: &Path, path: &str) -> (String, String) {
    let address = url.strip_prefix("https://").unwrap();
    let mut client = Command::new("openssl")
        .args([
            "s_client",
            "-quiet",
            "-verify_return_error",
            "-servername",
            "localhost",
        ])
        .args([
            "-verify_hostname",
            "localhost",
            "-alpn",
            "http/1.1",
            "-connect",
            address,
        ])
        .arg("-CAfile")
        .arg(cert)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut input = client.stdin.take().unwrap();
    // the client may end before it reads all, when it does not trust the certificate
    let _ = write!(
        input,
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-API-Key: {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{BATCH}",
        BATCH.len()
    );
    let mut response = BufReader::new(client.stdout.take().unwrap());
    let (mut status, mut rest) = (String::new(), String::new());
    response.read_line(&mut status).unwrap();
    response.read_to_string(&mut rest).unwrap();
    drop(input);
    client.wait().unwrap();
    let body = rest.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status.trim().to_owned(), body.to_owned())
}

#[test]
fn grpc_and_https_clients_connect_over_tls() {
    let Some(case) = Case::start() else { return };
    let sent = case.send(true);
    assert!(
        sent.status.success() && text(&sent.stdout).starts_with("stored 1, skipped 0"),
        "{sent:?}"
    );
    let (status, body) = https(&case.url, &case.cert, "/api/v1/ingest");
    assert_eq!(status, "HTTP/1.1 200 OK");
    assert!(
        body.starts_with(r#"{"stored":0,"skipped":1,"file":"Braindump/"#),
        "{body}"
    );
    let status = case.client(true).arg("status").output().unwrap();
    assert!(
        status.status.success() && text(&status.stdout).contains("tenant   default: 1 stored, 1 duplicate"),
        "{status:?}"
    );

    let mut gateway = case.client(true);
    gateway.args(["gateway", "--listen", "127.0.0.1:0", "--upstream", &case.url]);
    let gateway = Serve::spawn(&mut gateway, 2);
    let keyed = [&format!("X-API-Key: {KEY}")[..], "Content-Type: application/json"];
    let (status, _, body) = http(&gateway.url, "POST", "/api/v1/ingest", &keyed, BATCH);
    assert!(
        status == 200 && body.starts_with(r#"{"stored":0,"skipped":1,"#),
        "{body}"
    );
    assert_eq!(http(&gateway.url, "GET", "/api/v1/tenants", &keyed, "").0, 200);
    assert_eq!(gateway.terminate(), Some(0));
    assert_eq!(case.serve.terminate(), Some(0));
}

#[test]
fn a_client_that_does_not_trust_the_certificate_sends_nothing() {
    let Some(case) = Case::start() else { return };
    let rejected = case.send(false);
    let error = text(&rejected.stderr);
    assert_eq!(rejected.status.code(), Some(1), "{error}");
    assert!(
        error.lines().last().unwrap().starts_with("openclone: "),
        "{error}"
    );
    let vault = case.dir.path().join("home/vault/Braindump");
    assert!(!vault.exists());
}

#[test]
fn sighup_reloads_the_certificate_and_a_broken_one_changes_nothing() {
    let Some(case) = Case::start() else { return };
    let key = case.dir.path().join("key.pem");
    let old = case.dir.path().join("old.pem");
    fs::copy(&case.cert, &old).unwrap();
    make(&case.cert, &key).unwrap();
    let new = fs::read(&case.cert).unwrap();
    // a POST, which this path answers with 405 after the handshake
    let accepts = |cert: &Path| https(&case.url, cert, "/healthz").0.starts_with("HTTP/1.1 405");
    assert!(
        accepts(&old) && !accepts(&case.cert),
        "the service still has the old certificate"
    );
    let hang_up = || {
        let pid = rustix::process::Pid::from_raw(case.serve.pid() as i32).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    };
    hang_up();
    await_that(|| accepts(&case.cert));
    assert!(!accepts(&old));
    let trusted = case.dir.path().join("trusted.pem");
    fs::write(&trusted, new).unwrap();
    fs::write(&case.cert, "broken").unwrap();
    hang_up();
    // a second one is handled after the first
    hang_up();
    assert!(accepts(&trusted));
    assert_eq!(case.serve.terminate(), Some(0));
}

/// Waits until `is_so`, for at most a minute.
fn await_that(is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("it did not happen");
}
