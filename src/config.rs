//! The options, one struct per concern, read from layers.
//!
//! Defaults < `<home>/openclone.toml` < `OPENCLONE_…` variables < flags. [`options::OPTIONS`] is the one table of all
//! options, from which the defaults, the first config file and `--print-config` are derived.

pub mod error;
pub mod home;
pub(crate) mod host;
pub mod layers;
pub mod options;
pub mod print;
pub mod server;
mod tenants;
#[cfg(test)]
pub(crate) mod testing;
pub mod vault;

use std::{collections::BTreeMap, time::Duration};

use openclone_redact::RedactConfig;
use tracing_subscriber::filter::Targets;

pub use error::ConfigError;
pub use layers::{Inputs, Layers};
pub use server::ServerConfig;
pub use tenants::TenantRates;
pub use vault::VaultConfig;

/// All options, validated.
#[derive(Clone, Debug)]
pub struct Config {
    /// Options of the network side.
    pub server: ServerConfig,
    /// Options of the vault.
    pub vault: VaultConfig,
    /// Limits of each key and of the service.
    pub limits: LimitsConfig,
    /// Limits of all keys of a tenant together, where configured.
    pub tenants: BTreeMap<String, TenantRates>,
    /// Options of redaction.
    pub redact: RedactConfig,
    /// Options of the plugin registry.
    pub registry: RegistryConfig,
    /// Options of logs.
    pub log: LogConfig,
    /// Options of metrics and traces.
    pub telemetry: TelemetryConfig,
}

/// Limits of each key and of the service. 0 means no limit unless stated otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsConfig {
    /// Requests per minute for each key.
    pub requests_per_minute: u32,
    /// Requests that may be sent at once; never 0.
    pub burst: u32,
    /// Events per second on streams, for each key.
    pub events_per_second: u32,
    /// Bytes of one decompressed JSON body; never 0.
    pub max_body_bytes: u32,
    /// Failed authentications per minute for each peer address.
    pub failed_auth_per_minute: u32,
    /// Batches in flight on one stream; never 0.
    pub max_in_flight_batches: u32,
    /// Encoded bytes of batches that wait for the writer, all callers together; never 0.
    pub max_in_flight_bytes: u32,
    /// How long a unary request waits while the writer is overloaded.
    pub admission_wait: Duration,
}

/// Options of the plugin registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryConfig {
    /// The treatment of batches from plugins that are not installed.
    pub enforce: Enforce,
}

/// The treatment of batches whose plugin, platform or source type no installed manifest names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforce {
    /// Accept them.
    Off,
    /// Accept, count and log them.
    Warn,
    /// Reject them.
    Strict,
}

/// Options of logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// A level, or `tracing-subscriber` directives.
    pub level: String,
    /// The format of log lines.
    pub format: LogFormat,
}

/// Options of metrics and traces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryConfig {
    /// An OTLP/gRPC collector, `http://` or `https://`; `None` for no traces.
    pub otlp_endpoint: Option<String>,
    /// Whether programs on this machine may read `/metrics` without a key.
    pub open_metrics: bool,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum LogFormat {
    Pretty,
    Json,
}

impl Config {
    /// Reads every option from the highest layer that has it.
    ///
    /// # Errors
    /// At the first invalid value, with its origin, the reason and the allowed values.
    pub fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            server: ServerConfig::read(layers)?,
            vault: VaultConfig::read(layers)?,
            limits: LimitsConfig::read(layers)?,
            tenants: read_tenants(layers)?,
            redact: layers.structured("redact")?,
            registry: RegistryConfig::read(layers)?,
            log: LogConfig::read(layers)?,
            telemetry: TelemetryConfig::read(layers)?,
        })
    }
}

fn read_tenants(layers: &Layers) -> Result<BTreeMap<String, TenantRates>, ConfigError> {
    let tenants = layers.structured("tenants")?;
    tenants::check(&tenants).map_err(|reason| ConfigError::Conflict {
        location: layers.location("tenants"),
        reason,
    })?;
    Ok(tenants)
}

impl LimitsConfig {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        Ok(Self {
            requests_per_minute: layers.number("limits.requests_per_minute", 0, 10_000_000)?,
            burst: layers.number("limits.burst", 1, 10_000_000)?,
            events_per_second: layers.number("limits.events_per_second", 0, 100_000_000)?,
            max_body_bytes: layers.size("limits.max_body_bytes", 1 << 10, 4 << 20)? as u32,
            failed_auth_per_minute: layers.number("limits.failed_auth_per_minute", 0, 1_000_000)?,
            max_in_flight_batches: layers.number("limits.max_in_flight_batches", 1, 1024)?,
            max_in_flight_bytes: layers.size("limits.max_in_flight_bytes", 4 << 20, 1 << 30)? as u32,
            admission_wait: Duration::from_secs(1),
        })
    }
}

