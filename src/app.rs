//! Composes the service and runs it on a bound listener until shutdown.

mod vaults;

use std::{borrow::Cow, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use openclone_gateway::{Endpoint, GatewayOptions};
use openclone_redact::{RedactError, Redactor};
use openclone_vault::{
    AppendError, OpenError, Options, Vault, maintenance::Maintenance, markdown::normalise,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{net::TcpListener, sync::oneshot, task::spawn_blocking, time::timeout};
use tonic::{
    codec::CompressionEncoding,
    service::{InterceptorLayer, Routes},
};
use tonic_health::pb::health_server::HealthServer;
use tower::Layer as _;
use tracing::{error, info, warn};

use crate::{
    auth::{Authenticator, Key, KeyRing, KeysError, Scope, access::Access},
    config::{Config, home::Home},
    ingest::{
        Ingest, MAX_MESSAGE, admission::Admission, local::LocalBackend, pipeline::Pipeline,
        prepare::Preparer, undecodable::CountUndecodable,
    },
    limit::{KeyLimits, TenantLimits},
    net::{Server, ServiceRouter, TlsAcceptor, TlsError},
    observe::{
        admin_api::{self, AdminApi},
        health::HealthFacade,
        metrics::Metrics,
        operations::OperationsFacade,
        tenants::{TenantFacade, Tenants},
    },
    registry::{self, Registry, RegistryFacade, Watch},
    runtime::{clock::Clock, lifecycle::Lifecycle, offload::Offload},
    v1::{
        access_service_server::AccessServiceServer, ingest_service_server::IngestServiceServer,
        operations_service_server::OperationsServiceServer, registry_service_server::RegistryServiceServer,
        tenant_service_server::TenantServiceServer,
    },
};
use vaults::open_vault;
pub(crate) use vaults::{maintenance, open_files, vault_options};

/// The descriptors of the API, for reflection.
const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/openclone.v1.bin"));
/// How long the vault may take to close before a log line explains the wait.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// The service, ready to run.
#[derive(Debug)]
pub struct App {
    server: Server,
    router: ServiceRouter,
    lifecycle: Arc<Lifecycle>,
    registry: Arc<Registry>,
    keys: Arc<KeyRing>,
    vault: Options,
    opener: Opener,
    maintenance: Maintenance,
}

/// Opens the vault.
pub type Opener = fn(Options) -> Result<Vault, OpenError>;

/// The service cannot start, or could not shut down cleanly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The TLS files are invalid.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The keys are invalid.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The rules of redaction are invalid.
    #[error(transparent)]
    Redact(#[from] RedactError),
    /// The reflection service cannot be built.
    #[error("cannot build the reflection service: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The vault cannot be opened.
    #[error(transparent)]
    Vault(#[from] OpenError),
    /// The last checkpoint failed.
    #[error("cannot close the vault: {0}; the next start completes it")]
    Close(#[from] AppendError),
}

impl App {
    /// Composes the service; opens and creates nothing yet. `key` is that of tenant `default`.
    ///
    /// # Errors
    /// When TLS files, keys or redaction rules are invalid.
    pub fn new(config: &Config, home: &Home, key: &SecretString) -> Result<Self, RunError> {
        Self::with_clock(config, home, key, Clock::system())
    }

    /// As [`Self::new`], with another clock.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_clock(
        config: &Config,
        home: &Home,
        key: &SecretString,
        clock: Clock,
    ) -> Result<Self, RunError> {
        let metrics = Metrics::new();
        let lifecycle = Arc::new(Lifecycle::default());
        let shared = TenantLimits::new(&config.tenants);
        let ring = Arc::new(key_ring(config, home, key, &shared)?);
        let authenticator = Authenticator::new(
            Arc::clone(&ring),
            config.limits.failed_auth_per_minute,
            metrics.auth_failures(),
        );
        let vault = vault_options(config, home);
        let tenants = Arc::new(Tenants::new(vault.dirs.clone(), shared));
        let own_keys = [key.expose_secret().to_owned()];
        let redactor = Arc::new(Redactor::with_own_keys(&config.redact, &own_keys)?);
        let registry = Arc::new(Registry::load(&home.plugins(), config.registry.enforce));
        let pipeline = Arc::new(Pipeline {
            lifecycle: Arc::clone(&lifecycle),
            registry: Arc::clone(&registry),
            preparer: Preparer {
                redactor: Arc::clone(&redactor),
                days: config.vault.days.clone(),
                format: config.vault.format,
            },
            admission: Admission::new(config.limits.max_in_flight_bytes, config.limits.admission_wait),
            offload: Offload::default(),
            metrics: metrics.clone(),
            clock,
            keys: Arc::clone(&ring),
            tenants: Arc::clone(&tenants),
        });
        let ingest = Ingest::new(pipeline);
        let backend = LocalBackend {
            authenticator: authenticator.clone(),
            ingest,
            registry: RegistryFacade::new(Arc::clone(&registry)),
            tenants: TenantFacade::new(Arc::clone(&tenants), Arc::clone(&lifecycle)),
        };
        let options = gateway_options(config, redactor, metrics.clone());
        let admin_api = Arc::new(AdminApi {
            lifecycle: Arc::clone(&lifecycle),
            metrics: metrics.clone(),
            authenticator,
            keys: Arc::clone(&ring),
            tenants,
            open_metrics: config.telemetry.open_metrics,
        });
        let operations = OperationsFacade::new(Arc::clone(&admin_api));
        let access = Access(Arc::clone(&registry));
        let routes = routes(backend.clone(), access, operations, &lifecycle, metrics)?;
        let json = Endpoint::new(backend, options);
        Ok(Self {
            server: Server::new(&config.server)?,
            router: ServiceRouter::new(
                json,
                admin_api::router(admin_api).merge(registry::schema_routes()),
                Some(routes),
            ),
            lifecycle,
            maintenance: maintenance(&vault, home),
            registry,
            keys: ring,
            vault,
            opener: Vault::open,
        })
    }

    /// Opens the vault with `opener` instead of [`Vault::open`], for tests with their own stores.
    #[must_use]
    pub fn opening_with(mut self, opener: Opener) -> Self {
        self.opener = opener;
        self
    }

    /// What SIGHUP does: reads the TLS files and the keys again.
    pub fn reload(&self) -> impl Fn() + Clone + Send + 'static {
        let (tls, keys) = (self.server.tls().cloned(), Arc::clone(&self.keys));
        move || {
            if let Some(tls) = &tls {
                reload_tls(tls);
            }
            // reloads a changed file
            let _ = keys.state();
        }
    }

    /// Serves `listener` until `shutdown`, then finishes requests in flight and closes the vault. Until the vault is
    /// open requests for it get 503; then `ready` is called.
    ///
    /// # Errors
    /// When the vault cannot be opened or closed.
    pub async fn run(
        self,
        listener: TcpListener,
        ready: impl FnOnce() + Send + 'static,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        let address = listener.local_addr().ok();
        let _watch = Watch::start(self.registry);
        let (failed, opening_failed) = oneshot::channel();
        let opening = tokio::spawn(open(
            (self.vault, self.opener, self.maintenance),
            Arc::clone(&self.lifecycle),
            failed,
            address,
            ready,
        ));
        let lifecycle = Arc::clone(&self.lifecycle);
        let end = async move {
            tokio::select! {
                () = shutdown => info!("shutting down"),
                // the sender is dropped after success
                Ok(()) = opening_failed => {}
            }
            lifecycle.drain();
        };
        self.server.serve(listener, self.router, end).await;
        self.keys.save_uses();
        if let Ok(Err(reason)) = timeout(CLOSE_TIMEOUT, opening).await.unwrap_or(Ok(Ok(()))) {
            return Err(reason.into());
        }
        close(&self.lifecycle).await
    }
}

/// Reads the TLS files again and logs the result.
pub(crate) fn reload_tls(tls: &TlsAcceptor) {
    match tls.reload() {
        Ok(()) => info!("reloaded the TLS files"),
        Err(reason) => error!(%reason, "cannot reload the TLS files; the previous ones stay in use"),
    }
}

async fn open(
    (options, opener, maintenance): (Options, Opener, Maintenance),
    lifecycle: Arc<Lifecycle>,
    failed: oneshot::Sender<()>,
    address: Option<SocketAddr>,
    ready: impl FnOnce() + Send + 'static,
) -> Result<(), OpenError> {
    let db = options.db.clone();
    let opened = spawn_blocking(move || open_vault(options, opener, &maintenance))
        .await
        .unwrap_or_else(|panic| {
            Err(OpenError::Database {
                path: db,
                reason: panic.to_string(),
            })
        });
    match opened {
        Ok(vault) => {
            lifecycle.opened(vault);
            info!(address = address.map(tracing::field::display), "ready");
            ready();
            Ok(())
        }
        Err(reason) => {
            // the receiver is gone during shutdown
            let _ = failed.send(());
            Err(reason)
        }
    }
}

async fn close(lifecycle: &Arc<Lifecycle>) -> Result<(), RunError> {
    let Some(sink) = lifecycle.opened_sink().cloned() else {
        return Ok(());
    };
    let mut closing = spawn_blocking(move || sink.close());
    let closed = match timeout(CLOSE_TIMEOUT, &mut closing).await {
        Ok(closed) => closed,
        Err(_) => {
            warn!("still flushing; safe to kill, the journal is replayed on next start");
            closing.await
        }
    };
    match closed {
        Ok(closed) => Ok(closed?),
        Err(panic) => {
            error!(%panic, "closing the vault failed; the journal is replayed on next start");
            Ok(())
        }
    }
}

fn routes(
    backend: LocalBackend,
    access: Access<Registry>,
    operations: OperationsFacade,
    lifecycle: &Arc<Lifecycle>,
    metrics: Metrics,
) -> Result<Routes, RunError> {
    let keyed = InterceptorLayer::new(backend.authenticator);
    let ingest = IngestServiceServer::new(backend.ingest)
        .max_decoding_message_size(MAX_MESSAGE)
        .accept_compressed(CompressionEncoding::Gzip)
        .accept_compressed(CompressionEncoding::Zstd);
    let registry = RegistryServiceServer::new(backend.registry).max_decoding_message_size(64 << 10);
    let tenants = TenantServiceServer::new(backend.tenants).max_decoding_message_size(64 << 10);
    let operations = OperationsServiceServer::new(operations).max_decoding_message_size(64 << 10);
    let access = AccessServiceServer::new(access).max_decoding_message_size(64 << 10);
    let health =
        HealthServer::new(HealthFacade::new(Arc::clone(lifecycle))).max_decoding_message_size(64 << 10);
    let describe = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(Routes::new(keyed.layer(CountUndecodable::new(ingest, metrics)))
        .add_service(keyed.layer(registry))
        .add_service(keyed.layer(access))
        .add_service(keyed.layer(tenants))
        // it decides itself what a caller without a key may see
        .add_service(operations)
        .add_service(health)
        .add_service(describe().build_v1()?)
        .add_service(describe().build_v1alpha()?)
        .prepare())
}

fn gateway_options(config: &Config, redactor: Arc<Redactor>, metrics: Metrics) -> GatewayOptions {
    let on_rejection: openclone_gateway::OnRejection =
        Arc::new(move |rejection| metrics.gateway_rejected(rejection));
    let redact: openclone_gateway::Redact = Arc::new(move |text| redact_echo(&redactor, text));
    GatewayOptions {
        max_body_bytes: config.limits.max_body_bytes as usize,
        redact: Some(redact),
        on_rejection: Some(on_rejection),
        ..GatewayOptions::default()
    }
}

/// The text without its secrets. A text is returned as it was sent unless its normalised form reveals a secret.
fn redact_echo<'t>(redactor: &Redactor, text: &'t str) -> Cow<'t, str> {
    let (redacted, _) = redactor.redact_str(text);
    let hidden = match normalise(&redacted) {
        Cow::Borrowed(_) => None,
        Cow::Owned(normalised) => match redactor.redact_str(&normalised) {
            (Cow::Owned(found), _) => Some(found),
            (Cow::Borrowed(_), _) => None,
        },
    };
    hidden.map_or(redacted, Cow::Owned)
}

fn key_ring(
    config: &Config,
    home: &Home,
    key: &SecretString,
    tenants: &TenantLimits,
) -> Result<KeyRing, KeysError> {
    KeyRing::new([(key.expose_secret().as_bytes(), default_key(config, tenants))]).watch(
        home.keys(),
        home.key_uses(),
        config.limits,
        tenants.clone(),
    )
}

/// The key of `.env`: tenant `default`, all scopes.
fn default_key(config: &Config, tenants: &TenantLimits) -> Key {
    Key {
        id: "env".into(),
        hash: None,
        tenant: "default".into(),
        label: ".env".to_owned(),
        scopes: vec![Scope::All],
        plugin_id: None,
        expires_at: None,
        limits: Arc::new(KeyLimits::within(config.limits, tenants, "default")),
        used: None,
    }
}
