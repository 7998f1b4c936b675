//! A certificate authority for one receiver, and the certificate that it vouches for.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

/// What a TLS listener needs, and what its clients need to trust it.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
}

impl Identity {
    /// Makes an authority and a certificate for this machine's loopback names.
    pub(crate) fn new() -> io::Result<Self> {
        Self::generate().map_err(io::Error::other)
    }

    fn generate() -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut authority = CertificateParams::new([])?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // OpenSSL takes a certificate for its own issuer if both are named alike.
        authority.distinguished_name.push(DnType::CommonName, "wf-receiver's authority");
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let certificate = CertificateParams::new(names)?.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // The provider is named: two of them in one build would make the default one panic.
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        // A client that writes lines and leaves would leave tickets unread, so its kernel would reset the connection, and
        // lines that have arrived would be lost with it.
        config.send_tls13_tickets = 0;
        Ok(Self { acceptor: Arc::new(config).into(), ca_pem: authority.pem() })
    }
}
