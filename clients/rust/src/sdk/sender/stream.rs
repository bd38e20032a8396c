//! Sends units over one gRPC stream.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use tokio::time::timeout;
use tonic::{
    metadata::MetadataValue,
    transport::{Channel, ClientTlsConfig, Endpoint},
};

use super::{Due, Sender, request};
use crate::{
    sdk::{USER_AGENT, client::Shared, options::Builder},
    stream::{Failure, Outcome, Stream, WINDOW},
};

/// Sends until something fails, or until the server ends the stream while nothing is on its way.
pub(super) async fn session(sender: &mut Sender) -> Result<(), Failure> {
    let limit = sender.shared.options.response_timeout;
    let stream = match timeout(limit, open(&sender.shared)).await {
        Ok(opened) => opened?,
        Err(_) => return Err(Failure::again(format!("no response within {limit:?}"))),
    };
    let ended = run(sender, stream, limit).await;
    sender.take_back();
    ended
}

async fn open(shared: &Shared) -> Result<Stream, Failure> {
    shared
        .options
        .say(|| format!("opening a stream to {}", shared.options.endpoint));
    let channel = connect(&shared.options).await?;
    let key = shared
        .key
        .get()
        .map_err(|error| Failure::again(error.to_string()))?;
    let no_key = |_| Failure::Denied("the key is not printable".to_owned());
    let mut key = MetadataValue::try_from(key).map_err(no_key)?;
    key.set_sensitive(true);
    Stream::open(channel, key).await
}

/// A connection of its own, for calls beside the stream.
pub(in crate::sdk) async fn channel(options: &Builder) -> Result<Channel, String> {
    connect(options).await.map_err(|failure| failure.to_string())
}

async fn connect(options: &Builder) -> Result<Channel, Failure> {
    let failed = |error: tonic::transport::Error| Failure::of_transport(&error);
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
    endpoint.connect().await.map_err(failed)
}

async fn run(sender: &mut Sender, mut stream: Stream, limit: Duration) -> Result<(), Failure> {
    let mut heard = Instant::now();
    loop {
        // before the spool is looked at: what is added later wakes the task
        sender.shared.wants_more.store(true, Ordering::Release);
        if sender.outstanding.is_empty() {
            heard = Instant::now();
        }
        while sender.outstanding.len() < WINDOW {
            let Some(unit) = sender.next_unit() else { break };
            stream.send(|sequence| request::encode(sequence, &unit));
            sender.outstanding.push_back(unit);
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
            outcome = stream.next() => {
                let Some(outcome) = outcome? else { return Ok(()) };
                heard = Instant::now();
                apply(sender, outcome)?;
            }
            () = sender.wait(&due), if !is_full => {}
            () = tokio::time::sleep_until((heard + limit).into()), if !is_idle => {
                return Err(Failure::again(format!("no response within {limit:?}")));
            }
        }
    }
}

/// Applies the outcome of the oldest unit.
fn apply(sender: &mut Sender, outcome: Outcome) -> Result<(), Failure> {
    match sender.outstanding.pop_front() {
        Some(unit) => sender.apply(unit, outcome),
        None => Err(Failure::again(
            "the server sent more responses than it got requests",
        )),
    }
}
