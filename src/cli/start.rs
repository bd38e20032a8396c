//! Steps that several commands share: locate the home, read the options, start the runtime, wait for signals.

use anyhow::Context as _;
use rustix::process::Signal;
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use tracing::warn;

use super::HomePaths;
use crate::{
    config::{
        Config, ConfigError, Inputs, Layers,
        home::{Home, HomeError},
    },
    observe::telemetry::{OtlpError, Telemetry},
};

/// A flag that overrides an option: key, flag and its value, if given.
pub(super) type Flag = (&'static str, &'static str, Option<String>);

impl HomePaths {
    /// The home directory.
    pub(super) fn home(&self) -> Result<Home, HomeError> {
        Home::locate(self.home.clone())
    }

    /// The layers of options.
    pub(super) fn layers(&self, home: &Home, flags: Vec<Flag>) -> Result<Layers, ConfigError> {
        let must_exist = self.config.is_some();
        let path = self.config.clone().unwrap_or_else(|| home.config_file());
        let mut inputs = Inputs::gather(&path, must_exist)?;
        inputs.flags = flags
            .into_iter()
            .filter_map(|(key, flag, value)| Some((key, flag, value?)))
            .collect();
        Layers::new(inputs)
    }
}

/// Starts logs and traces as configured, and logs warnings about the options. Drop the value before `runtime`.
pub(super) fn start_telemetry(
    runtime: &Runtime,
    config: &Config,
    layers: &Layers,
) -> Result<Telemetry, OtlpError> {
    let _inside = runtime.enter();
    let telemetry = crate::observe::telemetry::start(&config.log, &config.telemetry)?;
    for warning in &layers.warnings {
        warn!("{warning}");
    }
    Ok(telemetry)
}

/// The value of `API_KEY`, if it is set and not empty.
pub(super) fn key_variable() -> anyhow::Result<Option<String>> {
    match std::env::var("API_KEY") {
        Ok(key) if key.is_empty() => Ok(None),
        Ok(key) => Ok(Some(key)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => anyhow::bail!("variable API_KEY is not valid UTF-8"),
    }
}

/// A runtime with a thread per core.
pub(super) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the runtime")
}

/// Lets a write beyond the limit of file sizes (SIGXFSZ) fail like one to a full disk, instead of ending the process. Call it
/// inside a runtime, before anything is written.
///
/// # Errors
/// When the handler cannot be installed.
pub(super) fn survive_file_size_limit() -> anyhow::Result<()> {
    // the handler stays installed without a receiver
    let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))
        .context("cannot install a handler for SIGXFSZ")?;
    Ok(())
}

/// Calls `reload` at SIGHUP, which would otherwise end the process. Call it inside a runtime.
///
/// # Errors
/// When the handler cannot be installed.
pub(super) fn reload_on_hangup(reload: impl Fn() + Clone + Send + 'static) -> anyhow::Result<()> {
    let mut hangup = signal(SignalKind::hangup()).context("cannot install a handler for SIGHUP")?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let reload = reload.clone();
            // reads files; a panic is logged by the hook
            let _ = tokio::task::spawn_blocking(reload).await;
        }
    });
    Ok(())
}

/// Returns at SIGTERM or SIGINT.
///
/// # Errors
/// When a signal handler cannot be installed.
pub(super) fn shutdown_signal() -> anyhow::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot install a handler for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot install a handler for SIGINT")?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
