//! The port: accepts connections, speaks HTTP/1 and HTTP/2 on each, with or without TLS, and ends in order.
//!
//! Everything that only a socket has happens here and in [`socket`], so calls inside the process do not pass it.

pub(crate) mod guard;
pub(crate) mod origin;
mod request_id;
mod socket;
mod surface;
mod tls;

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tracing::{debug, warn};

use crate::config::ServerConfig;
use guard::Guard;
use socket::Socket;
pub use surface::Surface;
pub use tls::{TlsAcceptor, TlsError};

/// How long a client may take for its first request, TLS included, and for the head of each further one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
/// How long connections may take to finish what is in flight.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);
/// Bytes of all headers of one request, at most.
const MAX_HEADERS: u32 = 16 << 10;

/// What one port needs.
#[derive(Debug)]
pub struct Server {
    guard: Arc<Guard>,
    tls: Option<TlsAcceptor>,
    connections: Arc<Semaphore>,
    http: auto::Builder<TokioExecutor>,
}

impl Server {
    /// Reads the TLS files, if any.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn new(config: &ServerConfig) -> Result<Self, TlsError> {
        let tls = config.tls.as_ref().map(TlsAcceptor::load).transpose()?;
        Ok(Self {
            guard: Arc::new(Guard::new(config)),
            tls,
            connections: Arc::new(Semaphore::new(config.max_connections as usize)),
            http: http_builder(),
        })
    }

    /// Serves until `shutdown`, then finishes what is in flight, for some seconds at most.
    pub async fn serve(&self, listener: TcpListener, surface: Surface, shutdown: impl Future<Output = ()>) {
        let graceful = GracefulShutdown::new();
        tokio::pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                () = &mut shutdown => break,
                accepted = self.accept(&listener) => accepted,
            };
            match accepted {
                Ok((stream, peer, permit)) => self.spawn(stream, peer, permit, surface.clone(), &graceful),
                Err(error) => {
                    // out of descriptors, or the client is gone already; the former passes
                    warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(listener);
        if timeout(DRAIN_TIMEOUT, graceful.shutdown()).await.is_err() {
            warn!("connections were still open at the end");
        }
    }

    async fn accept(
        &self,
        listener: &TcpListener,
    ) -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
        let permit = Arc::clone(&self.connections)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let (stream, peer) = listener.accept().await?;
        stream.set_nodelay(true)?;
        Ok((stream, peer, permit))
    }

    fn spawn(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        permit: OwnedSemaphorePermit,
        surface: Surface,
        graceful: &GracefulShutdown,
    ) {
        let Ok(local) = stream.local_addr() else { return };
        let socket = Socket::new(surface, Arc::clone(&self.guard), peer, local);
        let (http, watcher) = (self.http.clone(), graceful.watcher());
        match self.tls.clone() {
            None => {
                _ = tokio::spawn(async move {
                    speak(http, watcher, stream, socket).await;
                    drop(permit);
                })
            }
            Some(tls) => {
                _ = tokio::spawn(async move {
                    match timeout(HEAD_TIMEOUT, tls.accept(stream)).await {
                        Ok(Ok(stream)) => speak(http, watcher, stream, socket).await,
                        Ok(Err(error)) => debug!(%peer, %error, "tls handshake failed"),
                        Err(_) => debug!(%peer, "tls handshake timed out"),
                    }
                    drop(permit);
                })
            }
        }
    }
}

async fn speak<S>(
    http: auto::Builder<TokioExecutor>,
    watcher: hyper_util::server::graceful::Watcher,
    stream: S,
    socket: Socket,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let first = socket.first_request();
    let connection = watcher.watch(http.serve_connection(TokioIo::new(stream), socket).into_owned());
    tokio::pin!(connection);
    // until the first request the protocol is not known, and neither protocol's own timeouts hold
    let ended = tokio::select! {
        ended = &mut connection => Some(ended),
        () = first.arrived() => None,
        () = sleep(HEAD_TIMEOUT) => return,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => connection.await,
    };
    if let Err(error) = ended {
        debug!(%error, "connection ended");
    }
}

fn http_builder() -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_headers(64)
        .max_buf_size(64 << 10)
        .keep_alive(true);
    http.http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(256)
        .max_header_list_size(MAX_HEADERS)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(2 << 20)
        .max_send_buf_size(256 << 10)
        .keep_alive_interval(Duration::from_secs(60))
        .keep_alive_timeout(Duration::from_secs(20));
    http
}
