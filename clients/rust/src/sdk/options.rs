//! Options, where their defaults come from, and the rules that they must keep.

use std::{
    env, fmt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use http::Uri;

use super::{
    client::Client,
    error::{Error, Notice, Rejected},
    key::Source,
    manifest::{self, Config, Manifest},
    memory::Memory,
};
use crate::{
    v1::{Batch, Event, Platform, SourceType},
    validate::{MAX_EVENTS, validate},
};

const ENDPOINT: &str = "http://127.0.0.1:8000";

/// What happens to an event when the spool is as large as it may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFull {
    /// Wait until there is room, at most [`Builder::block_timeout`], then fail.
    #[default]
    Block,
    /// Fail at once.
    Reject,
    /// Delete the oldest segment that is not being sent.
    DropOldest,
}

/// How events travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// The gRPC stream; the JSON endpoint while the stream gets no response.
    #[default]
    Auto,
    /// Always the gRPC stream.
    Grpc,
    /// Always the JSON endpoint.
    Json,
}

pub(super) type OnError = Arc<dyn Fn(&Notice) + Send + Sync>;
pub(super) type OnRecovered = Arc<dyn Fn() + Send + Sync>;
pub(super) type OnRejected = Arc<dyn Fn(&Rejected) + Send + Sync>;

/// Options of a client; made by [`Client::builder`].
#[derive(Clone)]
#[must_use = "nothing is sent before it is opened"]
pub struct Builder {
    pub(super) endpoint: String,
    pub(super) key: Source,
    pub(super) plugin_id: String,
    pub(super) plugin_version: String,
    pub(super) source_types: Vec<SourceType>,
    pub(super) platform: Platform,
    pub(super) enabled: Option<bool>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) max_batch_events: usize,
    /// `None`: as the transport needs it.
    pub(super) max_batch_age: Option<Duration>,
    pub(super) spool_max_bytes: u64,
    pub(super) on_full: OnFull,
    pub(super) block_timeout: Duration,
    pub(super) transport: Transport,
    pub(super) response_timeout: Duration,
    pub(super) retry_base: Duration,
    pub(super) retry_cap: Duration,
    pub(super) clock_retry: Duration,
    pub(super) on_error: OnError,
    pub(super) on_rejected: OnRejected,
    pub(super) on_recovered: OnRecovered,
    pub(super) heartbeat: Duration,
    pub(super) is_debugging: bool,
    pub(super) memory: Option<Memory>,
    pub(super) manifest: Option<(Manifest, Config)>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty;)+) => {
        $($(#[$doc])*
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $name;
            self
        })+
    };
}

impl Builder {
    pub(super) fn new(plugin_id: &str, plugin_version: &str, source_type: SourceType) -> Self {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            endpoint: variable("OPENCLONE_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()),
            key: Source::default(),
            plugin_id: plugin_id.to_owned(),
            plugin_version: plugin_version.to_owned(),
            source_types: vec![source_type],
            platform: this_platform(),
            enabled: None,
            state_dir: None,
            max_batch_events: 100,
            max_batch_age: None,
            spool_max_bytes: 512 << 20,
            on_full: OnFull::default(),
            block_timeout: Duration::from_secs(30),
            transport: Transport::default(),
            response_timeout: Duration::from_secs(30),
            retry_base: Duration::from_millis(500),
            retry_cap: Duration::from_secs(60),
            clock_retry: Duration::from_secs(3600),
            on_error: Arc::new(|notice| tracing::warn!(?notice, "events are not sent")),
            on_rejected: Arc::new(|rejected| tracing::warn!(?rejected, "the server rejected an event")),
            on_recovered: Arc::new(|| tracing::warn!("the service accepts events again")),
            heartbeat: Duration::ZERO,
            is_debugging: variable("OPENCLONE_DEBUG").is_some(),
            memory: None,
            manifest: None,
        }
    }

