//! `openclone ingest FILE…`: sends JSON batches, or NDJSON of them, over one gRPC stream.

mod documents;
mod progress;
mod sender;

use std::{
    fs::File,
    io::{BufReader, Read},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use openclone_client::{stream::WINDOW, v1::Batch};
use prost::Message as _;
use tokio::sync::mpsc;

use super::{
    Failure, HomePaths,
    connect::{self, Target},
    say, start,
};
use crate::ingest::MAX_MESSAGE;
use documents::{Document, Documents};
use progress::Progress;
use sender::{Sender, Service};

/// Bytes of a request besides its batch, at most.
const AROUND_BATCH: usize = 32;

/// Send batches from files.
#[derive(Debug, Args)]
pub(super) struct Ingest {
    #[command(flatten)]
    paths: HomePaths,
    #[command(flatten)]
    target: Target,
    /// Seconds to keep retrying while the service does not respond
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    retry_for: u64,
    /// Files with JSON batches, or NDJSON of them; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// The file and line of a batch.
#[derive(Clone, Debug)]
struct Origin {
    file: String,
    line: usize,
}

/// An item found by the reader.
#[derive(Debug)]
enum Found {
    /// A batch, and the bytes that it takes in the file.
    Batch {
        origin: Origin,
        batch: Batch,
        bytes: u64,
    },
    /// Something that is not a batch, and why.
    Invalid {
        origin: Origin,
        reason: String,
        bytes: u64,
    },
    /// The rest of the file cannot be read.
    Broken { origin: Origin, reason: String },
}

/// The outcome of all events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Summary {
    stored: u64,
    skipped: u64,
    rejected: u64,
}

impl Ingest {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        let uri = self.target.uri(&self.paths, &home)?;
        let key = self.target.key(&home)?;
        let inputs = self.files.iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
        let progress = Progress::new(inputs.iter().map(|input| input.size).sum());
        let outcome = start::runtime()?.block_on(async {
            let channel = connect::channel(&uri).map_err(|error| Failure::Usage(format!("{error:#}")))?;
            let (found, finds) = mpsc::channel(WINDOW);
            let reading = tokio::task::spawn_blocking(move || read(inputs, &found));
            let service = Service {
                channel,
                key,
                uri,
                retry_for: Duration::from_secs(self.retry_for),
            };
            let outcome = Sender::new(service, progress.clone()).send_all(finds).await;
            reading.abort();
            Ok::<_, Failure>(outcome)
        })?;
        progress.finish();
        say(&outcome.summary.to_string());
        match outcome.end {
            Err(error) => Err(Failure::Failed(error)),
            Ok(()) if outcome.summary.rejected > 0 || outcome.is_broken => Err(Failure::AlreadyReported),
            Ok(()) => Ok(()),
        }
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "stored {}, skipped {}", self.stored, self.skipped)?;
        if self.rejected > 0 {
            write!(f, ", rejected {}", self.rejected)?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

struct Input {
    name: String,
    size: u64,
    reader: Box<dyn Read + Send>,
}

/// Opens a file, so that a missing one fails before anything is sent.
fn open(path: &PathBuf) -> anyhow::Result<Input> {
    if path.as_os_str() == "-" {
        return Ok(Input {
            name: "stdin".to_owned(),
            size: 0,
            reader: Box::new(std::io::stdin()),
        });
    }
    let cannot = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot)?;
    let metadata = file.metadata().with_context(cannot)?;
    anyhow::ensure!(
        !metadata.is_dir(),
        "cannot read {}: it is a directory",
        path.display()
    );
    Ok(Input {
        name: path.display().to_string(),
        size: metadata.len(),
        reader: Box::new(file),
    })
}

/// Reads all inputs until the receiver is gone.
fn read(inputs: Vec<Input>, found: &mpsc::Sender<Found>) {
    for input in inputs {
        let documents = Documents::new(BufReader::with_capacity(1 << 16, input.reader));
        for document in documents {
            let origin = |line| Origin {
                file: input.name.clone(),
                line,
            };
            let find = match document {
                Err(broken) => Found::Broken {
                    origin: origin(broken.line),
                    reason: broken.reason,
                },
                Ok(document) => to_found(document, origin),
            };
            if found.blocking_send(find).is_err() {
                return;
            }
        }
    }
}

/// A document with its file, unless it is too large for one message.
fn to_found(document: Document, origin: impl Fn(usize) -> Origin) -> Found {
    let (origin, bytes) = (origin(document.line), document.bytes);
    let size = |batch: &Batch| batch.encoded_len() + AROUND_BATCH;
    match document.batch {
        Ok(batch) if size(&batch) <= MAX_MESSAGE => Found::Batch { origin, batch, bytes },
        Ok(batch) => Found::Invalid {
            reason: format!(
                "the batch has {} bytes as a message, the limit is {MAX_MESSAGE}: split it",
                size(&batch)
            ),
            origin,
            bytes,
        },
        Err(reason) => Found::Invalid {
            origin,
            reason,
            bytes,
        },
    }
}
