//! The `openclone` command: parse, run, tell what went wrong in one line.

use std::process::ExitCode;

use clap::Parser as _;
use openclone::cli::{Cli, Failure};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // clap ends with 2 on its own when the usage is wrong
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
