//! Counts messages that could not be decoded: too large, invalid, or too late.
//!
//! tonic responds to those before the service is called, so this layer around the service looks for responses that the
//! service did not give.

use std::{
    convert::Infallible,
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use openclone_gateway::Undecodable;
use tonic::{Code, Status, body::Body, server::NamedService};
use tower::Service;

use crate::observe::metrics::Metrics;

/// The end of the path of a unary call. A stream counts its messages itself.
const UNARY: &str = "/IngestBatch";

/// A service whose undecodable messages are counted.
#[derive(Clone, Debug)]
pub(crate) struct CountUndecodable<S> {
    inner: S,
    metrics: Metrics,
}

/// Set when the message of a request was decoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoded(Arc<AtomicBool>);

impl<S> CountUndecodable<S> {
    pub(crate) fn new(inner: S, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

impl Decoded {
    /// Sets it in `request`.
    pub(super) fn note<T>(request: &tonic::Request<T>) {
        if let Some(decoded) = request.extensions().get::<Self>() {
            decoded.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Why the message was not decoded whose call ended with `status`; `None` when the client disconnected.
pub(super) fn reason(status: &Status) -> Option<Undecodable> {
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => Some(Undecodable::TooLarge),
        Code::DeadlineExceeded => Some(Undecodable::TooLate),
        Code::Unavailable => Some(Undecodable::Overloaded),
        // an error of the connection has a source
        Code::Internal | Code::Unimplemented | Code::InvalidArgument if status.source().is_none() => {
            Some(Undecodable::Malformed)
        }
        _ => None,
    }
}

impl<S: NamedService> NamedService for CountUndecodable<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for CountUndecodable<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if !request.uri().path().ends_with(UNARY) {
            return Box::pin(self.inner.call(request));
        }
        let decoded = Decoded::default();
        request.extensions_mut().insert(decoded.clone());
        let (answering, metrics) = (self.inner.call(request), self.metrics.clone());
        Box::pin(async move {
            let response = answering.await?;
            if !decoded.0.load(Ordering::Relaxed)
                && let Some(why) = Status::from_header_map(response.headers())
                    .as_ref()
                    .and_then(reason)
            {
                metrics.undecodable(why);
            }
            Ok(response)
        })
    }
}
