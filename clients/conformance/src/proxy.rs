//! The fault proxy: forwards HTTP/1.1 and h2c to the service, until it is told to do something else.
//!
//! A fault holds until it is replaced, or for so many requests (or connections, for faults of those) as its `times`
//! says. When a fault is set or cleared all open connections are closed: an idle stream would not notice otherwise.

mod change;
mod count;
mod fault;
mod forward;
mod responses;
mod state;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::sleep,
};

pub(crate) use fault::Fault;
pub(crate) use state::Record;

use fault::Kind;
use state::State;

/// A running proxy; it ends with the value.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    listening: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free port in front of `upstream`.
    pub(crate) async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State::new(upstream));
        let listening = tokio::spawn(listen(Arc::clone(&state), address, listener));
        Ok(Self {
            address,
            state,
            listening,
        })
    }

    /// Does so from now on. Gives the port back or takes it again before it returns.
    pub(crate) async fn set(&self, fault: Option<Fault>) {
        self.state.set(fault);
        sleep(Duration::from_millis(30)).await;
    }

    /// What has come so far.
    pub(crate) fn record(&self) -> Record {
        self.state.record()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.state.set(None);
    }
}

async fn listen(state: Arc<State>, address: SocketAddr, first: TcpListener) {
    let mut listener = Some(first);
    let mut changes = state.changes();
    loop {
        if state.rejects() {
            listener = None;
            if changes.changed().await.is_err() {
                return;
            }
            continue;
        }
        let Some(open) = &listener else {
            listener = TcpListener::bind(address).await.ok();
            sleep(Duration::from_millis(2)).await;
            continue;
        };
        tokio::select! {
            accepted = open.accept() => if let Ok((stream, _)) = accepted {
                tokio::spawn(serve(Arc::clone(&state), stream));
            },
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

/// Serves one connection until it ends, a fault cuts it off or the fault changes.
async fn serve(state: Arc<State>, stream: TcpStream) {
    let mut changes = state.changes();
    let fault = state.connected();
    // A connection that is cut off shall look like it: a reset, not an end.
    let _ = stream.set_zero_linger();
    let _ = stream.set_nodelay(true);
    let cut = Arc::new(Notify::new());
    let served = async {
        match fault {
            Some(Kind::BlackHole) => std::future::pending().await,
            Some(Kind::NoHttp2) if begins_with_preface(&stream).await => return,
            _ => {}
        }
        let service = hyper::service::service_fn(|request| {
            forward::handle(Arc::clone(&state), Arc::clone(&cut), request)
        });
        let mut server = auto::Builder::new(TokioExecutor::new());
        server
            .http2()
            .initial_stream_window_size(1 << 20)
            .initial_connection_window_size(1 << 20);
        let _ = server.serve_connection(TokioIo::new(stream), service).await;
    };
    tokio::select! {
        () = served => {},
        () = cut.notified() => {},
        _ = changes.changed() => {},
    }
}

async fn begins_with_preface(stream: &TcpStream) -> bool {
    let mut start = [0; 3];
    loop {
        match stream.peek(&mut start).await {
            Ok(3) => return &start == b"PRI",
            Ok(1..) => sleep(Duration::from_millis(1)).await,
            _ => return false,
        }
    }
}
