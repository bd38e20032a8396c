//! Senders that go on sending through restarts: what has no response is sent again, until it has one.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use openclone_client::v1::{
    IngestBatchRequest, IngestRequest, IngestResult, ingest_response::Outcome,
    ingest_service_client::IngestServiceClient,
};
use serde::Serialize;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};
use tonic::{Code, Status, metadata::MetadataValue, transport::Channel};

use crate::{events, server::KEY};

/// Batches of one stream; then a new stream is opened.
const STREAM: u64 = 16;
/// How long an response may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Before something is tried again.
const AGAIN: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SendMode {
    Json,
    Unary,
    Stream,
}

pub(super) struct Sender {
    number: usize,
    mode: SendMode,
    address: String,
    batch: usize,
    pause: Duration,
    tally: Tally,
    client: Option<IngestServiceClient<Channel>>,
}

/// What senders were tally.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Tally {
    pub(crate) stored: u64,
    pub(crate) skipped: u64,
    /// Connections rejected or cut, and responses that say to come again: what a restart brings.
    pub(crate) interrupted: u64,
    /// All other errors.
    pub(crate) unexpected: u64,
    /// The first of them.
    pub(crate) first_unexpected: Option<String>,
    /// The longest time to an acknowledgement, tries included, in seconds.
    pub(crate) longest: f64,
    /// How many batches each sender has sent and got acknowledged.
    pub(crate) batches: BTreeMap<usize, u64>,
}

/// Why something is to be sent again.
enum SendError {
    Interrupted,
    Unexpected(String),
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.stored += other.stored;
        self.skipped += other.skipped;
        self.interrupted += other.interrupted;
        self.unexpected += other.unexpected;
        self.first_unexpected = self.first_unexpected.take().or(other.first_unexpected);
        self.longest = self.longest.max(other.longest);
        self.batches.extend(other.batches);
    }
}

impl Sender {
    pub(super) fn new(number: usize, mode: SendMode, address: String, batch: usize, pause: Duration) -> Self {
        Self {
            number,
            mode,
            address,
            batch,
            pause,
            tally: Tally::default(),
            client: None,
        }
    }

    pub(super) async fn run(mut self, until: Instant) -> anyhow::Result<Tally> {
        let mut next = 0;
        let mut due = Instant::now();
        while Instant::now() < until {
            let count = if self.mode == SendMode::Stream { STREAM } else { 1 };
            self.acknowledge(next, count).await?;
            next += count;
            // behind schedule after a restart, it does not catch up in a burst
            due = (due + self.pause * count as u32).max(Instant::now() - self.pause);
            sleep(due.saturating_duration_since(Instant::now())).await;
        }
        self.tally.batches.insert(self.number, next);
        Ok(self.tally)
    }

    /// Sends so many batches from `first` on until all are acknowledged.
    async fn acknowledge(&mut self, first: u64, count: u64) -> anyhow::Result<()> {
        let begun = Instant::now();
        let end = first + count;
        let mut next = first;
        while next < end {
            let sent = match self.mode {
                SendMode::Json => self.json(next).await.map(|tally| vec![tally]),
                SendMode::Unary => self.unary(next).await.map(|tally| vec![tally]),
                SendMode::Stream => self.stream(next..end).await,
            };
            match sent {
                Ok(results) => {
                    next += results.len() as u64;
                    for (stored, skipped) in results {
                        self.tally.stored += stored;
                        self.tally.skipped += skipped;
                    }
                }
                Err(error) => self.note(error).await,
            }
        }
        self.tally.longest = self.tally.longest.max(begun.elapsed().as_secs_f64());
        Ok(())
    }

    async fn note(&mut self, error: SendError) {
        match error {
            SendError::Interrupted => self.tally.interrupted += 1,
            SendError::Unexpected(what) => {
                self.tally.unexpected += 1;
                self.tally.first_unexpected.get_or_insert(what);
            }
        }
        self.client = None;
        sleep(AGAIN).await;
    }

    /// As `verify` reads them.
    fn refs(&self, number: u64) -> impl Iterator<Item = String> {
        let sender = self.number;
        (0..self.batch).map(move |position| format!("0-{sender}-{number}-{position}"))
    }

    fn message(&self, number: u64) -> openclone_client::v1::Batch {
        events::batch(self.refs(number))
    }

