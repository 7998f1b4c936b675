use std::{error::Error, fmt};

use http::{Uri, uri::Authority};
use wf_sender::Builder;

/// Reads `url`, chooses the transport and returns the settings of a sender to it.
///
/// The schemes and parameters are in the table of the [crate's documentation](crate#urls). Opens no connection.
///
/// # Errors
///
/// [`UrlError`] if the URL cannot be used; it never echoes the URL, which may hold a token.
///
/// # Examples
///
/// ```
/// use wf_sdk::UrlError;
///
/// let builder = wf_sdk::connect("proxy://localhost?trace=30000")?;
/// assert_eq!(wf_sdk::connect("ftp://localhost").unwrap_err(), UrlError::Scheme);
/// assert_eq!(wf_sdk::connect("proxy://localhost:99999").unwrap_err(), UrlError::Port);
/// # Ok::<(), UrlError>(())
/// ```
pub fn connect(url: &str) -> Result<Builder, UrlError> {
    let parts = Parts::parse(url.trim())?;
    match parts.scheme.as_str() {
        #[cfg(feature = "direct")]
        "https" => direct::from_parts(&parts),
        #[cfg(feature = "proxy")]
        "http" | "proxy" => proxy::http(&parts, false),
        #[cfg(feature = "proxy")]
        "proxys" => proxy::http(&parts, true),
        #[cfg(feature = "proxy")]
        "tcp" => proxy::stream(&parts),
        _ => Err(UrlError::Scheme),
    }
}

#[cfg(feature = "proxy")]
pub use proxy::proxy;

#[cfg(feature = "direct")]
pub use direct::direct;

/// Why a URL cannot be used.
///
/// It names the part and never echoes it: a mistyped URL may hold a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UrlError {
    /// The host is neither a host name nor an IP address.
    Host,
    /// The token would travel over plain HTTP to a host other than this one.
    InsecureToken,
    /// It is not a URL of the form `scheme://host`.
    Malformed,
    /// The service wants a token, and neither the URL nor `WAVEFRONT_TOKEN` has one.
    MissingToken,
    /// A parameter is not one that the scheme has.
    Parameter,
    /// There is a path, and a proxy has none; or it cannot stand in a request.
    Path,
    /// A port is not a number from 1 to 65,535.
    Port,
    /// The scheme is not one of `proxy`, `http`, `proxys`, `tcp` and `https`, or its feature is off.
    Scheme,
    /// TLS has nobody to trust.
    Tls,
    /// The token is empty or not visible ASCII, or there is one where none can be sent.
    Token,
}

impl From<wf_http::BuildError> for UrlError {
    fn from(error: wf_http::BuildError) -> Self {
        use wf_http::BuildError;
        match error {
            BuildError::Host => Self::Host,
            BuildError::InsecureToken => Self::InsecureToken,
            BuildError::Path => Self::Path,
            BuildError::Port => Self::Port,
            BuildError::Token => Self::Token,
            _ => Self::Tls,
        }
    }
}

impl fmt::Display for UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "the URL's host is neither a host name nor an IP address",
            Self::InsecureToken => "the URL's token would travel over plain http; use https:// or proxys://",
            Self::Malformed => "not a URL of the form scheme://host",
            Self::MissingToken => "the service wants a token: https://TOKEN@host, or set WAVEFRONT_TOKEN",
            Self::Parameter => "the URL has a parameter that its scheme does not have",
            Self::Path => "the URL's path cannot be used",
            Self::Port => "a port in the URL is not a number from 1 to 65535",
            Self::Scheme => "the URL's scheme is not one of proxy, http, proxys, tcp and https",
            Self::Tls => "no root certificate was found for TLS",
            Self::Token => "the URL's token is empty or not visible ASCII, or cannot be sent",
        })
    }
}

impl Error for UrlError {}

