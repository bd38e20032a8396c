//! What a service tells about itself: whether it is ready, and its measurements.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

/// Between two looks at whether it is ready.
const PAUSE: Duration = Duration::from_millis(1);
const LONGEST_START: Duration = Duration::from_secs(60);

/// Waits until `endpoint` says that it is ready.
///
/// # Errors
/// After a minute.
pub(crate) async fn wait_ready(endpoint: &str) -> anyhow::Result<()> {
    let begun = Instant::now();
    while begun.elapsed() < LONGEST_START {
        if let Ok((200, _)) = get(endpoint, "/readyz").await {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    bail!("{endpoint} does not become ready")
}

/// The value of a metric without labels.
///
/// # Errors
/// When the service has no such metric.
pub(crate) async fn metric(endpoint: &str, name: &str) -> anyhow::Result<f64> {
    let (_, text) = get(endpoint, "/metrics").await?;
    let value = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    let value = value.with_context(|| format!("{endpoint}/metrics has no {name}"))?;
    Ok(value.trim().parse()?)
}

/// Status and body.
async fn get(endpoint: &str, path: &str) -> anyhow::Result<(u16, String)> {
    let address = endpoint.trim_start_matches("http://");
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        anyhow::Ok(response)
    };
    let response = timeout(Duration::from_secs(10), asking).await??;
    let (head, body) = response.split_once("\r\n\r\n").context("half an response")?;
    let status = head.split(' ').nth(1).context("an response without a status")?;
    Ok((status.parse()?, body.to_owned()))
}
