//! One request: answered by a fault, or passed on.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response, Uri, Version, header};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::sync::Notify;

use super::{
    change,
    count::{self, Messages},
    fault::Kind,
    responses::{self, Rejection},
    state::State,
};

pub(super) type Fault = Box<dyn std::error::Error + Send + Sync>;
pub(super) type Body = UnsyncBoxBody<Bytes, Fault>;

type Upstream = Client<HttpConnector, Body>;

/// Handles one request. `cut` resets the connection that it came on.
pub(super) async fn handle(
    state: Arc<State>,
    cut: Arc<Notify>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Fault> {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let is_grpc = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let agent = request.headers().get(header::USER_AGENT);
    state.agent(agent.and_then(|agent| agent.to_str().ok()).unwrap_or_default());
    let fault = state.requested(is_grpc);
    let (rejection, wait) = match fault {
        Some(Kind::Unavailable { retry_after }) => (Rejection::Unavailable, retry_after),
        Some(Kind::Exhausted { retry_after }) => (Rejection::Exhausted, retry_after),
        Some(Kind::Internal) => (Rejection::Internal, None),
        Some(Kind::GrpcAsHttp) => return Ok(responses::bad_gateway()),
        Some(Kind::Delay { seconds }) => {
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
            return pass_on(&state, cut, request, is_grpc, None).await;
        }
        other => return pass_on(&state, cut, request, is_grpc, other).await,
    };
    if !is_grpc {
        // Else whoever sends a body may never come to read the response.
        let _ = request.into_body().collect().await;
    }
    state.told_to_wait(wait);
    Ok(responses::refuse(rejection, is_grpc, wait))
}

async fn pass_on(
    state: &State,
    cut: Arc<Notify>,
    request: Request<Incoming>,
    is_grpc: bool,
    fault: Option<Kind>,
) -> Result<Response<Body>, Fault> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = Uri::try_from(format!("http://{}{path}", state.upstream))?;
    parts.headers.remove(header::HOST);
    let upstream = if parts.version == Version::HTTP_2 {
        over_2()
    } else {
        over_1()
    };
    let body = match &fault {
        Some(kind) if kind.changes() => {
            parts.headers.remove(header::CONTENT_LENGTH);
            changed(body, kind, is_grpc).await?
        }
        _ => limited(body, fault.as_ref(), &cut),
    };
    let request = Request::from_parts(parts, body);
    let Ok(response) = upstream.request(request).await else {
        return reset(&cut).await;
    };
    match fault {
        Some(Kind::DropResponses | Kind::ResetAfterResponses { .. }) if !is_grpc => {
            // By then the service has stored it.
            let _ = response.into_body().collect().await;
            reset(&cut).await
        }
        Some(Kind::DropResponses) => Ok(response.map(|body| cut_after(body, 0, cut))),
        Some(Kind::ResetAfterResponses { responses }) => {
            Ok(response.map(|body| cut_after(body, responses, cut)))
        }
        _ => Ok(response.map(|body| body.map_err(Into::into).boxed_unsync())),
    }
}

/// Resets the connection; whoever waits here goes with it.
async fn reset(cut: &Notify) -> Result<Response<Body>, Fault> {
    cut.notify_one();
    std::future::pending().await
}

/// The request's body; the connection is reset after so many bytes, if the fault says so.
fn limited(body: Incoming, fault: Option<&Kind>, cut: &Arc<Notify>) -> Body {
    let Some(Kind::ResetAfterBytes { bytes }) = fault else {
        return body.map_err(Into::into).boxed_unsync();
    };
    let (mut left, cut) = (*bytes, Arc::clone(cut));
    let body = body.map_frame(move |frame| {
        let length = frame.data_ref().map_or(0, Bytes::len);
        if length < left {
            left -= length;
            return frame;
        }
        cut.notify_one();
        Frame::data(Bytes::new())
    });
    body.map_err(Into::into).boxed_unsync()
}

/// The request's body with its batches changed.
async fn changed(body: Incoming, kind: &Kind, is_grpc: bool) -> Result<Body, Fault> {
    if !is_grpc {
        let whole = body.collect().await?.to_bytes();
        let body = Full::from(change::document(kind, &whole));
        return Ok(body.map_err(|never| match never {}).boxed_unsync());
    }
    let (kind, mut messages) = (kind.clone(), Messages::default());
    let body = body.map_frame(move |frame| {
        let bytes = frame.into_data().unwrap_or_default();
        let whole = messages.take(&bytes).into_iter();
        Frame::data(Bytes::from_iter(
            whole.flat_map(|message| count::frame(&change::message(&kind, &message))),
        ))
    });
    Ok(body.map_err(Into::into).boxed_unsync())
}

/// A stream of responses that passes at most `responses` of them, then resets the connection.
fn cut_after(body: Incoming, responses: usize, cut: Arc<Notify>) -> Body {
    let mut messages = Messages::default();
    let mut seen = 0;
    let body = body.map_frame(move |frame| {
        seen += frame.data_ref().map_or(0, |bytes| messages.take(bytes).len());
        if seen <= responses {
            return frame;
        }
        cut.notify_one();
        Frame::data(Bytes::new())
    });
    body.map_err(Into::into).boxed_unsync()
}

fn over_1() -> &'static Upstream {
    static CLIENT: OnceLock<Upstream> = OnceLock::new();
    // No connection is kept: the service may be another one by the next request.
    CLIENT.get_or_init(|| {
        Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http()
    })
}

fn over_2() -> &'static Upstream {
    static CLIENT: OnceLock<Upstream> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let mut builder = Client::builder(TokioExecutor::new());
        builder.http2_only(true).http2_initial_stream_window_size(1 << 20);
        builder.build_http()
    })
}
