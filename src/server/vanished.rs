//! A client that has vanished without a word: its machine lost power, or the way to it.
//!
//! Over HTTP/2 a ping notices it. Over HTTP/1.1 nothing does while a stream of batches says nothing, which it may for as long
//! as it wants; so the system asks, with the same patience.

use std::{io, time::Duration};

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// Without a word, until it is asked.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
/// Until it is asked once more.
const AGAIN: Duration = Duration::from_secs(5);
/// So often in vain, and it is gone.
const TIMES: u32 = 4;

/// Has the system end `stream` when nobody is there any more.
pub(super) fn notice(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, SILENCE)?;
    sockopt::set_tcp_keepintvl(stream, AGAIN)?;
    sockopt::set_tcp_keepcnt(stream, TIMES)?;
    Ok(())
}
