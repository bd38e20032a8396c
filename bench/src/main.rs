//! Load generator for OpenClone's ingest service.
//!
//! `openclone-bench run` starts a server on an empty home for each row of a table and measures it; `openclone-bench
//! load` sends to a server that is running. Open loop with `--rate` (waiting counts), else flat out. `openclone-bench soak`
//! goes on for long, through restarts.

mod check;
mod events;
mod http;
mod load;
mod measure;
mod measurements;
mod peers;
mod person;
mod plot;
mod probe;
mod raw;
mod results;
mod rounds;
mod scale;
mod schedule;
mod send;
mod server;
mod soak;
mod subject;
mod sweep;
mod table;
mod template;
mod tenants;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures OpenClone's ingest service.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Send events to a running server and print one line of JSON.
    Load(load::Arguments),
    /// Start servers, send to each, and print a table.
    Run(table::Arguments),
    /// Compare a run's ratios with those that are committed.
    Check(check::Arguments),
    /// Measure at up to 100 million ids in the index.
    Scale(scale::Arguments),
    /// Let 10,000 tenants write in turn.
    Tenants(tenants::Arguments),
    /// Measure what the service costs one person, on a computer of their own.
    Person(person::Arguments),
    /// Measure what others do with the same load.
    Peers(peers::Arguments),
    /// Measure over batch sizes and rates.
    Sweep(sweep::Arguments),
    /// Draw measurements.
    Plot(plot::Arguments),
    /// Write tables of measurements.
    Results(results::Arguments),
    /// Send for an hour through restarts, and read the vault in the end.
    Soak(soak::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Load(arguments) => load::main(arguments).await,
        Command::Run(arguments) => table::main(arguments).await,
        Command::Check(arguments) => check::main(&arguments),
        Command::Scale(arguments) => scale::main(arguments).await,
        Command::Tenants(arguments) => tenants::main(arguments).await,
        Command::Person(arguments) => person::main(arguments).await,
        Command::Peers(arguments) => peers::main(arguments).await,
        Command::Sweep(arguments) => sweep::main(arguments).await,
        Command::Plot(arguments) => plot::main(&arguments),
        Command::Results(arguments) => results::main(&arguments),
        Command::Soak(arguments) => soak::main(arguments).await,
    }
}
