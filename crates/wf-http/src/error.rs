use std::{error::Error, fmt};

/// Why a [`Client`](crate::Client) or an [`Endpoint`](crate::Endpoint) cannot be built.
///
/// It names the setting and never echoes its value: a mistyped URL may hold a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The PEM text holds no certificate that could be a root.
    CaPem,
    /// The host is neither a host name nor an IP address.
    Host,
    /// A token would travel unencrypted to a host other than this one.
    InsecureToken,
    /// The path does not start with `/` or holds a character that a request line cannot.
    Path,
    /// The port is 0.
    Port,
    /// No root certificate was found on this system.
    Roots,
    /// The TLS settings contradict each other.
    Tls,
    /// The token is empty or holds something else than visible ASCII.
    Token,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CaPem => "PEM text holds no usable root certificate",
            Self::Host => "host is neither a host name nor an IP address",
            Self::InsecureToken => "token would travel over plain http",
            Self::Path => "path is not valid in a request line",
            Self::Port => "port is 0",
            Self::Roots => "no root certificate was found on this system",
            Self::Tls => "TLS settings contradict each other",
            Self::Token => "token is empty or not visible ASCII",
        })
    }
}

impl Error for BuildError {}
