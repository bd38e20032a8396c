//! A small HTTP/1.1 client: one connection, kept open, over TCP or TLS.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, RootCertStore, pki_types::ServerName},
};

use crate::sdk::{USER_AGENT, client::Shared};

/// Bytes of a response that are read, at most.
const MAX_RESPONSE: usize = 1 << 20;

/// The client; connects when it has something to send.
pub(super) struct Http {
    uri: Uri,
    host: String,
    port: u16,
    shared: Arc<Shared>,
    tls: Option<TlsConnector>,
    limit: Duration,
    connection: Option<SendRequest<Full<Bytes>>>,
}

/// What came back.
pub(super) struct Response {
    pub(super) status: StatusCode,
    /// What `Retry-After` says.
    pub(super) retry_after: Duration,
    pub(super) body: Bytes,
}

impl Http {
    pub(super) fn new(shared: &Arc<Shared>) -> Result<Self, String> {
        let options = &shared.options;
        let base = options.endpoint.trim_end_matches('/');
        let uri: Uri = format!("{base}/api/v1/ingest")
            .parse()
            .map_err(|_| "the endpoint is no address".to_owned())?;
        let is_tls = uri.scheme_str() == Some("https");
        Ok(Self {
            host: uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 }),
            tls: is_tls.then(connector).transpose()?,
            uri,
            shared: Arc::clone(shared),
            limit: options.response_timeout,
            connection: None,
        })
    }

    /// Posts a body; the error tells why there is no response.
    pub(super) async fn post(&mut self, body: String) -> Result<Response, String> {
        let limit = self.limit;
        let response = match timeout(limit, self.try_post(body)).await {
            Ok(response) => response,
            Err(_) => Err(format!("no response within {limit:?}")),
        };
        if response.is_err() {
            self.connection = None;
        }
        response
    }

    async fn try_post(&mut self, body: String) -> Result<Response, String> {
        if let Some(memory) = &self.shared.options.memory {
            let (status, body) = memory.post(&body)?;
            return Ok(Response {
                status: StatusCode::from_u16(status).map_err(|error| error.to_string())?,
                retry_after: Duration::ZERO,
                body: body.into(),
            });
        }
        let key = self.shared.key.get().map_err(|error| error.to_string())?;
        let mut key = HeaderValue::from_str(&key).map_err(|_| "the key is not printable".to_owned())?;
        key.set_sensitive(true);
        let mut connection = match self
            .connection
            .take()
            .filter(|connection| !connection.is_closed())
        {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.ready().await.map_err(|error| error.to_string())?;
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        let request = Request::post(path)
            .header(header::HOST, authority)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, USER_AGENT)
            .header("x-api-key", key)
            .body(Full::from(body))
            .map_err(|error| error.to_string())?;
        let response = connection
            .send_request(request)
            .await
            .map_err(|error| error.to_string())?;
        let status = response.status();
        let seconds = response
            .headers()
            .get(header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let body = Limited::new(response.into_body(), MAX_RESPONSE)
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        self.connection = Some(connection);
        Ok(Response {
            status,
            retry_after: Duration::from_secs(seconds.unwrap_or_default()),
            body: body.to_bytes(),
        })
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, String> {
        let failed =
            |error: std::io::Error| format!("cannot connect to {}:{}: {error}", self.host, self.port);
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .await
            .map_err(failed)?;
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return shake(stream).await;
        };
        let name = ServerName::try_from(self.host.clone()).map_err(|error| error.to_string())?;
        shake(tls.connect(name, stream).await.map_err(failed)?).await
    }
}

async fn shake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Full<Bytes>>, String> {
    let shaken = http1::handshake(TokioIo::new(stream)).await;
    let (connection, driver) = shaken.map_err(|error| error.to_string())?;
    // Ends with the connection; what went wrong the request tells.
    tokio::spawn(async move { driver.await.is_ok() });
    Ok(connection)
}

fn connector() -> Result<TlsConnector, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
