//! What is read of requests and not yet handed on, bounded in memory and in time.
//!
//! The first [`FREE`] bytes of a body, or of each message of a stream of batches, cost nothing, so that small requests
//! are never held up by large ones. What goes beyond needs room, of which there is so much on the whole port
//! (`server.max_unread_bytes`). Of a compressed body nobody knows how large it gets, so it takes as much as the largest
//! message from the start. Room is kept until the request is answered, or the stream asks for its next message, since
//! until then somebody holds what was read.
//!
//! A body, or a message once begun, must be complete within [`IN_TIME`].

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
    connection_state::{InFlight, Kind, Ticket},
    router::is_grpc,
};
use crate::{
    error::{IngestError, Reason},
    ingest::MAX_MESSAGE,
};

/// How the messages of a gRPC call are compressed.
const GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// Bytes of each body or message that need no room.
const FREE: usize = 16 << 10;
/// Bytes that one permit stands for.
const UNIT: usize = 1 << 10;
/// Of a message that was only announced, this part counts as received.
const ANNOUNCED: usize = 16;
/// How long a body, or a message, may take. The gateway's own limit is shorter and has an answer of its own.
const IN_TIME: Duration = Duration::from_secs(35);
/// How long it waits for room.
const WAIT: Duration = Duration::from_secs(2);
/// Bytes in front of each gRPC message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// The room of the whole port. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Larder {
    room: Arc<Semaphore>,
    wait: Duration,
    in_time: Duration,
}

/// What a request holds of it; ended with the request.
#[derive(Clone, Debug, Default)]
pub(super) struct Held(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    permit: Option<OwnedSemaphorePermit>,
    is_over: bool,
}

/// A body that is read within bounds.
pub(super) struct Intake<B> {
    inner: B,
    larder: Larder,
    held: Held,
    connection: Arc<InFlight>,
    amount: Amount,
    is_compressed: bool,
    room: Option<(
        BoxFuture<'static, Result<OwnedSemaphorePermit, AcquireError>>,
        Bytes,
    )>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// How much of a body somebody holds.
#[derive(Debug)]
enum Amount {
    /// All of it.
    Whole(usize),
    /// All of it, which is one message.
    Call(Messages),
    /// The message that is not complete yet, and those that were completed since the last poll.
    Messages(Messages),
}

#[derive(Debug, Default)]
struct Messages {
    prefix: Vec<u8>,
    missing: usize,
    partial: usize,
    complete: usize,
}

impl Larder {
    pub(super) fn new(bytes: u64) -> Self {
        let units = usize::try_from(bytes).unwrap_or(usize::MAX) / UNIT;
        Self {
            room: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))),
            wait: WAIT,
            in_time: IN_TIME,
        }
    }
}

impl Held {
    /// The request was answered: nobody holds anything of it, and what is still read is thrown away.
    pub(super) fn end(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_over = true;
        state.permit = None;
    }

    /// How many permits are missing to hold so many; those too many are given back. `None` when it is over.
    fn resize(&self, units: usize) -> Option<usize> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
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
        if state.is_over {
            return;
        }
        match &mut state.permit {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
    }
}

impl<B> Intake<B> {
    /// `held` is ended when the request is answered.
    pub(super) fn new(inner: B, headers: &HeaderMap, ticket: &Ticket, larder: Larder, held: Held) -> Self {
        let is_coded = |name: HeaderName| headers.get(name).is_some_and(|coding| coding != "identity");
        Self {
            inner,
            larder,
            held,
            connection: ticket.connection(),
            amount: match ticket.kind() {
                Kind::Plain if is_grpc(headers) => Amount::Call(Messages::default()),
                Kind::Plain => Amount::Whole(0),
                Kind::Ingest | Kind::Open | Kind::Unheard => Amount::Messages(Messages::default()),
            },
            is_compressed: is_coded(GRPC_ENCODING) || is_coded(header::CONTENT_ENCODING),
            room: None,
            timer: None,
        }
    }

    /// Room for what is held now, if some is missing.
    fn missing_room(&self) -> Option<u32> {
        let bytes = self.amount.bytes();
        let units = match (bytes, self.is_compressed) {
            (0, _) => 0,
            (_, true) => MAX_MESSAGE.div_ceil(UNIT),
            (bytes, false) => bytes.saturating_sub(FREE).div_ceil(UNIT),
        };
        let missing = self.held.resize(units).filter(|missing| *missing > 0)?;
        u32::try_from(missing).ok()
    }

    fn is_late(&mut self, context: &mut Context<'_>, limit: Duration) -> bool {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(context).is_ready()
    }

    /// Hands on `bytes` when there is room for them.
    fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some((room, bytes)) = &mut self.room else {
            return Poll::Pending;
        };
        match room.as_mut().poll(context) {
            Poll::Ready(Ok(permit)) => {
                let bytes = std::mem::take(bytes);
                self.held.add(permit);
                (self.room, self.timer) = (None, None);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Poll::Pending if !self.is_late(context, self.larder.wait) => Poll::Pending,
            _ => Poll::Ready(Some(Err(no_room()))),
        }
    }

    fn take(
        &mut self,
        bytes: Bytes,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        self.connection.used();
        self.amount.add(&bytes);
        let Some(missing) = self.missing_room() else {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        };
        match Arc::clone(&self.larder.room).try_acquire_many_owned(missing) {
            Ok(permit) => {
                self.held.add(permit);
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Err(_) => {
                let room = Arc::clone(&self.larder.room).acquire_many_owned(missing);
                self.room = Some((Box::pin(room), bytes));
                self.timer = None;
                self.poll_room(context)
            }
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Intake<B>
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
        if this.room.is_some() {
            return this
                .poll_room(context)
                .map(|frame| frame.map(|told| told.map_err(Into::into)));
        }
        if this.amount.hand_on() {
            this.timer = None;
            _ = this.missing_room();
        }
        match Pin::new(&mut this.inner).poll_frame(context) {
            Poll::Pending if this.amount.is_begun() && this.is_late(context, this.larder.in_time) => {
                Poll::Ready(Some(Err(Status::deadline_exceeded(
                    "The message did not come in time",
                )
                .into())))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                Ok(bytes) => this
                    .take(bytes, context)
                    .map(|frame| frame.map(|told| told.map_err(Into::into))),
                Err(trailers) => Poll::Ready(Some(Ok(trailers))),
            },
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.room.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // a piece that waits is no longer in the hint of the body
        match &self.room {
            None => self.inner.size_hint(),
            Some(_) => SizeHint::default(),
        }
    }
}

impl Amount {
    fn bytes(&self) -> usize {
        match self {
            Self::Whole(bytes) => *bytes,
            Self::Call(messages) | Self::Messages(messages) => messages.bytes(),
        }
    }

    /// Whether something is expected within a time.
    fn is_begun(&self) -> bool {
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

    /// More is asked for, so that complete messages were handed on. Whether there were any.
    fn hand_on(&mut self) -> bool {
        match self {
            Self::Whole(_) | Self::Call(_) => false,
            Self::Messages(messages) => std::mem::take(&mut messages.complete) > 0,
        }
    }
}

impl Messages {
    /// What was received, or, if that is more, a part of what was announced, for which memory is set aside.
    fn bytes(&self) -> usize {
        let announced = self.partial + self.missing.min(MAX_MESSAGE);
        self.complete + self.partial.max(announced / ANNOUNCED)
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

fn no_room() -> Status {
    IngestError::Unavailable {
        reason: Reason::Overloaded,
        message: "More is coming in than there is room for".into(),
        retry_after: Duration::from_secs(1),
    }
    .into()
}

#[cfg(test)]
mod tests;