    setters! {
        /// Where the service is: `http://` or `https://`. Else `OPENCLONE_ENDPOINT`, else `http://127.0.0.1:8000`.
        endpoint: String;
        /// Where the plugin runs; that of this machine by default.
        platform: Platform;
        /// Events in a batch, 1 to 500; 100 by default.
        max_batch_events: usize;
        /// Several, in place of the one. Each has its own batches and an equal part of the spool; a typed message says by itself
        /// what it is, a JSON object needs [`Event::source_type`](super::Event::source_type).
        source_types: Vec<SourceType>;
        /// How often [`Client::report_health`] is repeated, beginning with capturing: 60 s to a day; never by default.
        heartbeat: Duration;
        /// Bytes of the spool on disk; 512 MiB by default.
        spool_max_bytes: u64;
        /// What happens when the spool is full; [`OnFull::Block`] by default.
        on_full: OnFull;
        /// How long [`OnFull::Block`] waits; half a minute by default.
        block_timeout: Duration;
        /// How events travel; [`Transport::Auto`] by default.
        transport: Transport;
        /// How long a batch may be without a response before the connection is given up; half a minute by default.
        response_timeout: Duration;
        /// The first pause after a failure, at most; half a second by default.
        retry_base: Duration;
        /// Every pause, at most; a minute by default.
        retry_cap: Duration;
        /// When events that the service finds ahead of its clock are sent again; an hour by default.
        clock_retry: Duration;
    }

    /// The key. Else `OPENCLONE_API_KEY`, else `API_KEY`, else the file named by `OPENCLONE_API_KEY_FILE`.
    pub fn api_key(mut self, key: String) -> Self {
        self.key = Source::Fixed(key);
        self
    }

