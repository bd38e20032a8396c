//! TLS with a certificate chain and key from PEM files; ALPN offers HTTP/2 and HTTP/1.1.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    rustls::{
        self,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
    server::TlsStream,
};

use crate::config::server::TlsFiles;

/// Accepts TLS connections. Cheap to clone.
#[derive(Clone)]
pub struct TlsAcceptor {
    files: TlsFiles,
    current: Arc<RwLock<tokio_rustls::TlsAcceptor>>,
}

/// The TLS files cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read or has invalid content.
    #[error("cannot use {} {}: {reason}", what, path.display())]
    File {
        /// The option that names the file.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        reason: String,
    },
    /// Certificate and key do not match.
    #[error("server.tls_cert and server.tls_key do not match: {0}")]
    Pair(rustls::Error),
}

impl TlsAcceptor {
    /// Reads the files.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn load(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self {
            files: files.clone(),
            current: Arc::new(RwLock::new(read(files)?)),
        })
    }

    /// Reads the files again, for new connections; after an error the previous ones stay in use.
    ///
    /// # Errors
    /// When they cannot be used.
    pub fn reload(&self) -> Result<(), TlsError> {
        let new = read(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(super) async fn accept<S>(&self, stream: S) -> io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let current = self
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        current.accept(stream).await
    }
}

fn read(files: &TlsFiles) -> Result<tokio_rustls::TlsAcceptor, TlsError> {
    let bad_cert = |reason: String| TlsError::File {
        what: "server.tls_cert",
        path: files.cert.clone(),
        reason,
    };
    let bad_key = |reason: String| TlsError::File {
        what: "server.tls_key",
        path: files.key.clone(),
        reason,
    };
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .map_err(|error| bad_cert(error.to_string()))?;
    if chain.is_empty() {
        return Err(bad_cert("no certificate in this file".into()));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| bad_key(error.to_string()))?;
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Pair)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(tokio_rustls::TlsAcceptor::from(Arc::new(config)))
}

impl std::fmt::Debug for TlsAcceptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TlsAcceptor")
    }
}
