use std::{error::Error, fmt};

use http::Uri;
use wf_sender::Builder;
use wf_transport::LineKind;
use wf_transport_proxy::{BuildError, HttpProxy, Tls};

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
    let (scheme, _) = url.trim().split_once("://").ok_or(UrlError::Malformed)?;
    let is_tls = match scheme.to_ascii_lowercase().as_str() {
        "proxy" | "http" => false,
        "proxys" => true,
        _ => return Err(UrlError::Scheme),
    };
    let uri: Uri = url.trim().parse().map_err(|_| malformed(url))?;
    let authority = uri.authority().ok_or(UrlError::Malformed)?;
    if !matches!(uri.path(), "" | "/") {
        return Err(UrlError::Path);
    }

    let mut proxy = HttpProxy::builder(authority.host());
    let (userinfo, host_and_port) = match authority.as_str().rsplit_once('@') {
        Some((userinfo, rest)) => (Some(userinfo), rest),
        None => (None, authority.as_str()),
    };
    if let Some(port) = port_text(host_and_port) {
        proxy = proxy.port(parse_port(port)?);
    }
    if let Some(token) = userinfo {
        proxy = proxy.token(percent_decoded(token).ok_or(UrlError::Token)?);
    }
    if is_tls {
        proxy = proxy.tls(Tls::native_roots());
    }
    for parameter in uri.query().unwrap_or_default().split('&').filter(|parameter| !parameter.is_empty()) {
        proxy = match parameter.split_once('=') {
            Some(("trace", port)) => proxy.port_for(LineKind::Span, parse_port(port)?),
            Some(("histogram", port)) => proxy.port_for(LineKind::Histogram, parse_port(port)?),
            _ => return Err(UrlError::Parameter),
        };
    }
    Ok(Builder::new(proxy.build()?))
}

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
    /// A parameter is not one of `trace` and `histogram`.
    Parameter,
    /// There is a path, and a proxy has none.
    Path,
    /// A port is not a number from 1 to 65,535.
    Port,
    /// The scheme is not one of `proxy`, `http` and `proxys`.
    Scheme,
    /// TLS has nobody to trust.
    Tls,
    /// The token is empty or not visible ASCII.
    Token,
}

impl From<BuildError> for UrlError {
    fn from(error: BuildError) -> Self {
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
            Self::InsecureToken => "the URL's token would travel over plain http; use proxys://",
            Self::Malformed => "not a URL of the form scheme://host",
            Self::Parameter => "the URL has a parameter other than trace and histogram",
            Self::Path => "the URL has a path, and a proxy has none",
            Self::Port => "a port in the URL is not a number from 1 to 65535",
            Self::Scheme => "the URL's scheme is not one of proxy, http and proxys",
            Self::Tls => "no root certificate was found for TLS",
            Self::Token => "the URL's token is empty or not visible ASCII",
        })
    }
}

impl Error for UrlError {}

/// A port that is no number makes the whole URL unreadable; it is said as what it is.
fn malformed(url: &str) -> UrlError {
    let authority = url.trim().split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, rest)| rest);
    match port_text(host_and_port) {
        Some(port) if parse_port(port).is_err() => UrlError::Port,
        _ => UrlError::Malformed,
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
            decoded.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = behind;
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
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
            ("proxy://local host", Malformed),
            ("proxy://local\r\nhost", Malformed),
            ("proxy://:2878", Host),
            ("proxy://a_b!c", Host),
            ("tcp://localhost", Scheme),
            ("https://token@example.com", Scheme),
            ("ftp://localhost", Scheme),
            ("proxy://localhost:0", Port),
            ("proxy://localhost:65536", Port),
            ("proxy://localhost:99999", Port),
            ("proxy://localhost:+80", Port),
            ("proxy://localhost:", Port),
            ("proxy://localhost:http", Port),
            ("proxy://localhost?trace=0", Port),
            ("proxy://localhost?trace=", Port),
            ("proxy://localhost?trace", Parameter),
            ("proxy://localhost?colour=blue", Parameter),
            ("proxy://localhost/report", Path),
            ("proxy://token@example.com", InsecureToken),
            ("http://token@192.0.2.1", InsecureToken),
            ("proxy://@localhost", Token),
            ("proxy://%zz@localhost", Token),
            ("proxy://a%0ab@localhost", Token),
        ] {
            check(url, Err(error));
        }
    }

    #[test]
    fn errors_never_echo_the_url() {
        for url in [
            "proxy://wf-CANARY@example.com",
            "wf-CANARY://x",
            "proxy://wf-CANARY@localhost:99999",
            "proxy://x/wf-CANARY",
            "proxy://x?wf-CANARY=1",
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
        for bad in ["%", "%2", "%zz", "%ff", "%é"] {
            assert_eq!(percent_decoded(bad), None, "{bad}");
        }
    }
}