    /// A file that holds the key alone; read for each connection, so that a renewed key needs no restart.
    pub fn api_key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key = Source::File(path.into());
        self
    }

    /// Gives the key for each connection, or says why not.
    pub fn api_key_from(
        mut self,
        provide: impl Fn() -> Result<String, String> + Send + Sync + 'static,
    ) -> Self {
        self.key = Source::Provider(Arc::new(provide));
        self
    }

    /// From the first event of a batch to its sending. By default 5 s over a stream; 15 s over JSON, where each 429 doubles
    /// it, up to 4 minutes.
    pub fn max_batch_age(mut self, age: Duration) -> Self {
        self.max_batch_age = Some(age);
        self
    }

    /// Prints each connection and response to standard error, never a key or an event. Else whether `OPENCLONE_DEBUG` is set.
    pub fn debug(mut self, is_debugging: bool) -> Self {
        self.is_debugging = is_debugging;
        self
    }

    /// A service in memory, for tests: the key may be missing, events are taken, spool and device id are temporary.
    pub fn memory(mut self, memory: Memory) -> Self {
        self.memory = Some(memory);
        self.transport = Transport::Json;
        self
    }

    /// Called once when a batch is accepted after a failure that `on_error` was told of. Logs by default.
    pub fn on_recovered(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_recovered = Arc::new(hook);
        self
    }

    /// Whether events are taken. Else as `OPENCLONE_ENABLED`, a list of plugin ids, names the plugin; else as
    /// `openclone.enabled` says with a manifest; else yes, but no for source types of sensitivity HIGH and CRITICAL. With a
    /// manifest these need the user's consent, too.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// Where spool and dead letters are. Else `OPENCLONE_STATE`, else `~/.openclone-plugins/<plugin_id>`.
    pub fn state_dir(mut self, state_dir: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(state_dir.into());
        self
    }

    /// Reported of failures that last; must not block. Logs by default.
    pub fn on_error(mut self, hook: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.on_error = Arc::new(hook);
        self
    }

    /// Reported of each event that the server rejected; must not block. Logs by default.
    pub fn on_rejected(mut self, hook: impl Fn(&Rejected) + Send + Sync + 'static) -> Self {
        self.on_rejected = Arc::new(hook);
        self
    }

    /// Checks the options, opens the state directory and starts to send what it holds. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// `InvalidOptions`, `SpoolLocked`, or `SpoolError` if the state directory cannot be used.
    pub async fn open(self) -> Result<Client, Error> {
        self.check()?;
        Client::open(self).await
    }

    /// Why events are not taken, and what to do about it.
    pub(super) fn why_off(&self, home: &Path) -> Result<Option<String>, Error> {
        match self.enabled {
            Some(true) => return Ok(None),
            Some(false) => {
                return Ok(Some(format!(
                    "{} is not switched on: enabled(false)",
                    self.plugin_id
                )));
            }
            None if self.memory.is_some() => return Ok(None),
            None => {}
        }
        let named = env::var("OPENCLONE_ENABLED").unwrap_or_default();
        let manifest = self
            .manifest
            .as_ref()
            .map(|(manifest, config)| (manifest, config));
        manifest::why_off(&self.plugin_id, &self.source_types, manifest, home, &named)
    }

    /// Prints a step of the client's work.
    #[allow(clippy::print_stderr)]
    pub(super) fn say(&self, text: impl FnOnce() -> String) {
        if self.is_debugging {
            eprintln!("openclone: {}", text());
        }
    }

    pub(super) fn state_path(&self) -> Result<PathBuf, Error> {
        let named = self
            .state_dir
            .clone()
            .or_else(|| env::var_os("OPENCLONE_STATE").map(PathBuf::from));
        let home = || env::home_dir().map(|home| home.join(".openclone-plugins").join(&self.plugin_id));
        named
            .or_else(home)
            .ok_or_else(|| invalid("state_dir", "there is no home directory: name one"))
    }

    /// Everything of a batch but device, time and events.
    pub(super) fn header(&self, source_type: SourceType, device_id: String) -> Batch {
        Batch {
            source_type: source_type.into(),
            platform: self.platform.into(),
            device_id,
            plugin_id: self.plugin_id.clone(),
            plugin_version: self.plugin_version.clone(),
            timestamp: None,
            events: Vec::new(),
        }
    }

    fn check(&self) -> Result<(), Error> {
        if !(1..=MAX_EVENTS).contains(&self.max_batch_events) {
            return Err(invalid("max_batch_events", format!("must be 1 to {MAX_EVENTS}")));
        }
        let uri: Option<Uri> = self.endpoint.parse().ok();
        let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
        if !uri.is_some_and(|uri| is_web(&uri)) {
            return Err(invalid(
                "endpoint",
                "must be http://host:port or https://host:port",
            ));
        }
        let day = Duration::from_secs(86_400);
        if !self.heartbeat.is_zero() && !(Duration::from_secs(60)..=day).contains(&self.heartbeat) {
            return Err(invalid("heartbeat", "must be 60 s to a day"));
        }
        if self.source_types.is_empty() {
            return Err(invalid("source_type", "must be set"));
        }
        self.check_header()
    }

    /// By the rules of the batch: all but those of device, time and events, which come later.
    fn check_header(&self) -> Result<(), Error> {
        let now = super::event::now();
        for source_type in &self.source_types {
            self.check_batch(self.header(*source_type, "test-0".to_owned()), now)?;
        }
        Ok(())
    }

    fn check_batch(&self, mut batch: Batch, now: prost_types::Timestamp) -> Result<(), Error> {
        batch.timestamp = Some(now);
        batch.events.push(Event {
            timestamp: Some(now),
            raw_ref: None,
            data: Some(crate::v1::event::Data::Json("{}".to_owned())),
        });
        let violations = validate(&batch, std::time::SystemTime::now());
        let Some(violation) = violations.first() else {
            return Ok(());
        };
        let field = violation.field_path();
        let names = ["source_type", "platform", "plugin_id", "plugin_version"];
        let option = names.into_iter().find(|name| *name == field).unwrap_or("options");
        Err(invalid(option, violation.to_string()))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Builder")
            .field("endpoint", &self.endpoint)
            .field("plugin_id", &self.plugin_id)
            .field("plugin_version", &self.plugin_version)
            .field("source_types", &self.source_types)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

const fn this_platform() -> Platform {
    if cfg!(target_os = "macos") {
        Platform::Macos
    } else if cfg!(target_os = "windows") {
        Platform::Windows
    } else if cfg!(target_os = "ios") {
        Platform::Ios
    } else if cfg!(target_os = "android") {
        Platform::Android
    } else if cfg!(target_family = "wasm") {
        Platform::Web
    } else {
        Platform::Linux
    }
}

fn invalid(option: &'static str, reason: impl Into<String>) -> Error {
    Error::InvalidOptions {
        option,
        reason: reason.into(),
    }
}

#[cfg(test)]
mod tests;
