//! Certificates for servers on loopback.

use std::fmt;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// A certificate authority that exists for one test.
///
/// ```
/// use wf_testkit::{Authority, Peer, Script};
///
/// let authority = Authority::new();
/// let config = authority.server("localhost");
/// let peer = Peer::builder().tls(config).scripts([Script::answering(202)]).start();
/// # drop(peer);
/// ```
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// An authority with a new key.
    ///
    /// # Panics
    ///
    /// Panics if no key can be made.
    #[must_use]
    pub fn new() -> Self {
        let mut params = CertificateParams::new([]).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("self-signed") }
    }

    /// The certificate to trust, in DER.
    #[must_use]
    pub fn der(&self) -> CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// A server with a certificate for `name`, a host name or an IP address, valid today.
    ///
    /// # Panics
    ///
    /// Panics if `name` is neither.
    #[must_use]
    pub fn server(&self, name: &str) -> ServerConfig {
        self.server_with(name, |_| {})
    }

    /// As [`Authority::server`], with a certificate that `change` has made different: expired, say.
    ///
    /// # Panics
    ///
    /// Panics if the certificate cannot be made.
    #[must_use]
    pub fn server_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> ServerConfig {
        let mut params = CertificateParams::new([name.to_owned()]).expect("name");
        change(&mut params);
        let key = KeyPair::generate().expect("key");
        let certificate = params.signed_by(&key, &self.issuer).expect("signed");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // The provider is named: two of them in one build would make the default one panic.
        ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("certificate")
    }

    /// A client that trusts this authority alone.
    ///
    /// # Panics
    ///
    /// Panics if its own certificate cannot be read back.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der()).expect("own certificate");
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}
