//! The service without dedup, journal and sync: what the machine can do at most. Built with the feature `baseline` only, under
//! a name of its own, and never for use with notes.

use std::process::ExitCode;

use clap::Parser as _;
use openclone::cli::Cli;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::FAILURE
        }
    }
}
