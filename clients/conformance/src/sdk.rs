//! Which SDKs there are, and whether they can be driven on this machine.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, bail};

/// All SDKs in the order of the table.
const NAMES: [&str; 5] = ["rust", "python", "typescript", "go", "java"];

/// Exit code of a script whose toolchain is missing.
const MISSING: i32 = 77;

/// An SDK that can be driven.
pub(crate) struct Sdk {
    pub(crate) name: &'static str,
    pub(crate) driver: PathBuf,
}

/// What was found.
pub(crate) struct Found {
    pub(crate) sdks: Vec<Sdk>,
    /// Those left out, and why.
    pub(crate) left_out: Vec<(&'static str, String)>,
}

/// Builds the drivers of the SDKs below `clients` that are wanted; all if none is named.
pub(crate) fn find(clients: &Path, wanted: &[String]) -> anyhow::Result<Found> {
    if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(&name.as_str())) {
        bail!("there is no SDK {unknown}; known are {}", NAMES.join(", "));
    }
    let clients = clients
        .canonicalize()
        .with_context(|| format!("cannot find {}", clients.display()))?;
    let mut found = Found {
        sdks: Vec::new(),
        left_out: Vec::new(),
    };
    for name in NAMES {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        match prepare(&clients.join(name).join("conformance"))? {
            Ok(driver) => found.sdks.push(Sdk { name, driver }),
            Err(reason) => found.left_out.push((name, reason)),
        }
    }
    Ok(found)
}

/// The driver, or why there is none. A build that fails for another reason than a missing toolchain is an error.
fn prepare(directory: &Path) -> anyhow::Result<Result<PathBuf, String>> {
    let driver = directory.join("driver");
    if !driver.exists() {
        return Ok(Err("it has no driver".to_owned()));
    }
    let build = directory.join("build");
    if !build.exists() {
        return Ok(Ok(driver));
    }
    let output = Command::new(&build)
        .output()
        .with_context(|| format!("cannot run {}", build.display()))?;
    let errors = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(Ok(driver)),
        Some(MISSING) => Ok(Err(errors
            .lines()
            .last()
            .unwrap_or("its toolchain is missing")
            .to_owned())),
        _ => bail!("{} failed:\n{errors}", build.display()),
    }
}