/// A URL taken apart.
struct Parts {
    scheme: String,
    host: String,
    port: Option<u16>,
    token: Option<String>,
    path: String,
    query: String,
}

impl Parts {
    fn parse(url: &str) -> Result<Self, UrlError> {
        let (scheme, _) = url.split_once("://").ok_or(UrlError::Malformed)?;
        // The parser drops a fragment without a word; a token may hold a `#` that should have been encoded.
        if url.contains('#') {
            return Err(UrlError::Malformed);
        }
        let uri: Uri = url.parse().map_err(|_| malformed(url))?;
        let authority = uri.authority().ok_or(UrlError::Malformed)?;
        let (userinfo, host_and_port) = split_authority(authority.as_str());
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            host: Authority::host(authority).to_owned(),
            port: port_text(host_and_port).map(parse_port).transpose()?,
            token: userinfo.map(|token| percent_decoded(token).ok_or(UrlError::Token)).transpose()?,
            path: uri.path().trim_end_matches('/').to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
        })
    }

    /// Returns the parameters; one without `=` has no value.
    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        let parameters = self.query.split('&').filter(|parameter| !parameter.is_empty());
        parameters.map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
    }
}

#[cfg(feature = "proxy")]
mod proxy {
    use wf_sender::Builder;
    use wf_transport::LineKind;
    use wf_transport_proxy::{BuildError, HttpProxy, StreamProxy, Tls};

    use super::{Parts, UrlError, parse_port};

    /// Returns the settings of a sender to the Wavefront proxy at `host`, port 2878, over plain HTTP.
    ///
    /// For other ports, TLS, a token, gzip or time limits, give an [`HttpProxy`] to [`Builder::new`].
    ///
    /// # Errors
    ///
    /// [`BuildError::Host`] if no such host can exist.
    ///
    /// # Examples
    ///
    /// ```
    /// let builder = wf_sdk::proxy("proxy.example.com")?.point_tag("env", "prod");
    /// assert!(wf_sdk::proxy("not a host").is_err());
    /// # Ok::<(), wf_sdk::BuildError>(())
    /// ```
    pub fn proxy(host: &str) -> Result<Builder, BuildError> {
        HttpProxy::builder(host).build().map(Builder::new)
    }

    pub(super) fn http(parts: &Parts, is_tls: bool) -> Result<Builder, UrlError> {
        let mut proxy = HttpProxy::builder(&parts.host);
        if let Some(port) = parts.port {
            proxy = proxy.port(port);
        }
        if let Some(token) = &parts.token {
            proxy = proxy.token(token.clone());
        }
        if is_tls {
            proxy = proxy.tls(Tls::native_roots());
        }
        for (kind, port) in ports(parts)? {
            proxy = proxy.port_for(kind, port);
        }
        Ok(Builder::new(proxy.build()?))
    }

    pub(super) fn stream(parts: &Parts) -> Result<Builder, UrlError> {
        // Plain text has nowhere to put it, and a proxy that wants one discards the stream.
        if parts.token.is_some() {
            return Err(UrlError::Token);
        }
        let mut proxy = StreamProxy::builder(&parts.host);
        if let Some(port) = parts.port {
            proxy = proxy.port(port);
        }
        for (kind, port) in ports(parts)? {
            proxy = proxy.port_for(kind, port);
        }
        Ok(Builder::new(proxy.build()?))
    }

    /// Returns the ports that the parameters move kinds to; span logs go where spans go.
    fn ports(parts: &Parts) -> Result<Vec<(LineKind, u16)>, UrlError> {
        if !parts.path.is_empty() {
            return Err(UrlError::Path);
        }
        let mut ports = Vec::new();
        for (name, value) in parts.parameters() {
            let kinds: &[_] = match name {
                "trace" => &[LineKind::Span, LineKind::SpanLog],
                "histogram" => &[LineKind::Histogram],
                _ => return Err(UrlError::Parameter),
            };
            let port = parse_port(value)?;
            ports.extend(kinds.iter().map(|kind| (*kind, port)));
        }
        Ok(ports)
    }
}

