//! What every [`VaultFs`](super::VaultFs) must do, asked of the real one (by both of its means) and of the simulated one.
#![allow(clippy::unwrap_used)]

mod bench;
mod contract;
mod obstacles;
mod real_only;

/// Runs every test over each bench.
macro_rules! over_each_bench {
    ($($test:ident),* $(,)?) => {
        mod confined {
            $(#[test] fn $test() { super::$test(&crate::fs::conformance::bench::Real::confined()); })*
        }
        mod portable {
            $(#[test] fn $test() { super::$test(&crate::fs::conformance::bench::Real::portable()); })*
        }
        mod simulated {
            $(#[test] fn $test() { super::$test(&crate::fs::conformance::bench::Simulated::new()); })*
        }
    };
}
use over_each_bench;
