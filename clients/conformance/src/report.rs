//! The table of what came of it.

use std::io::Write as _;

use anyhow::Context as _;

use crate::{
    Arguments,
    case::{self, Case},
    play::{Outcome, Places, play},
    sdk::{self, Found, Sdk},
};

/// Plays all cases that are wanted against all SDKs that are wanted. Gives whether everything passed.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let mut cases = case::read(&arguments.clients.join("conformance/cases.json"))?;
    let is_wanted = |case: &Case| {
        if !arguments.case.is_empty() {
            return arguments
                .case
                .iter()
                .any(|part| case.name.contains(part.as_str()));
        }
        (case.quick || !arguments.quick) && (!case.long || arguments.long)
    };
    cases.retain(is_wanted);
    let found = sdk::find(&arguments.clients, &arguments.sdk)?;
    let binary = arguments
        .binary
        .canonicalize()
        .context("cannot find the service's binary")?;
    let places = Places {
        binary: &binary,
        clients: &arguments.clients,
        sdks: &found.sdks,
    };
    let mut failed = 0;
    for sdk in &found.sdks {
        failed += table(sdk, &cases, &places, arguments.verbose).await?;
    }
    let complete = tell_left_out(&found, arguments.require_all)?;
    Ok(failed == 0 && complete)
}

/// Names those that were left out or cannot be built. Gives whether that is all right.
pub(crate) fn tell_left_out(found: &Found, require_all: bool) -> anyhow::Result<bool> {
    for (name, reason) in &found.left_out {
        write_line(&format!("left out: {name}: {reason}"))?;
    }
    for (name, reason) in &found.broken {
        write_line(&format!("FAILED: clients/{name}/conformance/build: {reason}"))?;
    }
    Ok(found.broken.is_empty() && (found.left_out.is_empty() || !require_all))
}

/// Gives how many failed.
async fn table(sdk: &Sdk, cases: &[Case], places: &Places<'_>, verbose: bool) -> anyhow::Result<usize> {
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for case in cases {
        let start = format!("{:<11} {:<24}", sdk.name, case.name);
        match play(case, sdk, places).await {
            Outcome::Passed(time) => {
                passed += 1;
                write_line(&format!(
                    "{start} passed  {:>5.1} s  {}",
                    time.as_secs_f64(),
                    case.about
                ))?;
            }
            Outcome::Skipped(reason) => {
                skipped += 1;
                write_line(&format!("{start} skipped {reason}"))?;
            }
            Outcome::Failed { reason, transcript } => {
                failed += 1;
                write_line(&format!("{start} FAILED  {reason}"))?;
                if verbose {
                    write_line(&format!("    {}", transcript.trim_end().replace('\n', "\n    ")))?;
                }
            }
        }
    }
    write_line(&format!(
        "{:<11} {passed} passed, {failed} failed, {skipped} skipped",
        sdk.name
    ))?;
    Ok(failed)
}

pub(crate) fn write_line(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{line}").context("cannot write to standard output")
}
