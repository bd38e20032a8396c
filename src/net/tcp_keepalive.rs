//! TCP keep-alive, which detects a client that disappears without closing its connection: a machine that lost power, or a
//! broken network path.
//!
//! Over HTTP/2, PING frames detect this. Over HTTP/1.1 nothing does while a stream of batches is idle, so the kernel probes
//! the connection after the same time. It does not probe while sent data is unacknowledged, which may last a quarter of
//! an hour; `TCP_USER_TIMEOUT` bounds that time where it exists.

use std::{io, time::Duration};

use rustix::net::sockopt;
use tokio::net::TcpStream;

/// Idle time before the first probe.
pub(super) const IDLE: Duration = Duration::from_secs(60);
/// Time between probes.
const INTERVAL: Duration = Duration::from_secs(5);
/// Unanswered probes after which the connection is closed.
const PROBES: u32 = 4;
/// How long sent data may stay unacknowledged: as long as all probes take.
#[cfg(target_os = "linux")]
const USER_TIMEOUT: Duration = Duration::from_secs(80);

/// Makes the kernel close `stream` when its peer is gone.
pub(super) fn enable(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, IDLE)?;
    sockopt::set_tcp_keepintvl(stream, INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, PROBES)?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(
        stream,
        u32::try_from(USER_TIMEOUT.as_millis()).unwrap_or(u32::MAX),
    )?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn the_kernel_bounds_idle_time_and_unacknowledged_data() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        enable(&stream).unwrap();
        assert!(sockopt::socket_keepalive(&stream).unwrap());
        let probing = IDLE + INTERVAL * PROBES;
        assert_eq!(sockopt::tcp_keepidle(&stream).unwrap(), IDLE);
        assert_eq!(
            u128::from(sockopt::tcp_user_timeout(&stream).unwrap()),
            probing.as_millis()
        );
    }
}