#[cfg(feature = "direct")]
mod direct {
    use wf_sender::Builder;
    use wf_transport_direct::{BuildError, Direct, Token};

    use super::{Parts, UrlError};

    /// Returns the settings of a sender to the Wavefront service at `host`, over HTTPS with an API token.
    ///
    /// For other ports, a certificate authority of your own, gzip or time limits, give a
    /// [`Direct`](crate::Direct) to [`Builder::new`].
    ///
    /// # Errors
    ///
    /// [`BuildError`] if no such host or token can exist, or this system has no root certificates.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// let sender = wf_sdk::direct("example.wavefront.com", "my-api-token")?.start()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn direct(host: &str, token: impl Into<Token>) -> Result<Builder, BuildError> {
        Direct::builder(host, token).build().map(Builder::new)
    }

    pub(super) fn from_parts(parts: &Parts) -> Result<Builder, UrlError> {
        if parts.parameters().next().is_some() {
            return Err(UrlError::Parameter);
        }
        let environment = || std::env::var("WAVEFRONT_TOKEN").ok().filter(|token| !token.is_empty());
        let token = parts.token.clone().or_else(environment).ok_or(UrlError::MissingToken)?;
        // Some people write the path of the reports.
        let base = parts.path.strip_suffix("/report").unwrap_or(&parts.path);
        let mut direct = Direct::builder(&parts.host, token).base_path(base);
        if let Some(port) = parts.port {
            direct = direct.port(port);
        }
        Ok(Builder::new(direct.build()?))
    }
}

/// The service as the documents name it: a URL without a token, or only a host.
#[cfg(all(feature = "direct", feature = "proxy"))]
pub(crate) struct Server {
    pub(crate) is_tls: bool,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) path: String,
}

#[cfg(all(feature = "direct", feature = "proxy"))]
impl Server {
    pub(crate) fn parse(server: &str) -> Result<Self, UrlError> {
        let server = server.trim();
        let parts = if server.contains("://") {
            Parts::parse(server)?
        } else {
            Parts::parse(&format!("https://{server}"))?
        };
        if parts.token.is_some() {
            return Err(UrlError::Token);
        }
        if !parts.query.is_empty() {
            return Err(UrlError::Parameter);
        }
        let is_tls = match parts.scheme.as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(UrlError::Scheme),
        };
        Ok(Self { is_tls, host: parts.host, port: parts.port, path: parts.path })
    }
}

/// A port that is no number makes the whole URL unreadable; it is said as what it is.
fn malformed(url: &str) -> UrlError {
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    match port_text(split_authority(authority).1) {
        Some(port) if parse_port(port).is_err() => UrlError::Port,
        _ => UrlError::Malformed,
    }
}

/// Splits what stands before the last `@` from host and port.
fn split_authority(authority: &str) -> (Option<&str>, &str) {
    match authority.rsplit_once('@') {
        Some((userinfo, rest)) => (Some(userinfo), rest),
        None => (None, authority),
    }
}

/// Returns what stands behind the host's colon, not those of an IPv6 address in brackets.
fn port_text(host_and_port: &str) -> Option<&str> {
    let after_host = host_and_port.rsplit_once(']').map_or(host_and_port, |(_, rest)| rest);
    after_host.split_once(':').map(|(_, port)| port)
}

fn parse_port(text: &str) -> Result<u16, UrlError> {
    // `parse` alone would take a plus sign.
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(port) if is_number && port != 0 => Ok(port),
        _ => Err(UrlError::Port),
    }
}

