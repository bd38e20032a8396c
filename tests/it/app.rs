//! A service inside the test process, on a free port and in its own home; dropping the value stops it.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use openclone::{
    app::App,
    config::{Config, Inputs, Layers, home::Home},
    runtime::clock::Clock,
};
use openclone_client::v1::{
    access_service_client::AccessServiceClient, ingest_service_client::IngestServiceClient,
    registry_service_client::RegistryServiceClient,
};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tonic::{
    Request,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

pub(crate) const KEY: &str = "test-key-of-the-tests";

/// A running service.
pub(crate) struct TestApp {
    pub(crate) address: SocketAddr,
    home: TempDir,
    shutdown: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

/// An HTTP response.
#[derive(Debug)]
pub(crate) struct HttpResponse {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl TestApp {
    /// With options in TOML.
    pub(crate) async fn start(options: &str) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), options).await
    }

    /// In a home that may have been used before.
    pub(crate) async fn start_in(home: TempDir, options: &str) -> Self {
        Self::start_at(home, options, Clock::system()).await
    }

    /// With a clock of its own; in UTC unless the options say otherwise.
    pub(crate) async fn start_at(home: TempDir, options: &str, clock: Clock) -> Self {
        let layers = Layers::new(Inputs {
            file: Some((
                PathBuf::from("test.toml"),
                if options.contains("vault.timezone") {
                    options.to_owned()
                } else {
                    format!("vault.timezone = \"UTC\"\n{options}")
                },
            )),
            ..Inputs::default()
        })
        .unwrap();
        let config = Config::read(&layers).unwrap();
        let location = Home::locate(Some(home.path().join("home"))).unwrap();
        let key = location.prepare(Some(SecretString::from(KEY))).unwrap();
        let app = App::with_clock(&config, &location, &key.secret, clock).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, stop) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let running = tokio::spawn(async move {
            let stopped = async { _ = stop.await };
            app.run(listener, move || _ = ready.send(()), stopped)
                .await
                .unwrap();
        });
        is_ready.await.unwrap();
        Self {
            address,
            home,
            shutdown: Some(shutdown),
            running: Some(running),
        }
    }

    /// Ends it in order; the home stays.
    pub(crate) async fn stop(mut self) -> TempDir {
        if let Some(shutdown) = self.shutdown.take() {
            let _ = shutdown.send(());
        }
        if let Some(running) = self.running.take() {
            tokio::time::timeout(Duration::from_secs(10), running)
                .await
                .unwrap()
                .unwrap();
        }
        std::mem::replace(&mut self.home, tempfile::tempdir().unwrap())
    }

    /// The home directory.
    pub(crate) fn home(&self) -> PathBuf {
        self.home.path().join("home")
    }

    /// A file of the vault of tenant `default`.
    pub(crate) fn vault_file(&self, path: &str) -> String {
        std::fs::read_to_string(self.home.path().join("home/vault").join(path)).unwrap()
    }

    pub(crate) fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address))
            .unwrap()
            .connect_lazy()
    }

    pub(crate) fn ingest_client(&self) -> IngestServiceClient<Channel> {
        IngestServiceClient::new(self.channel())
    }

    pub(crate) fn registry_client(&self) -> RegistryServiceClient<Channel> {
        RegistryServiceClient::new(self.channel())
    }

    pub(crate) fn access_client(&self) -> AccessServiceClient<Channel> {
        AccessServiceClient::new(self.channel())
    }

    /// A documented JSON request with the right key.
    pub(crate) async fn post(&self, body: &str) -> HttpResponse {
        let key = format!("X-API-Key: {KEY}");
        http(
            self.address,
            "POST",
            "/api/v1/ingest",
            &[&key, "Content-Type: application/json"],
            body,
        )
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> HttpResponse {
        http(self.address, "GET", path, &[&format!("X-API-Key: {KEY}")], "").await
    }

    /// The sum of `openclone_events_total`, and the figure of each outcome.
    pub(crate) async fn events(&self) -> BTreeMap<String, u64> {
        let text = self.get("/metrics").await.body;
        let mut events = BTreeMap::new();
        for line in text
            .lines()
            .filter_map(|line| line.strip_prefix("openclone_events_total{outcome=\""))
        {
            let outcome = line.split('"').next().unwrap().to_owned();
            *events.entry(outcome).or_default() += line.rsplit(' ').next().unwrap().parse::<u64>().unwrap();
        }
        events
    }
}

/// A call with the right key.
pub(crate) fn keyed<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("x-api-key", MetadataValue::from_static(KEY));
    request
}

/// One HTTP/1.1 request on a connection of its own. `lines` are headers; `Host` is set unless one of them is.
pub(crate) async fn http(
    address: SocketAddr,
    method: &str,
    path: &str,
    lines: &[&str],
    body: &str,
) -> HttpResponse {
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    if !lines.iter().any(|line| line.starts_with("Host:")) {
        text.push_str(&format!("Host: {address}\r\n"));
    }
    for line in lines {
        text.push_str(&format!("{line}\r\n"));
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{text}\r\n{body}").as_bytes())
        .await
        .unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> HttpResponse {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let is_chunked = headers
        .get("transfer-encoding")
        .is_some_and(|value| value == "chunked");
    let body = if is_chunked {
        unchunk(body)
    } else {
        body.to_owned()
    };
    HttpResponse {
        status,
        headers,
        body,
    }
}

fn unchunk(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap();
        body.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
        if size == 0 {
            break;
        }
    }
    body
}

/// The documented first request, with a text and a reference.
pub(crate) fn braindump(text: &str, raw_ref: &str) -> String {
    format!(
        r#"{{"source_type": "braindump", "platform": "macos", "device_id": "test-001", "plugin_id": "my-plugin",
        "plugin_version": "1.0.0", "timestamp": 1708258800.0,
        "events": [{{"timestamp": 1708258800.0, "data": {{"text": "{text}"}}, "raw_ref": "{raw_ref}"}}]}}"#
    )
}
