use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::BuildError;

/// How a server proves who it is.
///
/// There is no way to switch verification off. TLS 1.2 and 1.3.
#[derive(Clone)]
pub struct Tls(Roots);

#[derive(Clone)]
enum Roots {
    Native,
    Pem(Vec<u8>),
    Config(Arc<ClientConfig>),
}

impl Tls {
    /// Trusts the system's root certificates.
    ///
    /// They are read once, when the client is built. The variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name another
    /// place for them.
    #[must_use]
    pub const fn native_roots() -> Self {
        Self(Roots::Native)
    }

    /// Trusts the root certificates in `pem`, and no others.
    ///
    /// ```
    /// use wf_http::{BuildError, Client, Tls};
    ///
    /// let client = Client::builder("proxy.example.com").tls(Tls::ca_pem("not a certificate")).build();
    /// assert_eq!(client.err(), Some(BuildError::CaPem));
    /// ```
    #[must_use]
    pub fn ca_pem(pem: impl Into<Vec<u8>>) -> Self {
        Self(Roots::Pem(pem.into()))
    }

    /// Uses a configuration of your own: client certificates, another crypto provider, other roots.
    ///
    /// Its list of application protocols is ignored: these crates speak HTTP/1.1 only.
    #[must_use]
    pub fn config(config: impl Into<Arc<ClientConfig>>) -> Self {
        Self(Roots::Config(config.into()))
    }

    pub(crate) fn build(&self) -> Result<Arc<ClientConfig>, BuildError> {
        let roots = match &self.0 {
            Roots::Native => native()?,
            Roots::Pem(pem) => parse(pem)?,
            Roots::Config(config) => {
                let mut config = ClientConfig::clone(config);
                config.alpn_protocols.clear();
                return Ok(Arc::new(config));
            }
        };
        // A named provider: with two in one tree the process default panics.
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|_| BuildError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::new(config))
    }
}

/// The system's roots.
impl Default for Tls {
    fn default() -> Self {
        Self::native_roots()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Roots::Native => "Tls(native roots)",
            Roots::Pem(_) => "Tls(PEM roots)",
            Roots::Config(_) => "Tls(config)",
        })
    }
}

fn native() -> Result<RootCertStore, BuildError> {
    let mut roots = RootCertStore::empty();
    // One unreadable file among hundreds is not worth failing for; no root at all is.
    let (added, _) = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if added == 0 { Err(BuildError::Roots) } else { Ok(roots) }
}

fn parse(pem: &[u8]) -> Result<RootCertStore, BuildError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(|_| BuildError::CaPem)?).map_err(|_| BuildError::CaPem)?;
    }
    if roots.is_empty() { Err(BuildError::CaPem) } else { Ok(roots) }
}
