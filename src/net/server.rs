//! Accepts connections, serves HTTP/1 and HTTP/2 on each, with or without TLS, and drains at shutdown.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::{sleep, sleep_until, timeout},
};
use tracing::{debug, warn};

use super::{
    ServiceRouter, TlsAcceptor, TlsError,
    connection::Connection,
    connection_limiter::{ConnectionLimiter, ConnectionPermit},
    connection_state::{ConnectionAction, ConnectionState, Timeouts},
    guard::Guard,
    limited_body::BodyBufferBudget,
    request_limiter::RequestLimiter,
    tcp_keepalive,
    write_timeout::WriteTimeoutIo,
};
use crate::config::ServerConfig;

/// How long connections may acquire to finish what is in flight.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);
/// How long a client may read none of the data that waits for it.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// The most bytes that the headers of one request may have.
const MAX_HEADER_BYTES: u32 = 16 << 10;

/// Accepts connections and serves the requests on them.
#[derive(Debug)]
pub struct Server {
    tls: Option<TlsAcceptor>,
    connections: ConnectionLimiter,
    port: Arc<Port>,
}

/// State shared by all connections of the port.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) guard: Guard,
    pub(super) requests: RequestLimiter,
    pub(super) body_budget: BodyBufferBudget,
    timeouts: Timeouts,
    http: auto::Builder<TokioExecutor>,
}

impl Server {
    /// Reads the TLS files, if any are configured.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn new(config: &ServerConfig) -> Result<Self, TlsError> {
        let tls = config.tls.as_ref().map(TlsAcceptor::load).transpose()?;
        let timeouts = Timeouts::new(config);
        Ok(Self {
            tls,
            connections: ConnectionLimiter::new(config.max_connections, config.max_connections_per_peer),
            port: Arc::new(Port {
                guard: Guard::new(config),
                requests: RequestLimiter::new(config),
                body_budget: BodyBufferBudget::new(config.max_body_buffer_bytes),
                http: http_builder(timeouts.head),
                timeouts,
            }),
        })
    }

    /// The acceptor of TLS connections, if TLS is configured.
    pub fn tls(&self) -> Option<&TlsAcceptor> {
        self.tls.as_ref()
    }

    /// Serves until `shutdown`, then finishes requests in flight for at most six seconds.
    pub async fn serve(
        &self,
        listener: TcpListener,
        router: ServiceRouter,
        shutdown: impl Future<Output = ()>,
    ) {
        let (drain, draining) = watch::channel(());
        tokio::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.accept(&listener) => accepted,
            };
            match accepted {
                Ok(Some((stream, peer, permit))) => {
                    self.spawn(stream, peer, permit, router.clone(), draining.clone());
                }
                Ok(None) => {}
                Err(error) => {
                    // out of descriptors, which passes, or the client is gone
                    warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop((listener, draining));
        // an error means that no connection is left
        let _ = drain.send(());
        if timeout(DRAIN_TIMEOUT, drain.closed()).await.is_err() {
            warn!("closing open connections after the drain timeout");
        }
    }

    /// Accepts a connection; `None` when its peer has too many.
    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> io::Result<Option<(TcpStream, SocketAddr, ConnectionPermit)>> {
        let free = self.connections.free().await;
        let free = free.ok_or_else(|| io::Error::other("the connection limiter is closed"))?;
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tcp_keepalive::enable(&stream)?;
        let Some(permit) = self.connections.acquire(free, peer.ip()) else {
            debug!(%peer, "too many connections from this address");
            return Ok(None);
        };
        Ok(Some((stream, peer, permit)))
    }

    fn spawn(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: ConnectionPermit,
        router: ServiceRouter,
        draining: watch::Receiver<()>,
    ) {
        let Ok(local) = stream.local_addr() else { return };
        let (port, tls) = (Arc::clone(&self.port), self.tls.clone());
        let connection = Connection::new(router, Arc::clone(&port), peer, local);
        let stream = WriteTimeoutIo::new(stream, WRITE_TIMEOUT, connection.state());
        tokio::spawn(async move {
            match tls {
                None => serve_connection(&port, draining, stream, connection).await,
                Some(tls) => match timeout(port.timeouts.head, tls.accept(stream)).await {
                    Ok(Ok(stream)) => serve_connection(&port, draining, stream, connection).await,
                    Ok(Err(error)) => debug!(%peer, %error, "tls handshake failed"),
                    Err(_) => debug!(%peer, "tls handshake timed out"),
                },
            }
            drop(permit);
        });
    }
}

