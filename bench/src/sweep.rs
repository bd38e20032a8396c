//! What plots are made of: throughput over batch sizes, and response times over rates.

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::{
    load::{Report, Transport, write_line},
    rounds,
    subject::Subject,
    table::{self, Row, row},
};

const SIZES: [usize; 7] = [1, 5, 10, 25, 50, 100, 500];
const RATES: [f64; 7] = [
    1_000.0, 10_000.0, 50_000.0, 100_000.0, 150_000.0, 200_000.0, 300_000.0,
];
/// Events a batch while responses are timed.
const RATED: usize = 100;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    subject: Subject,
    /// Seconds of each load.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Rounds of each load, of which the one counts in which the host took least.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// All measurements of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sweep {
    /// Flat out.
    pub(crate) sizes: Vec<Report>,
    /// On schedule, over gRPC streams.
    pub(crate) rates: Vec<Report>,
}

pub(crate) async fn main(arguments: Arguments) -> anyhow::Result<()> {
    let mut sweep = Sweep {
        sizes: Vec::new(),
        rates: Vec::new(),
    };
    for transport in [Transport::Stream, Transport::Unary, Transport::Json] {
        for size in SIZES {
            let row = row(transport, senders(transport, size), size, None);
            sweep.sizes.extend(measure(&arguments, &row).await?);
        }
    }
    for rate in RATES {
        let row = row(Transport::Stream, 4, RATED, Some(rate));
        sweep.rates.extend(measure(&arguments, &row).await?);
    }
    arguments.subject.save(&sweep)
}

/// Streams have many batches on the way, calls one each.
fn senders(transport: Transport, size: usize) -> usize {
    match transport {
        Transport::Stream => 4,
        _ if size >= 100 => 16,
        _ => 64,
    }
}

async fn measure(arguments: &Arguments, row: &Row) -> anyhow::Result<Option<Report>> {
    let mut kept = None;
    for _ in 0..arguments.rounds {
        let subject = &arguments.subject;
        let report = table::measure(&subject.binary, &subject.directory, arguments.seconds, row).await?;
        write_line(&serde_json::to_string(&report)?)?;
        rounds::keep(&mut kept, report);
    }
    Ok(kept)
}
