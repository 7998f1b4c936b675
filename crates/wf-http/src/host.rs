use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use http::uri::Authority;
use rustls::pki_types::ServerName;

use crate::BuildError;

/// A validated host: a name or an address, so that nothing else can get into a request or a URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Name(String),
    Ip(IpAddr),
}

impl Host {
    pub(crate) fn parse(text: &str) -> Result<Self, BuildError> {
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(inner) = bracketed {
            let address: Ipv6Addr = inner.parse().map_err(|_| BuildError::Host)?;
            return Ok(Self::Ip(address.into()));
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        if is_name(text) { Ok(Self::Name(text.to_ascii_lowercase())) } else { Err(BuildError::Host) }
    }

    /// Tells whether traffic to this host never leaves the machine.
    pub(crate) fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost",
            Self::Ip(address) => address.to_canonical().is_loopback(),
        }
    }

    /// Returns `host:port`, the port left out if it is `default`.
    pub(crate) fn authority(&self, port: u16, default: Option<u16>) -> Result<Authority, BuildError> {
        let text = if Some(port) == default { self.to_string() } else { format!("{self}:{port}") };
        text.parse().map_err(|_| BuildError::Host)
    }

    /// Returns the name that the server's certificate must be for.
    pub(crate) fn server_name(&self) -> Result<ServerName<'static>, BuildError> {
        match self {
            Self::Name(name) => ServerName::try_from(name.clone()).map_err(|_| BuildError::Host),
            Self::Ip(address) => Ok((*address).into()),
        }
    }
}

/// As in a URI: an IPv6 address stands in brackets.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

// Underscores are no part of a host name, but of the names that container networks give.
fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    text.len() <= 253 && text.strip_suffix('.').unwrap_or(text).split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::Host;
    use crate::BuildError;

    #[track_caller]
    fn check(text: &str, expected: &str, loopback: bool) {
        let host = Host::parse(text).unwrap();
        assert_eq!(host.authority(2878, Some(80)).unwrap(), expected);
        assert_eq!(host.is_loopback(), loopback, "{text}");
        host.server_name().unwrap();
    }

    #[track_caller]
    fn refused(text: &str) {
        assert_eq!(Host::parse(text), Err(BuildError::Host), "{text:?}");
    }

    #[test]
    fn names() {
        check("proxy.example.com", "proxy.example.com:2878", false);
        check("LocalHost", "localhost:2878", true);
        check("wf_proxy", "wf_proxy:2878", false);
        check("localhost.example.com", "localhost.example.com:2878", false);
    }

    #[test]
    fn addresses() {
        check("127.0.0.1", "127.0.0.1:2878", true);
        check("127.9.9.9", "127.9.9.9:2878", true);
        check("10.0.0.1", "10.0.0.1:2878", false);
        check("::1", "[::1]:2878", true);
        check("[::1]", "[::1]:2878", true);
        check("[2001:db8::1]", "[2001:db8::1]:2878", false);
        check("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:2878", true);
    }

    #[test]
    fn the_default_port_is_left_out() {
        assert_eq!(Host::parse("a.b").unwrap().authority(443, Some(443)).unwrap(), "a.b");
    }

    #[test]
    fn nothing_else_is_a_host() {
        for text in [
            "",
            ".",
            "a..b",
            "a b",
            "a\r\nb",
            "a:80",
            "u@a",
            "a/b",
            "a?b",
            "a#b",
            "[a]",
            "[127.0.0.1]",
            "[::1",
            "%41",
            "é",
        ] {
            refused(text);
        }
        refused(&"a".repeat(64));
        refused(&"a.".repeat(127));
    }
}
