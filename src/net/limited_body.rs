//! Bounds the memory and the time of request bodies.
//!
//! The first [`FREE_BYTES`] of a body, or of each message of a stream of batches, need no budget, so large requests never
//! delay small ones. Further bytes reserve a part of the budget of the port (`server.max_body_buffer_bytes`). The size of a
//! compressed body is unknown, so it reserves the size of the largest message at once. A reservation lasts until the
//! request gets its response or the stream requests its next message, since until then the bytes are in memory.
//!
//! A body, or a message once started, must be complete within [`READ_TIMEOUT`].

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, header};
use http_body::{Body, Frame, SizeHint};
use tokio::{
    sync::{AcquireError, OwnedSemaphorePermit, Semaphore},
    time::{Sleep, sleep},
};
use tonic::Status;

use super::{
    connection_state::{ConnectionState, Kind, RequestGuard},
    router::is_grpc,
};
use crate::{
    error::{IngestError, RejectReason},
    ingest::MAX_MESSAGE,
};

/// The header that names the compression of gRPC messages.
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// Bytes of each body or message that need no budget.
const FREE_BYTES: usize = 16 << 10;
/// Bytes per permit.
const UNIT: usize = 1 << 10;
/// One in this many bytes of an announced message counts as received.
const ANNOUNCED_DIVISOR: usize = 16;
/// How long a body or message may take. The gateway's own limit is shorter and has its own response.
const READ_TIMEOUT: Duration = Duration::from_secs(35);
/// How long a body waits for budget.
const BUDGET_WAIT: Duration = Duration::from_secs(2);
/// Bytes before each gRPC message: compression flag and length.
const PREFIX: usize = 5;

/// The memory that all bodies of the port share. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct BodyBufferBudget {
    units: Arc<Semaphore>,
    wait: Duration,
    read_timeout: Duration,
}

/// The part of the budget that one request holds until it ends.
#[derive(Clone, Debug, Default)]
pub(super) struct BufferReservation(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    permit: Option<OwnedSemaphorePermit>,
    is_ended: bool,
}

/// A body that is read within the budget and the read timeout.
pub(super) struct LimitedBody<B> {
    inner: B,
    budget: BodyBufferBudget,
    reservation: BufferReservation,
    connection: Arc<ConnectionState>,
    buffered: Buffered,
    is_compressed: bool,
    waiting: Option<(
        BoxFuture<'static, Result<OwnedSemaphorePermit, AcquireError>>,
        Bytes,
    )>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// How many bytes of a body are in memory.
#[derive(Debug)]
enum Buffered {
    /// All bytes read.
    Whole(usize),
    /// All bytes read, which are one message.
    Call(Messages),
    /// The incomplete message, and those completed since the last poll.
    Messages(Messages),
}

#[derive(Debug, Default)]
struct Messages {
    prefix: Vec<u8>,
    missing: usize,
    partial: usize,
    complete: usize,
}

impl BodyBufferBudget {
    pub(super) fn new(bytes: u64) -> Self {
        let units = usize::try_from(bytes).unwrap_or(usize::MAX) / UNIT;
        Self {
            units: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))),
            wait: BUDGET_WAIT,
            read_timeout: READ_TIMEOUT,
        }
    }
}

impl BufferReservation {
    /// The response has started: nothing of the request is in memory, and further bytes are discarded.
    pub(super) fn end(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_ended = true;
        state.permit = None;
    }

    /// The permits missing to hold `units`; releases surplus ones. `None` after the end.
    fn resize(&self, units: usize) -> Option<usize> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_ended {
            return None;
        }
        let has = state.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if units < has {
            let surplus = state.permit.as_mut().and_then(|permit| permit.split(has - units));
            drop(surplus);
        }
        Some(units.saturating_sub(has))
    }

    fn add(&self, more: OwnedSemaphorePermit) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_ended {
            return;
        }
        match &mut state.permit {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
    }
}

impl<B> LimitedBody<B> {
    /// `reservation` ends when the request gets its response.
    pub(super) fn new(
        inner: B,
        headers: &HeaderMap,
        guard: &RequestGuard,
        budget: BodyBufferBudget,
        reservation: BufferReservation,
    ) -> Self {
        let is_compressed = |name: HeaderName| headers.get(name).is_some_and(|coding| coding != "identity");
        Self {
            inner,
            budget,
            reservation,
            connection: guard.connection(),
            buffered: match guard.kind() {
                Kind::Unary if is_grpc(headers) => Buffered::Call(Messages::default()),
                Kind::Unary => Buffered::Whole(0),
                Kind::Ingest | Kind::Unauthenticated | Kind::Unmonitored => {
                    Buffered::Messages(Messages::default())
                }
            },
            is_compressed: is_compressed(GRPC_ENCODING) || is_compressed(header::CONTENT_ENCODING),
            waiting: None,
            timer: None,
        }
    }