/// Serves one connection. The port waits at shutdown until every `draining` receiver is dropped.
async fn serve_connection<S>(port: &Port, draining: watch::Receiver<()>, stream: S, connection: Connection)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let state = connection.state();
    let http = port.http.serve_connection(TokioIo::new(stream), connection);
    tokio::pin!(http);
    // polled only when woken, unlike the connection, which is polled at each step of each request
    let mut checks = FuturesUnordered::from_iter([closes(&state, port, false, Some(draining.clone()))]);
    loop {
        tokio::select! {
            biased;
            result = &mut http => {
                if let Err(error) = result {
                    debug!(%error, "connection ended");
                }
                return;
            }
            Some(is_closed) = checks.next() => {
                if is_closed {
                    return debug!("connection closed: its client exceeded a timeout");
                }
            }
        }
        checks.push(closes(&state, port, true, None));
        http.as_mut().graceful_shutdown();
    }
}

/// Waits until a connection has to drain or close; true for close. It also drains when the port does.
async fn closes(
    state: &ConnectionState,
    port: &Port,
    is_draining: bool,
    mut draining: Option<watch::Receiver<()>>,
) -> bool {
    loop {
        let is_scarce = port.requests.is_scarce();
        let timeouts = port.timeouts.when_scarce(is_scarce);
        let until = match state.next_action(&timeouts, is_draining, std::time::Instant::now()) {
            ConnectionAction::Keep(until) => until.into(),
            ConnectionAction::Drain => return false,
            ConnectionAction::Close => return true,
        };
        tokio::select! {
            () = sleep_until(until) => {}
            // shorter timeouts apply now
            () = port.requests.rejected(), if !is_scarce => {}
            () = drain_started(draining.as_mut()) => return false,
        }
    }
}

/// Returns when the port starts to drain; never for a connection that drains already.
async fn drain_started(draining: Option<&mut watch::Receiver<()>>) {
    match draining {
        // an error means that the port is gone, which is the same
        Some(draining) => _ = draining.changed().await,
        None => std::future::pending().await,
    }
}

/// The HTTP settings that differ from the defaults of hyper:
///
/// | Setting | Reason |
/// |---|---|
/// | 256 concurrent streams per connection | each costs some KiB, and one stream carries 32 batches in flight |
/// | 16 KiB of headers, 64 KiB over HTTP/1.1 | a key, a request id and the headers of browsers are below 4 KiB; longer ones, also as CONTINUATION, are rejected while they arrive |
/// | 20 streams reset before they were accepted, 256 for errors | "rapid reset": closes the connection of a client that endlessly opens and resets streams |
/// | windows of 512 KiB per stream, 1 MiB per connection | bytes received and not yet read; a batch of 500 events has about 100 KiB |
/// | send buffer of 64 KiB per stream | responses are small |
/// | a PING per minute, 20 s for its response | detects a client that disappeared; [`tcp_keepalive`] does so over HTTP/1.1, and bounds unacknowledged data to 80 s on every connection |
/// | 15 s for the headers of a request | clients that send headers very slowly |
/// | HTTP/1.1 half-close: a client that closed its sending side still gets its response | otherwise hyper reads the socket whenever a response is not ready, to see whether the client is gone; its batch is written anyway. [`Kind::Unmonitored`](super::connection_state::Kind) bounds endless responses |
fn http_builder(head: Duration) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(64 << 10)
        .half_close(true)
        .keep_alive(true);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .max_header_list_size(MAX_HEADER_BYTES)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        .initial_stream_window_size(512 << 10)
        .initial_connection_window_size(1 << 20)
        .max_send_buf_size(64 << 10)
        .keep_alive_interval(tcp_keepalive::IDLE)
        .keep_alive_timeout(Duration::from_secs(20));
    http
}
