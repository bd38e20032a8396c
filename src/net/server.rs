//! The port: accepts connections, speaks HTTP/1 and HTTP/2 on each, with or without TLS, and ends in order.
//!
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
    Surface, TlsAcceptor, TlsError,
    connection::Socket,
    connection_limiter::{Seat, Seats},
    connection_state::{InFlight, Patience, Verdict},
    guard::Guard,
    limited_body::Larder,
    request_limiter::Room,
    tcp_keepalive,
    write_timeout::Patient,
};
use crate::config::ServerConfig;

/// How long connections may take to finish what is in flight.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);
/// How long a client may read nothing of what waits for it.
const STALL: Duration = Duration::from_secs(30);
/// Bytes of all headers of one request, at most.
const MAX_HEADERS: u32 = 16 << 10;

/// What one port needs.
#[derive(Debug)]
pub struct Server {
    tls: Option<TlsAcceptor>,
    seats: Seats,
    port: Arc<Port>,
}

/// What all connections share.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) guard: Guard,
    pub(super) room: Room,
    pub(super) larder: Larder,
    patience: Patience,
    http: auto::Builder<TokioExecutor>,
}

impl Server {
    /// Reads the TLS files, if any.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn new(config: &ServerConfig) -> Result<Self, TlsError> {
        let tls = config.tls.as_ref().map(TlsAcceptor::load).transpose()?;
        let patience = Patience::new(config);
        Ok(Self {
            tls,
            seats: Seats::new(config.max_connections, config.max_connections_per_peer),
            port: Arc::new(Port {
                guard: Guard::new(config),
                room: Room::new(config),
                larder: Larder::new(config.max_unread_bytes),
                http: http_builder(patience.head),
                patience,
            }),
        })
    }

    /// Serves until `shutdown`, then finishes what is in flight, for some seconds at most.
    pub async fn serve(&self, listener: TcpListener, surface: Surface, shutdown: impl Future<Output = ()>) {
        let (drain, draining) = watch::channel(());
        tokio::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.accept(&listener) => accepted,
            };
            match accepted {
                Ok(Some((stream, peer, seat))) => {
                    self.spawn(stream, peer, seat, surface.clone(), draining.clone());
                }
                Ok(None) => {}
                Err(error) => {
                    // out of descriptors, or the client is gone already; the former passes
                    warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop((listener, draining));
        // nobody listens when no connection is left
        let _ = drain.send(());
        if timeout(DRAIN_TIMEOUT, drain.closed()).await.is_err() {
            warn!("connections were still open at the end");
        }
    }

    /// The next connection; none if its peer has too many.
    async fn accept(&self, listener: &TcpListener) -> io::Result<Option<(TcpStream, SocketAddr, Seat)>> {
        let free = self.seats.free().await;
        let free = free.ok_or_else(|| io::Error::other("no seat"))?;
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tcp_keepalive::notice(&stream)?;
        let Some(seat) = self.seats.take(free, peer.ip()) else {
            debug!(%peer, "too many connections from this address");
            return Ok(None);
        };
        Ok(Some((stream, peer, seat)))
    }

    fn spawn(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        seat: Seat,
        surface: Surface,
        draining: watch::Receiver<()>,
    ) {
        let Ok(local) = stream.local_addr() else { return };
        let (port, tls) = (Arc::clone(&self.port), self.tls.clone());
        let socket = Socket::new(surface, Arc::clone(&port), peer, local);
        let stream = Patient::new(stream, STALL, socket.in_flight());
        tokio::spawn(async move {
            match tls {
                None => speak(&port, draining, stream, socket).await,
                Some(tls) => match timeout(port.patience.head, tls.accept(stream)).await {
                    Ok(Ok(stream)) => speak(&port, draining, stream, socket).await,
                    Ok(Err(error)) => debug!(%peer, %error, "tls handshake failed"),
                    Err(_) => debug!(%peer, "tls handshake timed out"),
                },
            }
            drop(seat);
        });
    }
}

/// `draining` is held to the end: the port waits until nobody has it.
async fn speak<S>(port: &Port, draining: watch::Receiver<()>, stream: S, socket: Socket)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let in_flight = socket.in_flight();
    let connection = port.http.serve_connection(TokioIo::new(stream), socket);
    tokio::pin!(connection);
    // polled only when it was woken, while the connection is with each step of each request
    let mut lookout =
        FuturesUnordered::from_iter([ends_by_cut(&in_flight, port, false, Some(draining.clone()))]);
    loop {
        tokio::select! {
            biased;
            ended = &mut connection => {
                if let Err(error) = ended {
                    debug!(%error, "connection ended");
                }
                return;
            }
            Some(is_cut) = lookout.next() => {
                if is_cut {
                    return debug!("connection cut: its client took too long");
                }
            }
        }
        lookout.push(ends_by_cut(&in_flight, port, true, None));
        connection.as_mut().graceful_shutdown();
    }
}

/// Whether a connection is cut, else it is to leave; when it is time for either. It is to leave as well when the port
/// ends, which `draining` tells.
async fn ends_by_cut(
    in_flight: &InFlight,
    port: &Port,
    is_leaving: bool,
    mut draining: Option<watch::Receiver<()>>,
) -> bool {
    loop {
        let is_short = port.room.is_short();
        let patience = port.patience.where_room(is_short);
        let until = match in_flight.look(&patience, is_leaving, std::time::Instant::now()) {
            Verdict::Stay(until) => until.into(),
            Verdict::Leave => return false,
            Verdict::Cut => return true,
        };
        tokio::select! {
            () = sleep_until(until) => {}
            // what was patience enough may be too much now
            () = port.room.pressed(), if !is_short => {}
            () = ended(draining.as_mut()) => return false,
        }
    }
}

/// Returns when the port ends; never where nobody asks.
async fn ended(draining: Option<&mut watch::Receiver<()>>) {
    match draining {
        // an error is that the port has ended, which is the same
        Some(draining) => _ = draining.changed().await,
        None => std::future::pending().await,
    }
}

/// Where tonic and hyper leave something open, or have it larger than this service needs:
///
/// | What | Why |
/// |---|---|
/// | 256 streams at once on a connection | each costs some KiB, and 32 batches are in flight on one stream anyway |
/// | 16 KiB of headers, 64 KiB over HTTP/1.1 | a key, a request id and what browsers add are below 4 KiB; what is longer, also as CONTINUATION, is refused while it comes |
/// | 20 streams reset before they were looked at, 256 for faults | "rapid reset": whoever opens and resets streams without an end is sent away |
/// | windows of 512 KiB a stream, 1 MiB a connection | what is received and not read; a batch of 500 events has about 100 KiB |
/// | 64 KiB waiting to be sent on a stream | answers are small |
/// | a ping a minute, 20 s for its answer | notices a client that has vanished without a word; over HTTP/1.1 [`tcp_keepalive`] does, and on each connection what is sent must be taken within 80 s |
/// | 15 s for a head | a client that trickles its headers |
/// | over HTTP/1.1 an answer for a client that sends no more | else the socket is read each time that an answer is not ready yet, to see whether the client is gone; its batch is written all the same. What has no end is cut, see [`Kind::Unheard`](connection_state::Kind) |
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
        .max_header_list_size(MAX_HEADERS)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        .initial_stream_window_size(512 << 10)
        .initial_connection_window_size(1 << 20)
        .max_send_buf_size(64 << 10)
        .keep_alive_interval(tcp_keepalive::SILENCE)
        .keep_alive_timeout(Duration::from_secs(20));
    http
}
