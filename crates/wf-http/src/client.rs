use std::{fmt, sync::Arc};

use http::{
    HeaderMap, HeaderValue, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT},
    uri::Scheme,
};

use crate::{BuildError, Endpoint, Timeouts, Tls, Token, connection::Connector, host::Host};

/// What requests to one host share: TLS, token, compression and time limits.
///
/// Cheap to clone. It opens nothing by itself: each [`Endpoint`] keeps a connection of its own.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// What a client's endpoints read.
pub(crate) struct Shared {
    pub(crate) connector: Connector,
    pub(crate) gzip_level: u8,
    pub(crate) timeouts: Timeouts,
    host: Host,
    headers: HeaderMap,
}

impl Client {
    /// Starts to build a client for `host`: a host name or an IP address, an IPv6 address with or without brackets.
    pub fn builder(host: impl Into<String>) -> Builder {
        Builder {
            host: host.into(),
            tls: None,
            token: None,
            allow_insecure_token: false,
            gzip_level: None,
            timeouts: Timeouts::DEFAULT,
        }
    }

    /// Creates an endpoint for lines at `port` of the host and at `path`, which begins with `/` and may hold a query.
    ///
    /// # Errors
    ///
    /// [`BuildError::Port`] if the port is 0, [`BuildError::Path`] if the path cannot stand in a request line.
    pub fn endpoint(&self, port: u16, path: &str) -> Result<Endpoint, BuildError> {
        self.endpoint_for(OCTETS, self.shared.gzip_level, port, path)
    }

    /// Creates an endpoint for JSON, which is never compressed, as the service's API wants it.
    ///
    /// # Errors
    ///
    /// As [`endpoint`](Self::endpoint).
    pub fn json_endpoint(&self, port: u16, path: &str) -> Result<Endpoint, BuildError> {
        self.endpoint_for(JSON, 0, port, path)
    }

    fn endpoint_for(
        &self,
        content_type: &'static str,
        gzip_level: u8,
        port: u16,
        path: &str,
    ) -> Result<Endpoint, BuildError> {
        if port == 0 {
            return Err(BuildError::Port);
        }
        if !path.starts_with('/') {
            return Err(BuildError::Path);
        }
        let shared = &self.shared;
        let target = path.parse().map_err(|_| BuildError::Path)?;
        let default_port = if shared.connector.is_tls() { 443 } else { 80 };
        let host = shared.host.authority(port, Some(default_port))?;
        let mut headers = shared.headers.clone();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers
            .insert(http::header::HOST, HeaderValue::from_str(host.as_str()).map_err(|_| BuildError::Host)?);
        // The address to connect to; whether TLS follows is the connector's business.
        let address = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(shared.host.authority(port, None)?)
            .path_and_query("/")
            .build()
            .map_err(|_| BuildError::Host)?;
        Ok(Endpoint::new(Arc::clone(shared), address, target, headers, gzip_level))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.shared.host)
            .field("tls", &self.shared.connector.is_tls())
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Client`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    host: String,
    tls: Option<Tls>,
    token: Option<Token>,
    allow_insecure_token: bool,
    gzip_level: Option<u8>,
    timeouts: Timeouts,
}

impl Builder {
    /// Speaks TLS, and says whom to trust. Default: plain HTTP.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sends `token` with every request as `Authorization: Bearer …`. Default: none.
    pub fn token(mut self, token: impl Into<Token>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Lets the token travel over plain HTTP to a host other than this one, where anybody on the way can read it.
    /// Default: an error at [`build`](Self::build).
    pub fn allow_insecure_token(mut self, allow: bool) -> Self {
        self.allow_insecure_token = allow;
        self
    }

    /// Sets how hard bodies are compressed with gzip: 1 (fast) to 9 (small), or 0 for not at all. Default: 1, and 0 if
    /// the host is this machine, because on loopback bytes cost less than the time to compress them.
    ///
    /// The work is done on the thread that polls [`Endpoint::post`].
    pub fn gzip_level(mut self, level: u8) -> Self {
        self.gzip_level = Some(level);
        self
    }

    /// Sets the time limits of an attempt. Default: [`Timeouts::DEFAULT`].
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Builds the client. No connection is opened; with TLS, root certificates are read.
    ///
    /// # Errors
    ///
    /// - [`BuildError::Host`]: not a host name or an IP address;
    /// - [`BuildError::Token`]: the token is empty or not visible ASCII;
    /// - [`BuildError::InsecureToken`]: a token without TLS to a host that is not `localhost` or a loopback address,
    ///   unless [`allow_insecure_token`](Self::allow_insecure_token) was set;
    /// - [`BuildError::CaPem`], [`BuildError::Roots`], [`BuildError::Tls`]: TLS has nobody to trust.
    pub fn build(self) -> Result<Client, BuildError> {
        let host = Host::parse(&self.host)?;
        if self.token.is_some() && self.tls.is_none() && !host.is_loopback() && !self.allow_insecure_token {
            return Err(BuildError::InsecureToken);
        }
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.bearer()?);
        }
        let tls = match &self.tls {
            Some(tls) => Some((tls.build()?, host.server_name()?)),
            None => None,
        };
        let connector = Connector::new(tls, &self.timeouts);
        let gzip_level =
            self.gzip_level.unwrap_or_else(|| if host.is_loopback() { 0 } else { DEFAULT_GZIP_LEVEL });
        let shared = Shared { connector, gzip_level, timeouts: self.timeouts, host, headers };
        Ok(Client { shared: Arc::new(shared) })
    }
}

// What the vendor's SDKs say of lines.
const OCTETS: &str = "application/octet-stream";
const JSON: &str = "application/json";
const AGENT: &str = concat!("wf-sdk/", env!("CARGO_PKG_VERSION"));
const DEFAULT_GZIP_LEVEL: u8 = 1;