/// Undoes `%XX`; `None` if that is not text.
fn percent_decoded(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'%' {
            let (digits, behind) = rest.split_at_checked(2)?;
            // `from_str_radix` alone would take a plus sign.
            let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            rest = behind;
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(all(test, feature = "direct", feature = "proxy"))]
mod tests {
    use super::{UrlError, connect, percent_decoded};

    #[track_caller]
    fn check(url: &str, expected: Result<(), UrlError>) {
        assert_eq!(connect(url).map(drop), expected, "{url}");
    }

    #[test]
    fn urls_that_work() {
        for url in [
            "proxy://localhost",
            "proxy://localhost:2878",
            "PROXY://localhost/",
            " http://127.0.0.1:4000 ",
            "proxy://[::1]:2878",
            "proxy://[::1]",
            "proxy://proxy.example.com?trace=30000&histogram=40000",
            "proxy://secret@localhost",
            "proxy://se%2fcret@[::1]:2878",
            "tcp://localhost",
            "tcp://proxy.example.com:2878?trace=30000",
        ] {
            check(url, Ok(()));
        }
    }

    #[test]
    fn urls_that_do_not() {
        use UrlError::{Host, InsecureToken, Malformed, Parameter, Path, Port, Scheme, Token};
        for (url, error) in [
            ("", Malformed),
            ("localhost:2878", Malformed),
            ("proxy://", Malformed),
            ("proxy:// localhost", Malformed),
            ("proxy://localhost#here", Malformed),
            ("https://to#ken@localhost", Malformed),
            ("proxy://local host", Malformed),
            ("proxy://local\r\nhost", Malformed),
            ("proxy://:2878", Host),
            ("proxy://a_b!c", Host),
            ("ftp://localhost", Scheme),
            ("proxy://localhost:0", Port),
            ("proxy://localhost:65536", Port),
            ("proxy://localhost:99999", Port),
            ("proxy://localhost:+80", Port),
            ("proxy://localhost:", Port),
            ("proxy://localhost:http", Port),
            ("proxy://localhost?trace=0", Port),
            ("proxy://localhost?trace=", Port),
            ("proxy://localhost?trace", Port),
            ("proxy://localhost?colour=blue", Parameter),
            ("https://t@localhost?trace=30000", Parameter),
            ("proxy://localhost/report", Path),
            ("tcp://localhost/report", Path),
            ("proxy://token@example.com", InsecureToken),
            ("http://token@192.0.2.1", InsecureToken),
            ("proxy://@localhost", Token),
            ("https://@localhost", Token),
            ("tcp://token@localhost", Token),
            ("proxy://%zz@localhost", Token),
            ("proxy://a%0ab@localhost", Token),
        ] {
            check(url, Err(error));
        }
    }

    /// Whatever this system's root certificates.
    #[test]
    fn the_service_wants_a_token_and_is_never_taken_for_a_proxy() {
        if std::env::var_os("WAVEFRONT_TOKEN").is_none() {
            check("https://example.wavefront.com", Err(UrlError::MissingToken));
        }
        let with_token = connect("https://token@example.wavefront.com:8443/base/report/").map(drop);
        assert!(matches!(with_token, Ok(()) | Err(UrlError::Tls)), "{with_token:?}");
    }

    #[test]
    fn errors_never_echo_the_url() {
        for url in [
            "proxy://wf-CANARY@example.com",
            "wf-CANARY://x",
            "proxy://wf-CANARY@localhost:99999",
            "proxy://x/wf-CANARY",
            "proxy://x?wf-CANARY=1",
            "tcp://wf-CANARY@x",
        ] {
            let error = connect(url).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("CANARY"), "{error}");
        }
        let builder = format!("{:?}", connect("proxy://wf-CANARY@localhost").unwrap());
        assert!(!builder.contains("CANARY"), "{builder}");
    }

    #[test]
    fn tokens_may_be_percent_encoded() {
        assert_eq!(percent_decoded("a%2Fb%40c").as_deref(), Some("a/b@c"));
        for bad in ["%", "%2", "%+f", "%zz", "%ff", "%é"] {
            assert_eq!(percent_decoded(bad), None, "{bad}");
        }
    }
}