    /// The permits that the bytes in memory need in addition, if any.
    fn missing_units(&self) -> Option<u32> {
        let bytes = self.buffered.bytes();
        let units = match (bytes, self.is_compressed) {
            (0, _) => 0,
            (_, true) => MAX_MESSAGE.div_ceil(UNIT),
            (bytes, false) => bytes.saturating_sub(FREE_BYTES).div_ceil(UNIT),
        };
        let missing = self.reservation.resize(units).filter(|missing| *missing > 0)?;
        u32::try_from(missing).ok()
    }

    fn is_late(&mut self, context: &mut Context<'_>, limit: Duration) -> bool {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(context).is_ready()
    }

    /// Waits for the budget of the last read bytes, then returns them.
    fn poll_budget(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some((waiting, bytes)) = &mut self.waiting else {
            return Poll::Pending;
        };
        match waiting.as_mut().poll(context) {
            Poll::Ready(Ok(permit)) => {
                let bytes = std::mem::take(bytes);
                self.reservation.add(permit);
                (self.waiting, self.timer) = (None, None);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Poll::Pending if !self.is_late(context, self.budget.wait) => Poll::Pending,
            _ => Poll::Ready(Some(Err(overloaded()))),
        }
    }

    fn take(
        &mut self,
        bytes: Bytes,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.connection.used();
        self.buffered.add(&bytes);
        let Some(missing) = self.missing_units() else {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        };
        match Arc::clone(&self.budget.units).try_acquire_many_owned(missing) {
            Ok(permit) => {
                self.reservation.add(permit);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Err(_) => {
                let waiting = Arc::clone(&self.budget.units).acquire_many_owned(missing);
                self.waiting = Some((Box::pin(waiting), bytes));
                self.timer = None;
                self.poll_budget(context)
            }
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for LimitedBody<B>
where
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if this.waiting.is_some() {
            return this
                .poll_budget(context)
                .map(|frame| frame.map(|result| result.map_err(Into::into)));
        }
        if this.buffered.release_complete() {
            this.timer = None;
            _ = this.missing_units();
        }
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Pending
                if this.buffered.is_started() && this.is_late(context, this.budget.read_timeout) =>
            {
                Poll::Ready(Some(Err(Status::deadline_exceeded(
                    "The message was not received in time",
                )
                .into())))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => this
                    .take(bytes, context)
                    .map(|frame| frame.map(|result| result.map_err(Into::into))),
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.waiting.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // bytes that wait for budget are no longer in the hint of the inner body
        match &self.waiting {
            None => self.inner.size_hint(),
            Some(_) => SizeHint::default(),
        }
    }
}

impl Buffered {
    fn bytes(&self) -> usize {
        match self {
            Self::Whole(bytes) => *bytes,
            Self::Call(messages) | Self::Messages(messages) => messages.bytes(),
        }
    }

    /// Whether the read timeout applies.
    fn is_started(&self) -> bool {
        match self {
            Self::Whole(_) | Self::Call(_) => true,
            Self::Messages(messages) => messages.partial > 0,
        }
    }

    fn add(&mut self, bytes: &Bytes) {
        match self {
            Self::Whole(sum) => *sum += bytes.len(),
            Self::Call(messages) | Self::Messages(messages) => messages.add(bytes),
        }
    }

    /// The next frame is requested, so complete messages were consumed. Whether there were any.
    fn release_complete(&mut self) -> bool {
        match self {
            Self::Whole(_) | Self::Call(_) => false,
            Self::Messages(messages) => std::mem::take(&mut messages.complete) > 0,
        }
    }
}

impl Messages {
    /// The bytes received or, if larger, a part of the announced ones, for which tonic reserves memory.
    fn bytes(&self) -> usize {
        let announced = self.partial + self.missing.min(MAX_MESSAGE);
        self.complete + self.partial.max(announced / ANNOUNCED_DIVISOR)
    }

    fn add(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let wanted = if self.missing > 0 {
                self.missing
            } else {
                PREFIX - self.prefix.len()
            };
            let (now, rest) = bytes.split_at(wanted.min(bytes.len()));
            self.partial += now.len();
            if self.missing > 0 {
                self.missing -= now.len();
            } else {
                self.prefix.extend_from_slice(now);
                if let [_, a, b, c, d] = self.prefix[..] {
                    self.missing = u32::from_be_bytes([a, b, c, d]) as usize;
                }
            }
            if self.missing == 0 && self.prefix.len() == PREFIX {
                self.complete += std::mem::take(&mut self.partial);
                self.prefix.clear();
            }
            bytes = rest;
        }
    }
}

fn overloaded() -> Status {
    IngestError::Unavailable {
        reason: RejectReason::Overloaded,
        message: "Too much request data is waiting to be processed".into(),
        retry_after: Duration::from_secs(1),
    }
    .into()
}

#[cfg(test)]
mod tests;
