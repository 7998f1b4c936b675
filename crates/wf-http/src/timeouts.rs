use std::time::Duration;

use tokio::time::Instant;

/// The time limits of one attempt.
///
/// ```
/// use std::time::Duration;
/// use wf_http::Timeouts;
///
/// let patient = Timeouts { attempt: Duration::from_secs(60), ..Timeouts::DEFAULT };
/// assert_eq!(patient.connect, Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The time to resolve the host name and to open a TCP connection to one of its addresses, between which it is
    /// shared evenly. Default 5 s.
    pub connect: Duration,
    /// The time for the TLS handshake, from the open TCP connection on. Default 5 s.
    pub tls: Duration,
    /// The time in which the peer must take at least one byte of the request that is being written. Default 10 s.
    ///
    /// On Linux it is also the time after which the kernel gives up on data that the peer does not acknowledge
    /// (`TCP_USER_TIMEOUT`).
    pub write: Duration,
    /// The time from the last byte of the request to the first of the answer. Default 10 s.
    pub answer: Duration,
    /// The time for the whole attempt, from connecting to the end of the answer's body. Default 30 s.
    pub attempt: Duration,
    /// The time after which an idle connection is not used again. Default 15 s.
    ///
    /// Servers close idle connections after a time of their own; a request that meets the close on its way has an
    /// unknown outcome. Stay well below the server's time.
    pub idle: Duration,
}

impl Timeouts {
    /// The default of every limit.
    pub const DEFAULT: Self = Self {
        connect: Duration::from_secs(5),
        tls: Duration::from_secs(5),
        write: Duration::from_secs(10),
        answer: Duration::from_secs(10),
        attempt: Duration::from_secs(30),
        idle: Duration::from_secs(15),
    };
}

impl Default for Timeouts {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Returns the time `wait` after `start`, or one far away where that cannot be expressed.
pub(crate) fn later(start: Instant, wait: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    start.checked_add(wait).unwrap_or_else(|| start + YEAR)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Timeouts, later};

    #[test]
    fn documented_defaults() {
        let seconds = |timeouts: Timeouts| {
            let Timeouts { connect, tls, write, answer, attempt, idle } = timeouts;
            [connect, tls, write, answer, attempt, idle].map(|limit| limit.as_secs())
        };
        assert_eq!(seconds(Timeouts::default()), [5, 5, 10, 10, 30, 15]);
    }

    #[test]
    fn an_endless_limit_does_not_overflow() {
        let start = Instant::now();
        assert!(later(start, Duration::MAX) > start + Duration::from_secs(1_000_000));
    }
}