impl RegistryConfig {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let enforce = layers.parse(
            "registry.enforce",
            "\"off\", \"warn\" or \"strict\"",
            |text| match text {
                "off" => Some(Enforce::Off),
                "warn" => Some(Enforce::Warn),
                "strict" => Some(Enforce::Strict),
                _ => None,
            },
        )?;
        Ok(Self { enforce })
    }
}

impl LogConfig {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let allowed = "\"error\", \"warn\", \"info\", \"debug\", \"trace\", or directives such as \"openclone=debug,info\"";
        let level = layers.parse("log.level", allowed, |text| {
            is_log_filter(text).then(|| text.to_owned())
        })?;
        let format = layers.parse("log.format", "\"pretty\" or \"json\"", |text| match text {
            "pretty" => Some(LogFormat::Pretty),
            "json" => Some(LogFormat::Json),
            _ => None,
        })?;
        Ok(Self { level, format })
    }
}

/// Whether `text` is a level or a list of directives.
fn is_log_filter(text: &str) -> bool {
    !text.trim().is_empty() && text.parse::<Targets>().is_ok()
}

impl TelemetryConfig {
    fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let allowed = "http:// or https:// with host and port, such as \"http://127.0.0.1:4317\", or empty";
        let endpoint = layers.parse("telemetry.otlp_endpoint", allowed, |text| {
            let uri = text.parse::<http::Uri>().ok();
            let fits = uri.is_some_and(|uri| {
                uri.authority().is_some() && matches!(uri.scheme_str(), Some("http" | "https"))
            });
            (fits || text.is_empty()).then(|| text.to_owned())
        })?;
        Ok(Self {
            open_metrics: layers.flag("telemetry.open_metrics")?,
            otlp_endpoint: Some(endpoint).filter(|endpoint| !endpoint.is_empty()),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn read(
        file: &str,
        env: &[(&str, &str)],
        flags: &[(&'static str, &'static str, &str)],
    ) -> Result<Config, ConfigError> {
        let inputs = Inputs {
            file: Some((PathBuf::from("/home/x/openclone.toml"), file.to_owned())),
            variables: env
                .iter()
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
            flags: flags.iter().map(|(k, f, v)| (*k, *f, (*v).to_owned())).collect(),
        };
        Config::read(&Layers::new(inputs)?)
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let config = read("", &[], &[]).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.limits.requests_per_minute, 60);
        assert_eq!(config.limits.burst, 60);
        assert_eq!(config.limits.max_body_bytes, 1 << 20);
        assert_eq!(config.vault.min_free, 64 << 20);
        assert_eq!(config.registry.enforce, Enforce::Off);
        assert_eq!(config.telemetry.otlp_endpoint, None);
    }

    #[test]
    fn higher_layers_win() {
        let file = "[limits]\nrequests_per_minute = 10\nburst = 11\n";
        let env = [("OPENCLONE_LIMITS__REQUESTS_PER_MINUTE", "20")];
        let config = read(file, &env, &[("server.listen", "--listen", "127.0.0.1:9")]).unwrap();
        assert_eq!(config.limits.requests_per_minute, 20);
        assert_eq!(config.limits.burst, 11);
        assert_eq!(config.server.listen.port(), 9);
    }

    #[test]
    fn a_bad_value_names_its_place_the_reason_and_what_is_allowed() {
        let error = read("[limits]\nburst = 0\n", &[], &[]).unwrap_err().to_string();
        assert_eq!(
            error,
            "/home/x/openclone.toml, key limits.burst: 0 is not allowed; allowed: a whole number from 1 to 10000000"
        );
        let env = [("OPENCLONE_REGISTRY__ENFORCE", "maybe")];
        let error = read("", &env, &[]).unwrap_err().to_string();
        assert!(
            error.starts_with("variable OPENCLONE_REGISTRY__ENFORCE: \"maybe\" is not allowed"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_key_in_the_file_is_an_error() {
        let error = read("[limits]\nburts = 5\n", &[], &[]).unwrap_err().to_string();
        assert_eq!(
            error,
            "/home/x/openclone.toml, line 2: unknown key limits.burts; did you mean limits.burst?"
        );
        assert!(read("nonsense = 1\n", &[], &[]).is_err());
        assert!(read("server = 1\n", &[], &[]).is_err());
        assert!(read("a = [", &[], &[]).is_err());
    }

    #[test]
    fn an_unknown_variable_is_a_warning() {
        let inputs = Inputs {
            variables: [
                ("OPENCLONE_LIMITS__BURTS", "1"),
                ("OPENCLONE_HOME", "/x"),
                ("OPENCLONE_REDACT", "off"),
            ]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .into(),
            ..Inputs::default()
        };
        let layers = Layers::new(inputs).unwrap();
        assert_eq!(
            layers.warnings,
            ["unknown variable OPENCLONE_LIMITS__BURTS is ignored"]
        );
    }

    #[test]
    fn tenants_have_limits_where_somebody_said_so() {
        assert!(read("", &[], &[]).unwrap().tenants.is_empty());
        let config = read("[tenants.family]\nrequests_per_minute = 120\n", &[], &[]).unwrap();
        let family = config.tenants["family"];
        assert_eq!((family.requests_per_minute, family.events_per_second), (120, 0));
        for (file, fault) in [
            ("[tenants.CON]\nevents_per_second = 1\n", "tenant \"CON\": "),
            ("[tenants.a]\nburst = 1\n", "burst"),
            ("[tenants.a]\nevents_per_second = -1\n", "-1"),
            ("tenants = 5\n", "key tenants"),
        ] {
            let error = read(file, &[], &[]).unwrap_err().to_string();
            assert!(
                error.starts_with("/home/x/openclone.toml, key tenants") && error.contains(fault),
                "{error}"
            );
        }
    }

    #[test]
    fn traces_go_to_an_address() {
        let with = |endpoint| read("", &[("OPENCLONE_TELEMETRY__OTLP_ENDPOINT", endpoint)], &[]);
        let fine = with("http://127.0.0.1:4317").unwrap().telemetry.otlp_endpoint;
        assert_eq!(fine.as_deref(), Some("http://127.0.0.1:4317"));
        for bad in ["127.0.0.1:4317", "ftp://a:1", "http://", "nonsense here"] {
            assert!(
                with(bad).unwrap_err().to_string().contains("allowed: http://"),
                "{bad}"
            );
        }
    }

    #[test]
    fn lists_come_from_arrays_and_from_variables() {
        let config = read(
            "server.allowed_hosts = [\"a.example\", \"b.example:81\"]\n",
            &[],
            &[],
        )
        .unwrap();
        assert_eq!(config.server.allowed_hosts, ["a.example", "b.example:81"]);
        let env = [(
            "OPENCLONE_SERVER__ALLOWED_ORIGINS",
            "https://a.example, https://b.example",
        )];
        let config = read("", &env, &[]).unwrap();
        assert_eq!(
            config.server.allowed_origins,
            ["https://a.example", "https://b.example"]
        );
        let json = r#"["https://a.example", "https://B.example:443"]"#;
        let config = read("", &[("OPENCLONE_SERVER__ALLOWED_ORIGINS", json)], &[]).unwrap();
        assert_eq!(
            config.server.allowed_origins,
            ["https://a.example", "https://b.example"]
        );
    }

    #[test]
    fn entries_that_can_never_match_are_errors() {
        for (variable, value) in [
            ("OPENCLONE_SERVER__ALLOWED_ORIGINS", "[https://notes.example]"),
            ("OPENCLONE_SERVER__ALLOWED_ORIGINS", r#"["https://notes.example"#),
            ("OPENCLONE_SERVER__ALLOWED_ORIGINS", "[1]"),
            ("OPENCLONE_SERVER__ALLOWED_ORIGINS", "https://notes.example/"),
            ("OPENCLONE_SERVER__ALLOWED_ORIGINS", "*"),
            ("OPENCLONE_SERVER__ALLOWED_HOSTS", "https://notes.example"),
            ("OPENCLONE_SERVER__ALLOWED_HOSTS", "*.example"),
        ] {
            let error = read("", &[(variable, value)], &[]).unwrap_err().to_string();
            assert!(error.starts_with(&format!("variable {variable}: ")), "{error}");
        }
    }

    #[test]
    fn a_public_address_needs_tls_or_insecure() {
        let error = read("server.listen = \"0.0.0.0:8000\"\n", &[], &[])
            .unwrap_err()
            .to_string();
        assert!(error.contains("--insecure"), "{error}");
        assert!(
            read(
                "server.listen = \"0.0.0.0:8000\"\nserver.insecure = true\n",
                &[],
                &[]
            )
            .is_ok()
        );
        assert!(read("server.tls_cert = \"/c.pem\"\n", &[], &[]).is_err());
    }
}
