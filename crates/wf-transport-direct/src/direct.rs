use wf_http::{BuildError, Client, Endpoint, Timeouts, Tls, Token};
use wf_transport::{Batch, Limits, LineKind, Outcome, Route, Transport};

/// The Wavefront service: lines to `/report?f=…`, events one by one to `/api/v2/event`.
#[derive(Debug)]
pub struct Direct {
    /// One a kind, at [`LineKind::index`]; `None` for what the service does not take this way.
    endpoints: Vec<Option<Endpoint>>,
}

impl Direct {
    /// Starts to configure the service at `host`, a host name or an IP address, with an API token.
    pub fn builder(host: impl Into<String>, token: impl Into<Token>) -> Builder {
        let client = Client::builder(host).token(token).gzip_level(DEFAULT_GZIP_LEVEL);
        Builder { client, tls: Tls::native_roots(), is_tls: true, port: None, path: String::new() }
    }
}

impl Transport for Direct {
    fn limits(&self, kind: LineKind) -> Limits {
        match kind {
            // The event API takes one object a request.
            LineKind::Event => Limits { points: 1, ..Limits::DEFAULT },
            _ => Limits::DEFAULT,
        }
    }

    fn route(&self, kind: LineKind) -> Route {
        match kind {
            LineKind::Event => Route::Json,
            _ if self.endpoints[kind.index()].is_none() => Route::None,
            _ => Route::Line,
        }
    }

    async fn deliver(&self, batch: &Batch) -> Outcome {
        match &self.endpoints[batch.kind().index()] {
            Some(endpoint) => endpoint.post(batch).await,
            None => Outcome::Refused(wf_transport::Cause::Other),
        }
    }
}

/// Settings of a [`Direct`] transport.
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    client: wf_http::Builder,
    tls: Tls,
    is_tls: bool,
    port: Option<u16>,
    path: String,
}

impl Builder {
    /// Sets the port. Default: 443, or 80 over plain HTTP.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Sets what stands before `/report` and `/api/v2/event` in the path, for services behind a gateway. Default: nothing.
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets whom to trust. Default: the system's root certificates.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Speaks plain HTTP, as to a test receiver. The token then travels readable, so hosts other than this one need
    /// [`allow_insecure_token`](Self::allow_insecure_token) besides.
    pub const fn plain_http(mut self) -> Self {
        self.is_tls = false;
        self
    }

    /// Lets the token travel over plain HTTP to a host other than this one, where anybody on the way can read it.
    /// Default: an error at [`build`](Self::build).
    pub fn allow_insecure_token(mut self, allow: bool) -> Self {
        self.client = self.client.allow_insecure_token(allow);
        self
    }

    /// Compresses lines with gzip at `level`: 1 (fast, the default) to 9 (small), or 0 for not at all. Events never are.
    pub fn gzip_level(mut self, level: u8) -> Self {
        self.client = self.client.gzip_level(level);
        self
    }

    /// Sets the time limits of an attempt. Default: [`Timeouts::DEFAULT`].
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.client = self.client.timeouts(timeouts);
        self
    }

    /// Builds the transport. No connection is opened before the first batch; root certificates are read.
    ///
    /// # Errors
    ///
    /// - [`BuildError::Host`], [`BuildError::Port`], [`BuildError::Path`]: no such host, port or path can exist;
    /// - [`BuildError::Token`]: the token is empty or not visible ASCII;
    /// - [`BuildError::InsecureToken`]: plain HTTP to a host that is not `localhost` or a loopback address;
    /// - [`BuildError::CaPem`], [`BuildError::Roots`], [`BuildError::Tls`]: TLS has nobody to trust.
    pub fn build(self) -> Result<Direct, BuildError> {
        let client = if self.is_tls { self.client.tls(self.tls) } else { self.client }.build()?;
        let port = self.port.unwrap_or(if self.is_tls { 443 } else { 80 });
        let base = self.path.trim_end_matches('/');
        let endpoint = |kind: LineKind| {
            let path = |path: &str| format!("{base}{path}");
            match (kind, kind.format()) {
                (LineKind::Event, _) => client.json_endpoint(port, &path("/api/v2/event")).map(Some),
                (_, Some(format)) => client.endpoint(port, &path(&format!("/report?f={format}"))).map(Some),
                (_, None) => Ok(None),
            }
        };
        let endpoints = LineKind::ALL.into_iter().map(endpoint).collect::<Result<_, _>>()?;
        Ok(Direct { endpoints })
    }
}

/// Source: the vendor's SDKs compress everything that goes to the service; level 1 costs least.
const DEFAULT_GZIP_LEVEL: u8 = 1;
