//! Load generator for OpenClone's ingest service.
//!
//! `openclone-bench run` starts a server on an empty home for each row of a table and measures it; `openclone-bench
//! load` sends to a server that is running. Open loop with `--rate` (waiting counts), else flat out. `openclone-bench soak`
//! goes on for long, through restarts.

mod check;
mod load;
mod measure;
mod raw;
mod schedule;
mod send;
mod server;
mod soak;
mod table;
mod template;

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
    /// Send for an hour through restarts, and read the vault in the end.
    Soak(soak::Arguments),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Load(arguments) => load::main(arguments).await,
        Command::Run(arguments) => table::main(arguments).await,
        Command::Check(arguments) => check::main(&arguments),
        Command::Soak(arguments) => soak::main(arguments).await,
    }
}
