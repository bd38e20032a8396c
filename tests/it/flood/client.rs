//! A well-behaved client: one event at a time, over JSON on a new connection each time, and as a unary call on a lasting one.
//! The service must accept each of them.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use openclone_client::v1::{
    Batch, Event, IngestBatchRequest, Platform, SourceType, event::Data,
    ingest_service_client::IngestServiceClient,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::{Code, transport::Channel};

/// A pause between two events, so that it is no flood of its own.
const PAUSE: Duration = Duration::from_millis(5);

/// Before something is tried again.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) struct Client {
    address: SocketAddr,
    key: String,
    unary: Option<IngestServiceClient<Channel>>,
    next: u64,
    pub(crate) times: Vec<Duration>,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, key: &str) -> Self {
        Self {
            address,
            key: key.to_owned(),
            unary: None,
            next: 0,
            times: Vec::new(),
        }
    }

    /// Sends for so long.
    pub(crate) async fn run(&mut self, duration: Duration) {
        let end = Instant::now() + duration;
        while Instant::now() < end {
            let begun = Instant::now();
            // 503 is an honest response, but the time goes on
            while !self.send().await {
                tokio::time::sleep(AGAIN).await;
            }
            self.times.push(begun.elapsed());
            self.next += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The references of what was acknowledged.
    pub(crate) fn sent(&self) -> impl Iterator<Item = String> + use<> {
        (0..self.next).map(|number| format!("good-{number}-"))
    }

    /// Median, 99th percentile, and the number of responses.
    pub(crate) fn metrics(&mut self) -> (Duration, Duration, usize) {
        self.times.sort();
        let at = |part: usize| self.times[(self.times.len() * part / 100).min(self.times.len() - 1)];
        (at(50), at(99), self.times.len())
    }

    /// Batches of 200 KiB, for which there is room only when none was lost.
    pub(crate) async fn send_large(&mut self) {
        for _ in 0..40 {
            assert!(
                self.post(&"all is well ".repeat(18_000)).await,
                "there is no room"
            );
            self.next += 1;
        }
    }

    async fn send(&mut self) -> bool {
        match self.next % 2 {
            0 => self.post("all is well").await,
            _ => self.call().await,
        }
    }

    /// Whether it is acknowledged; else it must have been 503.
    async fn post(&self, text: &str) -> bool {
        let now = seconds();
        let body = format!(
            r#"{{"source_type":"braindump","platform":"linux","device_id":"test-1","plugin_id":"good",
            "plugin_version":"1.0.0","timestamp":{now},"events":[{{"timestamp":{now},
            "data":{{"text":"{text}"}},"raw_ref":"good-{}-"}}]}}"#,
            self.next
        );
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.key,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let is_stored = response.starts_with("HTTP/1.1 200");
        assert!(is_stored || response.starts_with("HTTP/1.1 503"), "{response}");
        is_stored
    }

    async fn call(&mut self) -> bool {
        let timestamp = Some(prost_types::Timestamp::from(std::time::SystemTime::now()));
        let data = openclone_client::v1::Braindump {
            text: Some("all is well".into()),
        };
        let batch = Batch {
            source_type: SourceType::Braindump.into(),
            platform: Platform::Linux.into(),
            device_id: "test-1".into(),
            plugin_id: "good".into(),
            plugin_version: "1.0.0".into(),
            timestamp,
            events: vec![Event {
                timestamp,
                raw_ref: Some(format!("good-{}-", self.next)),
                data: Some(Data::Braindump(data)),
            }],
        };
        let mut request = tonic::Request::new(IngestBatchRequest { batch: Some(batch) });
        request
            .metadata_mut()
            .insert("x-api-key", self.key.parse().unwrap());
        if self.unary.is_none() {
            let endpoint = Channel::from_shared(format!("http://{}", self.address)).unwrap();
            self.unary = Some(IngestServiceClient::new(endpoint.connect().await.unwrap()));
        }
        let client = self.unary.as_mut().unwrap();
        match client.ingest_batch(request).await {
            Ok(_) => true,
            Err(status) if status.code() == Code::Unavailable => false,
            Err(status) => panic!("{status:?}"),
        }
    }
}

fn seconds() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
}
