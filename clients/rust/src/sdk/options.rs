//! Options, where their defaults come from, and the rules that they must keep.

use std::{env, fmt, path::PathBuf, sync::Arc, time::Duration};

use http::{HeaderValue, Uri};

use super::{
    client::Client,
    error::{Error, Notice, Rejected},
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
pub(super) type OnRejected = Arc<dyn Fn(&Rejected) + Send + Sync>;

/// Options of a client; made by [`Client::builder`].
#[derive(Clone)]
#[must_use = "nothing is sent before it is opened"]
pub struct Builder {
    pub(super) endpoint: String,
    pub(super) api_key: String,
    pub(super) plugin_id: String,
    pub(super) plugin_version: String,
    pub(super) source_type: SourceType,
    pub(super) platform: Platform,
    pub(super) enabled: Option<bool>,
    pub(super) state_dir: Option<PathBuf>,
    pub(super) max_batch_events: usize,
    pub(super) max_batch_age: Duration,
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
            api_key: variable("OPENCLONE_API_KEY")
                .or_else(|| variable("API_KEY"))
                .unwrap_or_default(),
            plugin_id: plugin_id.to_owned(),
            plugin_version: plugin_version.to_owned(),
            source_type,
            platform: this_platform(),
            enabled: None,
            state_dir: None,
            max_batch_events: 100,
            max_batch_age: Duration::from_secs(60),
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
        }
    }

    setters! {
        /// Where the service is: `http://` or `https://`. Else `OPENCLONE_ENDPOINT`, else `http://127.0.0.1:8000`.
        endpoint: String;
        /// The key. Else `OPENCLONE_API_KEY`, else `API_KEY`.
        api_key: String;
        /// Where the plugin runs; that of this machine by default.
        platform: Platform;
        /// Events in a batch, 1 to 500; 100 by default.
        max_batch_events: usize;
        /// From the first event of a batch to its sending; a minute by default.
        max_batch_age: Duration;
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

    /// Whether events are taken. Else `OPENCLONE_ENABLED`, else yes, but no for source types of sensitivity HIGH and
    /// CRITICAL: ask the user first.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = Some(enabled);
        self
    }

    /// Where device id, spool and dead letters are. Else `OPENCLONE_STATE`, else `~/.openclone-plugins/<plugin_id>`.
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

    pub(super) fn is_enabled(&self) -> bool {
        let wants = || match env::var("OPENCLONE_ENABLED").ok()?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        };
        self.enabled
            .or_else(wants)
            .unwrap_or(!is_sensitive(self.source_type))
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
    pub(super) fn header(&self, device_id: String) -> Batch {
        Batch {
            source_type: self.source_type.into(),
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
        // The key itself must not be shown.
        if self.api_key.is_empty() || HeaderValue::from_str(&self.api_key).is_err() {
            return Err(invalid(
                "api_key",
                "must be set, here or in OPENCLONE_API_KEY, and printable",
            ));
        }
        self.check_header()
    }

    /// By the rules of the batch: all but those of device, time and events, which come later.
    fn check_header(&self) -> Result<(), Error> {
        let now = super::event::now();
        let mut batch = self.header("test-0".to_owned());
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
            .field("source_type", &self.source_type)
            .field("transport", &self.transport)
            .finish_non_exhaustive()
    }
}

/// HIGH or CRITICAL.
const fn is_sensitive(source_type: SourceType) -> bool {
    matches!(
        source_type,
        SourceType::AudioMic | SourceType::Health | SourceType::Email | SourceType::Messaging
    )
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
mod tests {
    use super::*;

    fn good() -> Builder {
        Builder::new("my-plugin", "1.0.0", SourceType::Braindump)
            .api_key("oc_secret".to_owned())
            .endpoint(ENDPOINT.to_owned())
    }

    fn option(builder: &Builder) -> &'static str {
        match builder.check() {
            Err(Error::InvalidOptions { option, .. }) => option,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_option_that_breaks_a_rule_is_named() {
        assert!(good().check().is_ok());
        for endpoint in ["", "127.0.0.1:8000", "ftp://x", "http://", "/path"] {
            assert_eq!(
                option(&good().endpoint(endpoint.to_owned())),
                "endpoint",
                "{endpoint}"
            );
        }
        assert_eq!(option(&good().max_batch_events(0)), "max_batch_events");
        assert_eq!(option(&good().max_batch_events(501)), "max_batch_events");
        assert_eq!(option(&good().api_key(String::new())), "api_key");
        assert_eq!(option(&good().platform(Platform::Unspecified)), "platform");
        let mut bad = good();
        bad.plugin_id = "Not Kebab".to_owned();
        assert_eq!(option(&bad), "plugin_id");
        bad = good();
        bad.plugin_version = "one".to_owned();
        assert_eq!(option(&bad), "plugin_version");
        bad = good();
        bad.source_type = SourceType::Unspecified;
        assert_eq!(option(&bad), "source_type");
    }

    #[test]
    fn the_key_is_not_shown() {
        assert!(!format!("{:?}", good()).contains("oc_secret"));
        let error = good().api_key("oc_secret\n".to_owned()).check().unwrap_err();
        assert!(!error.to_string().contains("oc_secret"));
    }

    #[test]
    fn high_and_critical_source_types_are_off() {
        let off: Vec<_> = SourceType::ALL
            .into_iter()
            .filter(|known| is_sensitive(*known))
            .collect();
        let expected = [
            SourceType::AudioMic,
            SourceType::Health,
            SourceType::Email,
            SourceType::Messaging,
        ];
        assert_eq!(off, expected);
        let mut builder = good().enabled(true);
        builder.source_type = SourceType::Health;
        assert!(builder.is_enabled());
    }
}
