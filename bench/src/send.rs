//! One sender: a stream, or one call after another.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    time::Instant,
};

use anyhow::Context as _;
use hdrhistogram::Histogram;
use http::uri::PathAndQuery;
use openclone_client::v1::{IngestBatchResponse, IngestResponse, ingest_response::Outcome};
use tokio::sync::Semaphore;
use tonic::{client::Grpc, metadata::MetadataValue, transport::Channel};

use crate::{
    http::Http,
    load::{Plan, Transport},
    raw::Raw,
    schedule::Schedule,
    template::Template,
};

/// As the server has it: at most so many batches of a stream without an response.
const IN_FLIGHT: usize = 32;
/// The documented endpoint.
pub(crate) const INGEST: &str = "/api/v1/ingest";
const STREAM: PathAndQuery = PathAndQuery::from_static("/openclone.v1.IngestService/Ingest");
pub(crate) const UNARY: PathAndQuery = PathAndQuery::from_static("/openclone.v1.IngestService/IngestBatch");

/// Sends until the time is over. Gives the times of all responses, in microseconds.
pub(crate) async fn send(plan: Arc<Plan>, sender: usize) -> anyhow::Result<Histogram<u64>> {
    match plan.arguments.transport {
        Transport::Stream => stream(plan, sender).await,
        Transport::Unary => unary(plan, sender).await,
        Transport::Json => json(plan, sender).await,
        Transport::Otlp | Transport::Lines | Transport::Activity => crate::peers::send(plan, sender).await,
    }
}

/// A connection for calls without encoding.
pub(crate) async fn client(endpoint: &str) -> anyhow::Result<Grpc<Channel>> {
    let endpoint = Channel::from_shared(endpoint.to_owned())?.tcp_nodelay(true);
    let endpoint = endpoint
        .initial_stream_window_size(4 << 20)
        .initial_connection_window_size(8 << 20);
    let mut client = Grpc::new(endpoint.connect().await.context("cannot connect")?);
    client.ready().await.context("cannot connect")?;
    Ok(client)
}

/// A request of whoever has this key.
pub(crate) fn keyed<T>(key: &str, message: T) -> anyhow::Result<tonic::Request<T>> {
    let mut request = tonic::Request::new(message);
    request
        .metadata_mut()
        .insert("x-api-key", MetadataValue::try_from(key)?);
    Ok(request)
}

async fn stream(plan: Arc<Plan>, sender: usize) -> anyhow::Result<Histogram<u64>> {
    let waiting: Arc<Mutex<HashMap<u64, Instant>>> = Arc::default();
    let room = Arc::new(Semaphore::new(if plan.open_loop() {
        Semaphore::MAX_PERMITS
    } else {
        IN_FLIGHT
    }));
    // All that may be on the way fits, so that small batches leave together.
    let (requests, queue) = tokio::sync::mpsc::channel(IN_FLIGHT);
    let producer = {
        let (plan, waiting, room) = (Arc::clone(&plan), Arc::clone(&waiting), Arc::clone(&room));
        tokio::spawn(async move {
            let mut template = Template::message(plan.run, sender, plan.arguments.batch);
            let mut schedule = Schedule::new(&plan, sender);
            for sequence in 0.. {
                if let Ok(permit) = room.acquire().await {
                    permit.forget();
                }
                let Some(due) = schedule.next().await else { return };
                waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(sequence, due);
                if requests.send(template.stream_request(sequence)).await.is_err() {
                    return;
                }
            }
        })
    };
    let outgoing = tokio_stream::wrappers::ReceiverStream::new(queue);
    let mut responses = client(&plan.arguments.endpoint)
        .await?
        .streaming(
            keyed(&plan.arguments.api_key, outgoing)?,
            STREAM,
            Raw::<IngestResponse>::default(),
        )
        .await?
        .into_inner();
    let mut times = Histogram::new(3)?;
    while let Some(response) = responses.message().await? {
        room.add_permits(usize::from(!plan.open_loop()));
        let due = waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&response.sequence);
        note(&mut times, due)?;
        match response.outcome {
            Some(Outcome::Result(result)) => plan.stored.fetch_add(result.stored.into(), Ordering::Relaxed),
            _ => plan.failed.fetch_add(1, Ordering::Relaxed),
        };
    }
    producer.await?;
    Ok(times)
}

async fn unary(plan: Arc<Plan>, sender: usize) -> anyhow::Result<Histogram<u64>> {
    let mut client = client(&plan.arguments.endpoint).await?;
    let mut template = Template::message(plan.run, sender, plan.arguments.batch);
    let mut times = Histogram::new(3)?;
    let mut schedule = Schedule::new(&plan, sender);
    for number in 0.. {
        let Some(due) = schedule.next().await else { break };
        let request = keyed(&plan.arguments.api_key, template.unary_request(number))?;
        let codec = Raw::<IngestBatchResponse>::default();
        client.ready().await?;
        let response = client.unary(request, UNARY, codec).await;
        note(&mut times, Some(due))?;
        match response.ok().and_then(|response| response.into_inner().result) {
            Some(result) => plan.stored.fetch_add(result.stored.into(), Ordering::Relaxed),
            None => plan.failed.fetch_add(1, Ordering::Relaxed),
        };
    }
    Ok(times)
}

async fn json(plan: Arc<Plan>, sender: usize) -> anyhow::Result<Histogram<u64>> {
    let mut client = Http::connect(&plan.arguments.endpoint, INGEST, &plan.arguments.api_key).await?;
    let mut template = Template::json(plan.run, sender, plan.arguments.batch);
    let mut times = Histogram::new(3)?;
    let mut schedule = Schedule::new(&plan, sender);
    for number in 0.. {
        let Some(due) = schedule.next().await else { break };
        let response = client.post(template.batch(number)).await?;
        note(&mut times, Some(due))?;
        match response.stored.filter(|_| response.is_ok) {
            Some(stored) => plan.stored.fetch_add(stored, Ordering::Relaxed),
            None => plan.failed.fetch_add(1, Ordering::Relaxed),
        };
    }
    Ok(times)
}

pub(crate) fn note(times: &mut Histogram<u64>, due: Option<Instant>) -> anyhow::Result<()> {
    let Some(due) = due else { return Ok(()) };
    times.record(u64::try_from(due.elapsed().as_micros())?.max(1))?;
    Ok(())
}
