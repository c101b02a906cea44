//! TLS before a server that has none, so that a function does what it does before Okta: look at the machine's root
//! certificates, shake hands, and check a chain.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::Failure;

/// The root certificates that the machine has, and a function looks at as well (Debian, and Amazon Linux).
const BUNDLES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// A front that is not yet told what is behind it.
pub(crate) struct TlsFront {
    listener: TcpListener,
    acceptor: TlsAcceptor,
    /// `https://localhost:PORT`
    pub(crate) url: String,
    /// The machine's root certificates and the front's own, as `SSL_CERT_FILE` wants them.
    pub(crate) roots: NamedTempFile,
}

impl TlsFront {
    /// Takes a free port of the loopback interface, and makes a certificate for it.
    pub(crate) async fn bind() -> Result<TlsFront, Failure> {
        let mut authority = CertificateParams::new(Vec::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])?.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        // Another part of the process may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate.into()], key)?;
        let mut roots = NamedTempFile::new()?;
        let bundle = BUNDLES.iter().find(|bundle| Path::new(bundle).exists());
        roots.write_all(&std::fs::read(bundle.ok_or("this machine has no root certificates")?)?)?;
        roots.write_all(authority.pem().as_bytes())?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("https://localhost:{}", listener.local_addr()?.port());
        Ok(TlsFront { listener, acceptor: TlsAcceptor::from(Arc::new(config)), url, roots })
    }

    /// Hands every connection on to a server, until the program ends. What goes wrong with one shows at both its ends.
    pub(crate) fn lead_to(self, server: SocketAddr) -> NamedTempFile {
        let TlsFront { listener, acceptor, roots, .. } = self;
        tokio::spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Without this option a small answer waits for the caller's delayed acknowledgement.
                    let _ = caller.set_nodelay(true);
                    let Ok(mut caller) = acceptor.accept(caller).await else { return };
                    let Ok(mut server) = TcpStream::connect(server).await else { return };
                    let _ = server.set_nodelay(true);
                    let _ = tokio::io::copy_bidirectional(&mut caller, &mut server).await;
                });
            }
        });
        roots
    }
}
