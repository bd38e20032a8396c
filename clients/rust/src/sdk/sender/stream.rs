//! One gRPC stream: at most [`WINDOW`] batches without a response.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Request, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    metadata::MetadataValue,
    transport::{Channel, ClientTlsConfig, Endpoint},
};

use super::{
    Due, Sender,
    codec::{self, Raw},
    outcome::{self, Failure, Outcome},
};
use crate::{
    sdk::{USER_AGENT, client::Shared, options::Builder},
    v1::{IngestResponse, ingest_response},
};

/// Batches without a response, at most; the server has no more in flight either.
const WINDOW: usize = 32;
const PATH: &str = "/openclone.v1.IngestService/Ingest";

type Requests = mpsc::Sender<bytes::Bytes>;

/// Sends until something fails, or until the server ends the stream while nothing is on its way.
pub(super) async fn session(sender: &mut Sender) -> Result<(), Failure> {
    let limit = sender.shared.options.response_timeout;
    let (requests, responses) = match timeout(limit, open(&sender.shared)).await {
        Ok(opened) => opened?,
        Err(_) => return Err(Failure::again(format!("no response within {limit:?}"))),
    };
    let ended = run(sender, &requests, responses, limit).await;
    sender.take_back();
    ended
}

async fn open(shared: &Shared) -> Result<(Requests, Streaming<IngestResponse>), Failure> {
    shared
        .options
        .say(|| format!("opening a stream to {}", shared.options.endpoint));
    let channel = connect(&shared.options).await?;
    let mut client = Grpc::new(channel);
    client
        .ready()
        .await
        .map_err(|error| Failure::again(chain(&error)))?;
    let (requests, queue) = mpsc::channel(WINDOW);
    let mut request = Request::new(ReceiverStream::new(queue));
    let key = shared
        .key
        .get()
        .map_err(|error| Failure::again(error.to_string()))?;
    let no_key = |_| Failure::Denied("the key is not printable".to_owned());
    let mut key = MetadataValue::try_from(key).map_err(no_key)?;
    key.set_sensitive(true);
    request.metadata_mut().insert("x-api-key", key);
    let opened = client
        .streaming(request, PathAndQuery::from_static(PATH), Raw)
        .await;
    let responses = opened.map_err(|status| outcome::of_stream(&status))?.into_inner();
    Ok((requests, responses))
}

/// A connection of its own, for calls beside the stream.
pub(in crate::sdk) async fn channel(options: &Builder) -> Result<Channel, String> {
    connect(options).await.map_err(|failure| failure.to_string())
}

async fn connect(options: &Builder) -> Result<Channel, Failure> {
    let failed = |error: tonic::transport::Error| Failure::again(chain(&error));
    let endpoint = Endpoint::from_shared(options.endpoint.clone()).map_err(failed)?;
    let endpoint = endpoint
        .user_agent(USER_AGENT)
        .map_err(failed)?
        .connect_timeout(options.response_timeout)
        .tcp_nodelay(true);
    let endpoint = match options.endpoint.starts_with("https:") {
        true => endpoint
            .tls_config(ClientTlsConfig::new().with_native_roots())
            .map_err(failed)?,
        false => endpoint,
    };
    endpoint
        .connect()
        .await
        .map_err(|error| match is_unreachable(&error) {
            true => Failure::unreachable(chain(&error)),
            false => failed(error),
        })
}

async fn run(
    sender: &mut Sender,
    requests: &Requests,
    mut responses: Streaming<IngestResponse>,
    limit: Duration,
) -> Result<(), Failure> {
    let (mut sequence, mut acknowledged) = (0_u64, 0_u64);
    let mut heard = Instant::now();
    loop {
        // Before the look into the spool: what comes after it wakes.
        sender.shared.wants_more.store(true, Ordering::Release);
        if sender.outstanding.is_empty() {
            heard = Instant::now();
        }
        while sender.outstanding.len() < WINDOW {
            let Some(unit) = sender.next_unit() else { break };
            let message = codec::request(sequence, &unit);
            sender.outstanding.push_back(unit);
            sequence += 1;
            // Never full; closed when the stream has ended, which its responses tell.
            let _ = requests.try_send(message);
        }
        let is_full = sender.outstanding.len() >= WINDOW;
        sender.shared.wants_more.store(!is_full, Ordering::Release);
        sender.publish();
        let due = match is_full {
            true => Due::Never,
            false => sender.due(),
        };
        let is_idle = sender.outstanding.is_empty();
        tokio::select! {
            response = responses.message() => {
                let Some(response) = response.map_err(|status| outcome::of_stream(&status))? else {
                    return if is_idle { Ok(()) } else { Err(Failure::again("the server ended the stream")) };
                };
                heard = Instant::now();
                take(sender, response, acknowledged)?;
                acknowledged += 1;
            }
            () = sender.wait(&due), if !is_full => {}
            () = tokio::time::sleep_until((heard + limit).into()), if !is_idle => {
                return Err(Failure::again(format!("no response within {limit:?}")));
            }
        }
    }
}

fn take(sender: &mut Sender, response: IngestResponse, expected: u64) -> Result<(), Failure> {
    if response.sequence != expected {
        return Err(Failure::again("the server responded out of order"));
    }
    let Some(unit) = sender.outstanding.pop_front() else {
        return Err(Failure::again(
            "the server sent more responses than it got requests",
        ));
    };
    let outcome = match response.outcome {
        Some(ingest_response::Outcome::Result(result)) => Outcome::Taken {
            stored: result.stored.into(),
            skipped: result.skipped.into(),
        },
        Some(ingest_response::Outcome::Error(error)) => outcome::of_error(&error),
        None => Outcome::Failed(Failure::again("the server gave a response without an outcome")),
    };
    sender.apply(unit, outcome)
}

/// Whether the system says that nothing listens there.
fn is_unreachable(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
    matches!(
        kind,
        Some(ConnectionRefused | HostUnreachable | NetworkUnreachable)
    ) || error.source().is_some_and(is_unreachable)
}

/// An error with what it came from; by itself tonic's says little.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}
