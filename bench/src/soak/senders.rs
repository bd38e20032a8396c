//! Senders that go on sending through restarts: what has no answer is sent again, until it has one.

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
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Before something is tried again.
const AGAIN: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Json,
    Unary,
    Stream,
}

pub(super) struct Sender {
    number: usize,
    way: Way,
    address: String,
    batch: usize,
    pause: Duration,
    told: Told,
    client: Option<IngestServiceClient<Channel>>,
}

/// What senders were told.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Told {
    pub(crate) stored: u64,
    pub(crate) skipped: u64,
    /// Connections rejected or cut, and answers that say to come again: what a restart brings.
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
enum Fault {
    Interrupted,
    Unexpected(String),
}

impl Told {
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
    pub(super) fn new(number: usize, way: Way, address: String, batch: usize, pause: Duration) -> Self {
        Self {
            number,
            way,
            address,
            batch,
            pause,
            told: Told::default(),
            client: None,
        }
    }

    pub(super) async fn run(mut self, until: Instant) -> anyhow::Result<Told> {
        let mut next = 0;
        let mut due = Instant::now();
        while Instant::now() < until {
            let count = if self.way == Way::Stream { STREAM } else { 1 };
            self.acknowledge(next, count).await?;
            next += count;
            // behind schedule after a restart, it does not catch up in a burst
            due = (due + self.pause * count as u32).max(Instant::now() - self.pause);
            sleep(due.saturating_duration_since(Instant::now())).await;
        }
        self.told.batches.insert(self.number, next);
        Ok(self.told)
    }

    /// Sends so many batches from `first` on until all are acknowledged.
    async fn acknowledge(&mut self, first: u64, count: u64) -> anyhow::Result<()> {
        let begun = Instant::now();
        let end = first + count;
        let mut next = first;
        while next < end {
            let sent = match self.way {
                Way::Json => self.json(next).await.map(|told| vec![told]),
                Way::Unary => self.unary(next).await.map(|told| vec![told]),
                Way::Stream => self.stream(next..end).await,
            };
            match sent {
                Ok(results) => {
                    next += results.len() as u64;
                    for (stored, skipped) in results {
                        self.told.stored += stored;
                        self.told.skipped += skipped;
                    }
                }
                Err(fault) => self.note(fault).await,
            }
        }
        self.told.longest = self.told.longest.max(begun.elapsed().as_secs_f64());
        Ok(())
    }

    async fn note(&mut self, fault: Fault) {
        match fault {
            Fault::Interrupted => self.told.interrupted += 1,
            Fault::Unexpected(what) => {
                self.told.unexpected += 1;
                self.told.first_unexpected.get_or_insert(what);
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

    async fn client(&mut self) -> Result<&mut IngestServiceClient<Channel>, Fault> {
        if self.client.is_none() {
            let endpoint = Channel::from_shared(format!("http://{}", self.address));
            let endpoint = endpoint.map_err(|error| Fault::Unexpected(error.to_string()))?;
            let channel = endpoint.connect().await.map_err(|_| Fault::Interrupted)?;
            self.client = Some(IngestServiceClient::new(channel));
        }
        self.client.as_mut().ok_or(Fault::Interrupted)
    }

    async fn unary(&mut self, number: u64) -> Result<(u64, u64), Fault> {
        let batch = Some(self.message(number));
        let call = self
            .client()
            .await?
            .ingest_batch(keyed(IngestBatchRequest { batch }));
        let answer = timeout(PATIENCE, call).await.map_err(|_| late())?;
        counts(answer.map_err(of_status)?.into_inner().result)
    }

    /// The answers that came, in order; an error only if none did.
    async fn stream(&mut self, numbers: std::ops::Range<u64>) -> Result<Vec<(u64, u64)>, Fault> {
        let requests: Vec<_> = numbers
            .clone()
            .map(|sequence| IngestRequest {
                sequence,
                batch: Some(self.message(sequence)),
            })
            .collect();
        let call = self.client().await?.ingest(keyed(tokio_stream::iter(requests)));
        let mut answers = call.await.map_err(of_status)?.into_inner();
        let mut results = Vec::new();
        for sequence in numbers {
            let answer = match timeout(PATIENCE, answers.message()).await.map_err(|_| late())? {
                Ok(Some(answer)) if answer.sequence == sequence => answer,
                Ok(Some(answer)) => return Err(Fault::Unexpected(format!("{answer:?} for {sequence}"))),
                Ok(None) if results.is_empty() => return Err(Fault::Interrupted),
                Err(status) if results.is_empty() => return Err(of_status(status)),
                _ => return Ok(results),
            };
            match answer.outcome {
                Some(Outcome::Result(result)) => results.push(counts(Some(result))?),
                Some(Outcome::Error(error)) if error.code == Code::Unavailable as i32 => {
                    return if results.is_empty() {
                        Err(Fault::Interrupted)
                    } else {
                        Ok(results)
                    };
                }
                other => return Err(Fault::Unexpected(format!("{other:?}"))),
            }
        }
        Ok(results)
    }

    async fn json(&mut self, number: u64) -> Result<(u64, u64), Fault> {
        let body = events::json(self.refs(number));
        let answer = timeout(PATIENCE, post(&self.address, &body))
            .await
            .map_err(|_| late())?;
        let answer = answer.map_err(|_| Fault::Interrupted)?;
        let Some((head, body)) = answer.split_once("\r\n\r\n") else {
            return Err(Fault::Interrupted);
        };
        match head.split(' ').nth(1) {
            Some("200") => {}
            Some("503") => return Err(Fault::Interrupted),
            _ => return Err(Fault::Unexpected(answer)),
        }
        let told: serde_json::Value =
            serde_json::from_str(body).map_err(|_| Fault::Unexpected(answer.clone()))?;
        Ok((
            told["stored"].as_u64().unwrap_or(0),
            told["skipped"].as_u64().unwrap_or(0),
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
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.context("cut")?;
    Ok(answer)
}

fn keyed<T>(message: T) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request
        .metadata_mut()
        .insert("x-api-key", MetadataValue::from_static(KEY));
    request
}

fn counts(result: Option<IngestResult>) -> Result<(u64, u64), Fault> {
    let result = result.ok_or_else(|| Fault::Unexpected("an answer without a result".to_owned()))?;
    Ok((result.stored.into(), result.skipped.into()))
}

/// What comes from a connection that ends, or from a service that is going or coming, is what a restart brings.
fn of_status(status: Status) -> Fault {
    match status.code() {
        Code::Unavailable | Code::Cancelled => Fault::Interrupted,
        Code::Unknown | Code::Internal if std::error::Error::source(&status).is_some() => Fault::Interrupted,
        _ => Fault::Unexpected(format!("{status:?}")),
    }
}

fn late() -> Fault {
    Fault::Unexpected(format!("no answer within {PATIENCE:?}"))
}
