//! Senders of the formats that only peers speak.

use std::sync::{Arc, atomic::Ordering};

use hdrhistogram::Histogram;
use http::uri::PathAndQuery;

use crate::{
    http::Http,
    load::{Plan, Transport},
    raw::Raw,
    schedule::Schedule,
    send::{self, note},
    template::Template,
};

const EXPORT: PathAndQuery =
    PathAndQuery::from_static("/opentelemetry.proto.collector.logs.v1.LogsService/Export");

/// Sends until the time is over. Gives the times of all responses, in microseconds.
pub(crate) async fn send(plan: Arc<Plan>, sender: usize) -> anyhow::Result<Histogram<u64>> {
    let make = |template: fn(u64, usize, usize) -> Template| template(plan.run, sender, plan.arguments.batch);
    match plan.arguments.transport {
        Transport::Otlp => otlp(&plan, sender, make(Template::otlp)).await,
        Transport::Activity => {
            post(
                &plan,
                sender,
                "/api/0/buckets/bench/events",
                make(Template::activity),
            )
            .await
        }
        _ => post(&plan, sender, "/post", make(Template::lines)).await,
    }
}

async fn post(
    plan: &Arc<Plan>,
    sender: usize,
    path: &str,
    mut template: Template,
) -> anyhow::Result<Histogram<u64>> {
    let mut client = Http::connect(&plan.arguments.endpoint, path, &plan.arguments.api_key).await?;
    let mut times = Histogram::new(3)?;
    let mut schedule = Schedule::new(plan, sender);
    for number in 0.. {
        let Some(due) = schedule.next().await else { break };
        let response = client.post(template.batch(number)).await?;
        note(&mut times, Some(due))?;
        count(plan, response.is_ok);
    }
    Ok(times)
}

async fn otlp(plan: &Arc<Plan>, sender: usize, mut template: Template) -> anyhow::Result<Histogram<u64>> {
    let mut client = send::client(&plan.arguments.endpoint).await?;
    let mut times = Histogram::new(3)?;
    let mut schedule = Schedule::new(plan, sender);
    for number in 0.. {
        let Some(due) = schedule.next().await else { break };
        let request = tonic::Request::new(template.batch(number).to_vec().into());
        client.ready().await?;
        let response = client.unary(request, EXPORT, Raw::<()>::default()).await;
        note(&mut times, Some(due))?;
        count(plan, response.is_ok());
    }
    Ok(times)
}

/// Peers do not say how many of a batch they took: all, or none.
fn count(plan: &Plan, is_taken: bool) {
    if is_taken {
        plan.stored
            .fetch_add(plan.arguments.batch as u64, Ordering::Relaxed);
    } else {
        plan.failed.fetch_add(1, Ordering::Relaxed);
    }
}
