//! Plays one table of cases against the SDK of each language, with the real service behind a fault proxy, and reads the
//! vault afterwards.
//!
//! A case of an SDK gets a service in a fresh home, a proxy in front of it and a driver process of its own, so no case
//! sees what another one left. What the cases promise is in `../README.md`; what a case may say is in [`case`].

mod case;
mod driver;
mod play;
mod proxy;
mod report;
mod sdk;
mod service;
mod speed;
mod vault;

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Play the table against every SDK.
    Run(Arguments),
}

/// What to play, and against what.
#[derive(Args)]
struct Arguments {
    /// The service to play against.
    #[arg(long, default_value = "target/release/openclone")]
    binary: PathBuf,
    /// The directory that holds the SDKs.
    #[arg(long, default_value = "clients")]
    clients: PathBuf,
    /// Only this SDK, such as `python`; may be given more than once.
    #[arg(long)]
    sdk: Vec<String>,
    /// Only cases whose name contains this; may be given more than once.
    #[arg(long)]
    case: Vec<String>,
    /// An SDK whose toolchain is missing is a failure.
    #[arg(long)]
    require_all: bool,
    /// Also the cases that take long, such as a million events.
    #[arg(long)]
    long: bool,
    /// Measure events a second instead, and print a Markdown table.
    #[arg(long)]
    speed: bool,
    /// Events for each measurement.
    #[arg(long, default_value_t = 200_000)]
    events: u64,
    /// Show what the drivers of failed cases have logged.
    #[arg(long)]
    verbose: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Command::Run(arguments) = Cli::parse().command;
    let passed = if arguments.speed {
        speed::run(&arguments).await?
    } else {
        report::run(&arguments).await?
    };
    Ok(if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
