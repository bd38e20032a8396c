//! `openclone serve`: runs the service.
//!
//! All checks come first (options, key, directories, TLS files, port), so that a failed start changes nothing.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Context as _;
use clap::Args;
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tracing::info;

use super::{Failure, HomePaths, huge_pages, process, say, start};
use crate::{
    app::App,
    auth::KeysFile,
    config::{
        Config, Layers,
        home::{ApiKey, Home},
        print,
    },
    net::TlsAcceptor,
};

/// Run the service.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    paths: HomePaths,
    /// Address and port [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// Vault of the key in .env [default: <home>/vault]
    #[arg(long, value_name = "DIR")]
    vault: Option<PathBuf>,
    /// Allow a non-loopback address without TLS
    #[arg(long)]
    insecure: bool,
    /// Print the effective configuration and exit
    #[arg(long)]
    print_config: bool,
}

impl Serve {
    pub(super) fn run(self) -> Result<(), Failure> {
        let home = self.paths.home()?;
        let layers = self.paths.layers(&home, self.flags()?)?;
        let mut config = Config::read(&layers)?;
        if self.print_config {
            say(print::print(&layers).trim_end());
            return Ok(());
        }
        huge_pages::configure(Some(&home.db()));
        let runtime = start::runtime()?;
        let _telemetry = start::start_telemetry(&runtime, &config, &layers)?;
        process::prepare(&mut config.server);
        runtime.block_on(serve(&config, &layers, &home))
    }

    fn flags(&self) -> anyhow::Result<Vec<start::Flag>> {
        let vault = self.vault.as_ref().map(|dir| {
            let dir = std::path::absolute(dir).with_context(|| format!("cannot use {}", dir.display()))?;
            dir.into_os_string()
                .into_string()
                .map_err(|_| anyhow::anyhow!("--vault: the path is not UTF-8"))
        });
        Ok(vec![
            ("server.listen", "--listen", self.listen.clone()),
            (
                "server.insecure",
                "--insecure",
                self.insecure.then(|| "true".to_owned()),
            ),
            ("vault.dir", "--vault", vault.transpose()?),
        ])
    }
}

async fn serve(config: &Config, layers: &Layers, home: &Home) -> Result<(), Failure> {
    start::survive_file_size_limit()?;
    let vault = config.vault.dir.clone().unwrap_or_else(|| home.vault());
    home.inspect(&vault)?;
    let variable = start::key_variable()?;
    let existing = home.key(variable.as_deref())?;
    if variable.is_some() && home.dotenv().exists() {
        info!(file = %home.dotenv().display(), "the variable API_KEY overrides the key in this file");
    }
    KeysFile::read(&home.keys())?;
    config.server.tls.as_ref().map(TlsAcceptor::load).transpose()?;
    let listener = bind(config.server.listen, &layers.location("server.listen")).await?;
    let key = home.prepare(existing)?;
    let app = App::new(config, home, &key.secret)?;
    let shutdown = start::shutdown_signal()?;
    start::reload_on_hangup(app.reload())?;
    let banner = banner(config, &listener, &vault, &key)?;
    app.run(listener, move || say(&banner), shutdown).await?;
    Ok(())
}

/// Binds `address`; errors name its origin, `location`.
pub(super) async fn bind(address: SocketAddr, location: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                anyhow::anyhow!(
                    "cannot listen on {address}: the port is in use; choose another with --listen"
                )
            }
            _ => anyhow::anyhow!("cannot listen on {address} ({location}): {error}"),
        })
}

fn banner(
    config: &Config,
    listener: &TcpListener,
    vault: &std::path::Path,
    key: &ApiKey,
) -> anyhow::Result<String> {
    let scheme = if config.server.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let address = listener.local_addr().context("cannot determine the port")?;
    let mut text = format!("listening on {scheme}://{address}\nvault {}", vault.display());
    if key.new {
        text.push_str(&format!("\nAPI key {}", key.secret.expose_secret()));
    }
    Ok(text)
}
