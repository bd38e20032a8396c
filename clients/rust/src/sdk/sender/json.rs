//! Batches to the JSON endpoint, one after the other.

use std::time::Instant;

use http::StatusCode;
use prost::Message as _;

use super::{Due, Sender, http::Http, outcome};
use crate::{
    sdk::{document, event::now, spool::Unit},
    stream::{Failure, Outcome},
    v1::{Batch, Event},
};

/// Bytes of a body, at most.
const MAX_BODY: usize = 1 << 20;

/// Sends until something fails, or until the stream is to be tried again.
pub(super) async fn session(sender: &mut Sender, client: &mut Http) -> Result<(), Failure> {
    loop {
        sender.publish();
        let Some(unit) = sender.next_unit() else {
            match sender.due() {
                Due::Now => continue,
                due => sender.wait(&due).await,
            }
            if sender
                .json_until
                .is_some_and(|deadline| Instant::now() >= deadline)
            {
                return Ok(());
            }
            continue;
        };
        let Some(body) = body(&unit).map_err(|error| Failure::again(error.to_string()))? else {
            halve(sender, unit);
            continue;
        };
        // Cancelled or failed, it is still in the queue.
        sender.outstanding.push_back(unit);
        let response = client.post(body).await;
        let Some(unit) = sender.outstanding.pop_front() else {
            continue;
        };
        let outcome = match response {
            Err(reason) => Outcome::Failed(Failure::again(reason)),
            Ok(response) => {
                if !is_of_a_proxy(response.status) {
                    sender.got_response = true;
                    sender.stay_with_json();
                }
                outcome::of_http(response.status, response.retry_after, &response.body)
            }
        };
        sender.apply(unit, outcome)?;
    }
}

/// A status that tells nothing about whether JSON gets through.
fn is_of_a_proxy(status: StatusCode) -> bool {
    matches!(status.as_u16(), 502..=504)
}

/// The documented batch; `None` if it is too large and can be halved.
fn body(unit: &Unit) -> Result<Option<String>, prost::DecodeError> {
    let header = Batch::decode(unit.header.clone())?;
    let events: Vec<Event> = unit
        .events
        .iter()
        .map(|event| Event::decode(event.clone()))
        .collect::<Result<_, _>>()?;
    let body = document::batch(&header, &now(), events.iter());
    Ok((body.len() <= MAX_BODY || events.len() == 1).then_some(body))
}

fn halve(sender: &mut Sender, mut unit: Unit) {
    let behind = Unit {
        events: unit.events.split_off(unit.events.len() / 2),
        header: unit.header.clone(),
        ..unit
    };
    sender.again.push_front(behind);
    sender.again.push_front(unit);
}
