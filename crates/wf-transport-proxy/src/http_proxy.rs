use wf_http::{BuildError, Client, Endpoint, Timeouts, Tls, Token};
use wf_transport::{Batch, LineKind, Outcome, Transport};

/// The port on which a proxy takes every kind, unless it is configured otherwise.
///
/// Source: `pushListenerPorts` in the proxy's configuration.
pub const DEFAULT_PORT: u16 = 2878;

/// A Wavefront proxy, spoken to over HTTP: every batch is acknowledged.
///
/// A batch is one `POST /report?f=…` with the kind's [format](LineKind::format).
#[derive(Debug)]
pub struct HttpProxy {
    /// One a kind, at [`LineKind::index`].
    endpoints: Vec<Endpoint>,
}

impl HttpProxy {
    /// Starts to configure the proxy at `host`: a host name or an IP address, an IPv6 address with or without brackets.
    pub fn builder(host: impl Into<String>) -> Builder {
        let host = host.into();
        Builder { client: Client::builder(host), port: DEFAULT_PORT, ports: [None; LineKind::ALL.len()] }
    }
}

impl Transport for HttpProxy {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        match self.endpoints[batch.kind().index()].post(batch).await {
            // The lines before the bad one were taken.
            Outcome::Answered { status: 400, retry_after, .. } => {
                Outcome::Answered { status: 400, retry_after, partial: true }
            }
            outcome => outcome,
        }
    }
}

/// Settings of an [`HttpProxy`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    client: wf_http::Builder,
    port: u16,
    ports: [Option<u16>; LineKind::ALL.len()],
}

impl Builder {
    /// Sets the port for every kind without one of its own. Default: [`DEFAULT_PORT`].
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the port for one kind: proxies often take spans at 30000 and distributions at 40000. Default: the common
    /// port.
    pub const fn port_for(mut self, kind: LineKind, port: u16) -> Self {
        self.ports[kind.index()] = Some(port);
        self
    }

    /// Speaks TLS, and says whom to trust. Default: plain HTTP.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.client = self.client.tls(tls);
        self
    }

    /// Sends `token` as `Authorization: Bearer …`, for proxies that ask for one (`authMethod`). Default: none.
    pub fn token(mut self, token: impl Into<Token>) -> Self {
        self.client = self.client.token(token);
        self
    }

    /// Lets the token travel over plain HTTP to a host other than this one, where anybody on the way can read it.
    /// Default: an error at [`build`](Self::build).
    pub fn allow_insecure_token(mut self, allow: bool) -> Self {
        self.client = self.client.allow_insecure_token(allow);
        self
    }

    /// Compresses bodies with gzip at level 1, or does not. Default: only if the host is not this one, because on
    /// loopback bytes cost less than the time to compress them.
    pub fn gzip(self, on: bool) -> Self {
        self.gzip_level(on.into())
    }

    /// Compresses bodies with gzip at `level`: 1 (fast) to 9 (small), or 0 for not at all.
    pub fn gzip_level(mut self, level: u8) -> Self {
        self.client = self.client.gzip_level(level);
        self
    }

    /// Sets the time limits of an attempt. Default: [`Timeouts::DEFAULT`].
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.client = self.client.timeouts(timeouts);
        self
    }

    /// Builds the transport. No connection is opened before the first batch; with TLS, root certificates are read.
    ///
    /// # Errors
    ///
    /// - [`BuildError::Host`], [`BuildError::Port`]: no such host or port can exist;
    /// - [`BuildError::Token`]: the token is empty or not visible ASCII;
    /// - [`BuildError::InsecureToken`]: a token without TLS to a host that is not `localhost` or a loopback address,
    ///   unless [`allow_insecure_token`](Self::allow_insecure_token) was set;
    /// - [`BuildError::CaPem`], [`BuildError::Roots`], [`BuildError::Tls`]: TLS has nobody to trust.
    pub fn build(self) -> Result<HttpProxy, BuildError> {
        let client = self.client.build()?;
        let endpoint = |kind: LineKind| {
            let port = self.ports[kind.index()].unwrap_or(self.port);
            client.endpoint(port, &path(kind))
        };
        let endpoints = LineKind::ALL.into_iter().map(endpoint).collect::<Result<_, _>>()?;
        Ok(HttpProxy { endpoints })
    }
}

/// Source tags have no format of their own: without `f` the proxy tells every line by its first characters.
fn path(kind: LineKind) -> String {
    kind.format().map_or_else(|| "/report".to_owned(), |format| format!("/report?f={format}"))
}
