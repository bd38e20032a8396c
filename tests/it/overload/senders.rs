//! Senders that send as fast as possible over each transport and record the responses.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use openclone_client::v1::{
    Batch, IngestBatchRequest, IngestRequest, event::Data, ingest_response::Outcome,
    ingest_service_client::IngestServiceClient,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::mpsc,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt as _;

use crate::batches::{self, with};

/// Events of a batch, and the bytes of each text: about 64 KiB a batch.
const EVENTS: usize = 50;
const TEXT: usize = 1200;

/// The responses that senders got.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// References of events.
    pub(crate) acknowledged: Vec<String>,
    /// Batches.
    pub(crate) turned_away: usize,
    pub(crate) most_unanswered: usize,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        self.acknowledged.extend(other.acknowledged);
        self.turned_away += other.turned_away;
        self.most_unanswered = self.most_unanswered.max(other.most_unanswered);
    }

    fn note_ahead(&mut self, sent: u64, answered: u64) {
        let unanswered = usize::try_from(sent.saturating_sub(answered)).unwrap();
        self.most_unanswered = self.most_unanswered.max(unanswered);
    }

    /// A refusal must be the one of an overload, and say when to come again.
    fn rejected(&mut self, status: &Status) {
        assert_eq!(status.code(), Code::Unavailable, "{status:?}");
        assert_eq!(status.get_details_error_info().unwrap().reason, "OVERLOADED");
        assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
        self.turned_away += 1;
    }
}

fn references(sender: &str, number: usize) -> Vec<String> {
    (0..EVENTS)
        .map(|event| format!("{sender}-{number}-{event}-"))
        .collect()
}

fn batch(references: &[String]) -> Batch {
    let names: Vec<_> = references.iter().map(String::as_str).collect();
    let mut batch = batches::batch(&names);
    for event in &mut batch.events {
        if let Some(Data::Braindump(data)) = &mut event.data {
            data.text = Some("much to say ".repeat(TEXT / 12));
        }
    }
    batch
}

pub(crate) async fn unary(address: SocketAddr, key: String, sender: usize, until: Instant) -> Tally {
    let mut client = connect(address).await;
    let mut tally = Tally::default();
    for number in 0.. {
        if Instant::now() >= until {
            break;
        }
        let sent = references(&format!("u{sender}"), number);
        let message = IngestBatchRequest {
            batch: Some(batch(&sent)),
        };
        match client.ingest_batch(with(&key, message)).await {
            Ok(response) => {
                assert_eq!(response.into_inner().result.unwrap().stored as usize, EVENTS);
                tally.acknowledged.extend(sent);
            }
            Err(status) => tally.rejected(&status),
        }
    }
    tally
}

pub(crate) async fn json(address: SocketAddr, key: String, sender: usize, until: Instant) -> Tally {
    let mut tally = Tally::default();
    for number in 0.. {
        if Instant::now() >= until {
            break;
        }
        let sent = references(&format!("j{sender}"), number);
        let names: Vec<_> = sent.iter().map(String::as_str).collect();
        let body = batches::json(&names).replace("thought", &"much to say ".repeat(TEXT / 12));
        let response = post(address, &key, &body).await;
        if response.starts_with("http/1.1 200") {
            tally.acknowledged.extend(sent);
            continue;
        }
        assert!(response.starts_with("http/1.1 503"), "{response}");
        assert!(response.contains("\r\nretry-after: "), "{response}");
        tally.turned_away += 1;
    }
    tally
}

async fn post(address: SocketAddr, key: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-API-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response.to_ascii_lowercase()
}

/// A stream is never turned away, only held.
pub(crate) async fn stream(address: SocketAddr, key: String, sender: usize, until: Instant) -> Tally {
    let (sending, queue) = mpsc::channel(1);
    let mut client = connect(address).await;
    let ahead = Arc::new(AtomicU64::new(0));
    let produced = Arc::clone(&ahead);
    let producer = tokio::spawn(async move {
        for number in 0.. {
            if Instant::now() >= until {
                return number;
            }
            let request = IngestRequest {
                sequence: number,
                batch: Some(batch(&references(&format!("s{sender}"), number as usize))),
            };
            if sending.send(request).await.is_err() {
                return number;
            }
            produced.store(number + 1, Ordering::Relaxed);
        }
        unreachable!()
    });
    let call = client.ingest(with(&key, ReceiverStream::new(queue)));
    let mut responses = call.await.unwrap().into_inner();
    let mut tally = Tally::default();
    let mut answered = 0;
    while let Some(response) = responses.message().await.unwrap() {
        assert_eq!(response.sequence, answered);
        tally.note_ahead(ahead.load(Ordering::Relaxed), answered);
        answered += 1;
        assert!(
            matches!(response.outcome, Some(Outcome::Result(_))),
            "{response:?}"
        );
        tally
            .acknowledged
            .extend(references(&format!("s{sender}"), response.sequence as usize));
    }
    let sent = producer.await.unwrap();
    assert_eq!(answered, sent, "a batch has no response");
    tally
}

async fn connect(address: SocketAddr) -> IngestServiceClient<Channel> {
    let endpoint = Channel::from_shared(format!("http://{address}")).unwrap();
    IngestServiceClient::new(endpoint.connect().await.unwrap())
}