    async fn client(&mut self) -> Result<&mut IngestServiceClient<Channel>, SendError> {
        if self.client.is_none() {
            let endpoint = Channel::from_shared(format!("http://{}", self.address));
            let endpoint = endpoint.map_err(|error| SendError::Unexpected(error.to_string()))?;
            let channel = endpoint.connect().await.map_err(|_| SendError::Interrupted)?;
            self.client = Some(IngestServiceClient::new(channel));
        }
        self.client.as_mut().ok_or(SendError::Interrupted)
    }

    async fn unary(&mut self, number: u64) -> Result<(u64, u64), SendError> {
        let batch = Some(self.message(number));
        let call = self
            .client()
            .await?
            .ingest_batch(keyed(IngestBatchRequest { batch }));
        let response = timeout(TIMEOUT, call).await.map_err(|_| late())?;
        counts(response.map_err(of_status)?.into_inner().result)
    }

    /// The responses that came, in order; an error only if none did.
    async fn stream(&mut self, numbers: std::ops::Range<u64>) -> Result<Vec<(u64, u64)>, SendError> {
        let requests: Vec<_> = numbers
            .clone()
            .map(|sequence| IngestRequest {
                sequence,
                batch: Some(self.message(sequence)),
            })
            .collect();
        let call = self.client().await?.ingest(keyed(tokio_stream::iter(requests)));
        let mut responses = call.await.map_err(of_status)?.into_inner();
        let mut results = Vec::new();
        for sequence in numbers {
            let response = match timeout(TIMEOUT, responses.message()).await.map_err(|_| late())? {
                Ok(Some(response)) if response.sequence == sequence => response,
                Ok(Some(response)) => {
                    return Err(SendError::Unexpected(format!("{response:?} for {sequence}")));
                }
                Ok(None) if results.is_empty() => return Err(SendError::Interrupted),
                Err(status) if results.is_empty() => return Err(of_status(status)),
                _ => return Ok(results),
            };
            match response.outcome {
                Some(Outcome::Result(result)) => results.push(counts(Some(result))?),
                Some(Outcome::Error(error)) if error.code == Code::Unavailable as i32 => {
                    return if results.is_empty() {
                        Err(SendError::Interrupted)
                    } else {
                        Ok(results)
                    };
                }
                other => return Err(SendError::Unexpected(format!("{other:?}"))),
            }
        }
        Ok(results)
    }

    async fn json(&mut self, number: u64) -> Result<(u64, u64), SendError> {
        let body = events::json(self.refs(number));
        let response = timeout(TIMEOUT, post(&self.address, &body))
            .await
            .map_err(|_| late())?;
        let response = response.map_err(|_| SendError::Interrupted)?;
        let Some((head, body)) = response.split_once("\r\n\r\n") else {
            return Err(SendError::Interrupted);
        };
        match head.split(' ').nth(1) {
            Some("200") => {}
            Some("503") => return Err(SendError::Interrupted),
            _ => return Err(SendError::Unexpected(response)),
        }
        let tally: serde_json::Value =
            serde_json::from_str(body).map_err(|_| SendError::Unexpected(response.clone()))?;
        Ok((
            tally["stored"].as_u64().unwrap_or(0),
            tally["skipped"].as_u64().unwrap_or(0),
        ))
    }
}

async fn post(address: &str, body: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let head = format!(
        "POST /api/v1/ingest HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-API-Key: {KEY}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await.context("cut")?;
    Ok(response)
}

fn keyed<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request
        .metadata_mut()
        .insert("x-api-key", MetadataValue::from_static(KEY));
    request
}

fn counts(result: Option<IngestResult>) -> Result<(u64, u64), SendError> {
    let result = result.ok_or_else(|| SendError::Unexpected("an response without a result".to_owned()))?;
    Ok((result.stored.into(), result.skipped.into()))
}

/// What comes from a connection that ends, or from a service that is going or coming, is what a restart brings.
fn of_status(status: Status) -> SendError {
    match status.code() {
        Code::Unavailable | Code::Cancelled => SendError::Interrupted,
        Code::Unknown | Code::Internal if std::error::Error::source(&status).is_some() => {
            SendError::Interrupted
        }
        _ => SendError::Unexpected(format!("{status:?}")),
    }
}

fn late() -> SendError {
    SendError::Unexpected(format!("no response within {TIMEOUT:?}"))
}
