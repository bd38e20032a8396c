//! Counts messages that could not be read: too large, broken, or too slow. tonic answers those before the service hears
//! of them, so a layer around it looks for answers that the service did not give.

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
use openclone_gateway::Unread;
use tonic::{Code, Status, body::Body, server::NamedService};
use tower::Service;

use crate::observe::metrics::Metrics;

/// The end of the path of a unary call. A stream tells of its messages itself.
const UNARY: &str = "/IngestBatch";

/// A service whose unread messages are counted.
#[derive(Clone, Debug)]
pub(crate) struct Counted<S> {
    inner: S,
    metrics: Metrics,
}

/// Notes in a request that its message was read.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached(Arc<AtomicBool>);

impl<S> Counted<S> {
    pub(crate) fn new(inner: S, metrics: Metrics) -> Self {
        Self { inner, metrics }
    }
}

impl Reached {
    /// Notes it in `request`.
    pub(super) fn note<T>(request: &tonic::Request<T>) {
        if let Some(reached) = request.extensions().get::<Self>() {
            reached.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Why the message was not read that ended in `status`; `None` if the client went away.
pub(super) fn reason(status: &Status) -> Option<Unread> {
    match status.code() {
        Code::OutOfRange | Code::ResourceExhausted => Some(Unread::TooLarge),
        Code::DeadlineExceeded => Some(Unread::TooLate),
        Code::Unavailable => Some(Unread::NoRoom),
        // what comes from the connection has its error as a source
        Code::Internal | Code::Unimplemented | Code::InvalidArgument if status.source().is_none() => {
            Some(Unread::Unreadable)
        }
        _ => None,
    }
}

impl<S: NamedService> NamedService for Counted<S> {
    const NAME: &'static str = S::NAME;
}

impl<S> Service<Request<Body>> for Counted<S>
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
        let reached = Reached::default();
        request.extensions_mut().insert(reached.clone());
        let (answering, metrics) = (self.inner.call(request), self.metrics.clone());
        Box::pin(async move {
            let response = answering.await?;
            if !reached.0.load(Ordering::Relaxed)
                && let Some(why) = Status::from_header_map(response.headers())
                    .as_ref()
                    .and_then(reason)
            {
                metrics.unread(why);
            }
            Ok(response)
        })
    }
}
