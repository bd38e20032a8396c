//! Plays one case against one SDK.

mod disk;
mod end;
mod repair;
mod segment;
mod send;
mod setup;
mod steps;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::PoisonError,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};

use crate::{
    case::Case,
    driver::{Driver, Transcript},
    proxy::Proxy,
    sdk::Sdk,
    service::{KEY, Service},
};
use disk::SmallDisk;

/// How a case ended.
pub(crate) enum Outcome {
    Passed(Duration),
    /// It could not be played on this machine.
    Skipped(String),
    Failed {
        reason: String,
        /// Responses and logs of the drivers.
        transcript: String,
    },
}

/// Where things are.
pub(crate) struct Places<'a> {
    pub(crate) binary: &'a Path,
    pub(crate) clients: &'a Path,
    pub(crate) sdks: &'a [Sdk],
}

/// An event that a client has taken.
struct Queued {
    source_type: String,
    plugin_id: String,
    /// As it was sent, unless the driver made it.
    event: Option<Value>,
}

struct Play<'a> {
    case: &'a Case,
    sdk: &'a Sdk,
    places: &'a Places<'a>,
    directory: PathBuf,
    service: Service,
    proxy: Proxy,
    driver: Option<Driver>,
    transcript: Transcript,
    /// What the last `open` was reported.
    options: Map<String, Value>,
    /// By `raw_ref`.
    queued: BTreeMap<String, Queued>,
    /// Events that were queued without a `raw_ref`.
    unnamed: usize,
    /// What the clients that were closed or killed had counted as dropped.
    dropped: u64,
    device_id: Option<String>,
    /// Batches of other plugins to compare with: their id and ours.
    references: BTreeMap<String, String>,
    disk: Option<SmallDisk>,
}

/// Plays `case`.
pub(crate) async fn play(case: &Case, sdk: &Sdk, places: &Places<'_>) -> Outcome {
    let transcript = Transcript::default();
    let start = Instant::now();
    let limit = Duration::from_secs_f64(case.limit);
    let result = tokio::time::timeout(limit, begin(case, sdk, places, &transcript)).await;
    let reason = match result {
        Ok(Ok(None)) => return Outcome::Passed(start.elapsed()),
        Ok(Ok(Some(reason))) => return Outcome::Skipped(reason),
        Ok(Err(error)) => format!("{error:#}"),
        Err(_) => format!("not done within {limit:?}"),
    };
    let transcript = transcript.lock().unwrap_or_else(PoisonError::into_inner);
    Outcome::Failed {
        reason,
        transcript: String::from_utf8_lossy(&transcript).replace(KEY, "<key>"),
    }
}

/// `Some` tells why it cannot be played here.
async fn begin(
    case: &Case,
    sdk: &Sdk,
    places: &Places<'_>,
    transcript: &Transcript,
) -> anyhow::Result<Option<String>> {
    let directory = tempfile::tempdir()?;
    let disk = match case
        .small_disk
        .then(|| SmallDisk::mount(&directory.path().join("disk")))
    {
        Some(Err(error)) => return Ok(Some(format!("{error:#}"))),
        mounted => mounted.transpose()?,
    };
    let service = Service::start(places.binary, directory.path(), &case.server).await?;
    let proxy = Proxy::start(service.address).await?;
    let mut play = Play {
        case,
        sdk,
        places,
        directory: directory.path().to_owned(),
        service,
        proxy,
        driver: None,
        transcript: Transcript::clone(transcript),
        options: Map::new(),
        queued: BTreeMap::new(),
        unnamed: 0,
        dropped: 0,
        device_id: None,
        references: BTreeMap::new(),
        disk,
    };
    play.start_driver()?;
    for (number, step) in case.steps.iter().enumerate() {
        let played = play.step(step).await;
        played.map_err(|error| error.context(format!("step {} ({})", number + 1, name(step))))?;
    }
    play.end().await.map(|()| None)
}

fn name(step: &crate::case::Step) -> String {
    let text = format!("{step:?}");
    let end = text.find([' ', '(', '{']).unwrap_or(text.len());
    text[..end].to_lowercase()
}

impl Play<'_> {
    fn start_driver(&mut self) -> anyhow::Result<()> {
        self.driver = Some(Driver::start(
            &self.sdk.driver,
            &self.directory,
            &self.transcript,
        )?);
        Ok(())
    }

    fn state_dir(&self) -> PathBuf {
        match &self.disk {
            Some(disk) => disk.path().join("state"),
            None => self.directory.join("state"),
        }
    }

    fn plugin_id(&self) -> String {
        format!("conformance-{}", self.case.name)
    }

    /// What an `open` is reported: the runner's options, over them those of the case, over them those of the step.
    fn options_with(&self, over: &Map<String, Value>) -> Map<String, Value> {
        let own = json!({
            "endpoint": format!("http://{}", self.proxy.address),
            "api_key": KEY,
            "plugin_id": self.plugin_id(),
            "plugin_version": "1.2.3",
            "source_type": "braindump",
            "platform": "linux",
            "state_dir": self.state_dir(),
            "max_batch_age": 0.2,
            "retry_base": 0.05,
            "retry_cap": 0.4,
            "clock_retry": 0.3,
            "response_timeout": 5.0,
        });
        let mut options = own.as_object().cloned().unwrap_or_default();
        options.extend(self.case.options.clone());
        options.extend(over.clone());
        options.retain(|_, value| !value.is_null());
        for value in options.values_mut() {
            if let Some(rest) = value.as_str().and_then(|text| text.strip_prefix("{dir}")) {
                *value = json!(format!("{}{rest}", self.directory.display()));
            }
        }
        options
    }

    /// What all plugins of a user share.
    fn shared(&self) -> PathBuf {
        self.directory.join("shared/openclone")
    }
}
