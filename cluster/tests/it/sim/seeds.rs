//! Runs a simulation for one seed after another.
//!
//! A seed determines clients, faults and delays, but not everything: tokio and SlateDB choose between events of the same
//! moment at random. A violation may therefore need several runs of its seed to show again.

use std::{future::Future, ops::Range};

use openclone_cluster::error::EngineError;

use super::history::Violation;

/// Whether a simulation may end with a partition that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopping {
    Allowed,
    Forbidden,
}

/// The result of one seed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) violations: Vec<Violation>,
    /// Why the rows cannot be read, if they cannot.
    pub(crate) stopped: Option<EngineError>,
    /// Why the cluster did not recover, if it did not.
    pub(crate) failure: Option<String>,
    /// Events that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Databases that were opened.
    pub(crate) owners: usize,
}

/// The seeds to run: `usual` of them, or as many as the environment says.
pub(crate) fn seeds(usual: u64) -> Range<u64> {
    let variable = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|value| value.parse::<u64>().unwrap())
    };
    let first = variable("OPENCLONE_FIRST_SEED").unwrap_or(1);
    first..first + variable("OPENCLONE_SEEDS").unwrap_or(usual)
}

/// Runs one seed in virtual time.
pub(crate) fn run<F: Future<Output = Report>>(simulation: F) -> Report {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let report = runtime.block_on(simulation);
    runtime.shutdown_background();
    report
}

/// Fails if a seed violates an invariant, or if hardly anything happened.
#[track_caller]
pub(crate) fn expect_none<F: Future<Output = Report>>(
    usual: u64,
    stopping: Stopping,
    simulate: impl Fn(u64) -> F,
) {
    let (mut acknowledged, mut owners, mut stopped) = (0, 0, 0);
    let range = seeds(usual);
    for seed in range.clone() {
        let report = run(simulate(seed));
        let shown = report.violations.iter().take(5).collect::<Vec<_>>();
        assert!(
            shown.is_empty(),
            "seed {seed}: {} violations: {shown:#?}",
            report.violations.len()
        );
        assert_eq!(report.failure, None, "seed {seed}");
        assert!(report.acknowledged > 0, "seed {seed}: nothing was acknowledged");
        if let Some(error) = report.stopped {
            assert_eq!(
                stopping,
                Stopping::Allowed,
                "seed {seed}: a partition stopped: {error}"
            );
            stopped += 1;
        }
        acknowledged += report.acknowledged;
        owners += report.owners;
    }
    eprintln!(
        "seeds {range:?}: {owners} owners, {acknowledged} events acknowledged, {stopped} stopped, no violations"
    );
}

/// Fails unless one of at most `limit` seeds violates an invariant in a way that `expected` accepts.
#[track_caller]
pub(crate) fn expect_caught<F: Future<Output = Report>>(
    limit: u64,
    simulate: impl Fn(u64) -> F,
    expected: impl Fn(&Violation) -> bool,
) {
    for seed in 1..=limit {
        let report = run(simulate(seed));
        if report.violations.iter().any(&expected) {
            eprintln!("caught by seed {seed}: {}", report.violations[0]);
            return;
        }
    }
    panic!("none of {limit} seeds caught the variant");
}
