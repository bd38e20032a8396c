//! A client that has vanished without a word: its machine lost power, or the way to it.
//!
//! Over HTTP/2 a ping notices it. Over HTTP/1.1 nothing does while a stream of batches says nothing, which it may for as long
//! as it wants; so the system asks, with the same patience. It asks nothing while bytes of ours are on their way to a client, which may then be silent for a
//! quarter of an hour; so it is told how long it may be, where the system can be told.

use std::{io, time::Duration};

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// Without a word, until it is asked.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
/// Until it is asked once more.
const AGAIN: Duration = Duration::from_secs(5);
/// So often in vain, and it is gone.
const TIMES: u32 = 4;
/// Until it must have taken what we have sent: as long as all of the asking.
#[cfg(target_os = "linux")]
const UNTAKEN: Duration = Duration::from_secs(80);

/// Has the system end `stream` when nobody is there any more.
pub(super) fn notice(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, SILENCE)?;
    sockopt::set_tcp_keepintvl(stream, AGAIN)?;
    sockopt::set_tcp_keepcnt(stream, TIMES)?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(stream, u32::try_from(UNTAKEN.as_millis()).unwrap_or(u32::MAX))?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_system_bounds_silence_and_what_is_not_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        notice(&stream).unwrap();
        assert!(sockopt::socket_keepalive(&stream).unwrap());
        let asking = SILENCE + AGAIN * TIMES;
        assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), SILENCE);
        assert_eq!(
            u128::from(sockopt::tcp_user_timeout(&stream).unwrap()),
            asking.as_millis()
        );
    }
}
