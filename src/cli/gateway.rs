//! `openclone gateway`: the JSON endpoint in front of a service elsewhere. It has neither keys nor a vault.

use std::time::Duration;

use clap::Args;
use openclone_gateway::{Endpoint, GatewayOptions, RemoteBackend};

use super::{Failure, HomePaths, connect, huge_pages, process, say, serve::bind, start};
use crate::{
    app::reload_tls,
    config::{Config, Layers},
    net::{Server, ServiceRouter},
    observe::admin_api,
    registry::schema_routes,
};

/// How long the service may take to respond.
const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(30);
/// How long the service's word that a key is good is cached.
const ACCESS_CACHE: Duration = Duration::from_secs(10);

/// Run only the JSON endpoint, in front of a service elsewhere.
#[derive(Debug, Args)]
pub(super) struct Gateway {
    #[command(flatten)]
    paths: HomePaths,
    /// Address of the service, such as http://10.0.0.5:8000 or https://notes.example
    #[arg(long, value_name = "URI")]
    upstream: String,
    /// Address and port [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Allow a non-loopback address without TLS
    #[arg(long)]
    insecure: bool,
}

impl Gateway {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        let insecure = self.insecure.then(|| "true".to_owned());
        let flags = vec![
            ("server.listen", "--listen", self.listen.clone()),
            ("server.insecure", "--insecure", insecure),
        ];
        let layers = self.paths.layers(&home, flags)?;
        let mut config = Config::read(&layers)?;
        huge_pages::configure(None);
        let runtime = start::runtime()?;
        let _telemetry = start::start_telemetry(&runtime, &config, &layers)?;
        process::prepare(&mut config.server);
        runtime.block_on(self.serve(&config, &layers))
    }

    async fn serve(&self, config: &Config, layers: &Layers) -> Result<(), Failure> {
        let channel =
            connect::channel(&self.upstream).map_err(|error| Failure::Usage(format!("{error:#}")))?;
        let server = Server::new(&config.server)?;
        let listener = bind(config.server.listen, &layers.location("server.listen")).await?;
        let scheme = if config.server.tls.is_some() {
            "https"
        } else {
            "http"
        };
        let address = listener.local_addr()?;
        let shutdown = start::shutdown_signal()?;
        let tls = server.tls().cloned();
        start::reload_on_hangup(move || tls.iter().for_each(reload_tls))?;
        say(&format!(
            "listening on {scheme}://{address}\nupstream {}",
            self.upstream
        ));
        let options = GatewayOptions {
            max_body_bytes: config.limits.max_body_bytes as usize,
            ..GatewayOptions::default()
        };
        let json = Endpoint::new(
            RemoteBackend::new(channel, UPSTREAM_TIMEOUT, ACCESS_CACHE),
            options,
        );
        let others = admin_api::liveness().merge(schema_routes());
        let router = ServiceRouter::new(json, others, None);
        server.serve(listener, router, shutdown).await;
        Ok(())
    }
}
