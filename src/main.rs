//! The `openclone` command.

use std::process::ExitCode;

use clap::Parser as _;
use openclone::cli::{Cli, Failure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // for invalid arguments clap itself exits with 2
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            match failure {
                Failure::Usage(_) => ExitCode::from(2),
                Failure::Failed(_) | Failure::AlreadyReported => ExitCode::from(1),
            }
        }
    }
}
