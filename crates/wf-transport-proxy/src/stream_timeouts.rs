use std::time::Duration;

/// The time limits of a [`StreamProxy`](crate::StreamProxy).
///
/// ```
/// use std::time::Duration;
/// use wf_transport_proxy::StreamTimeouts;
///
/// let patient = StreamTimeouts { write: Duration::from_secs(20), ..StreamTimeouts::DEFAULT };
/// assert_eq!(patient.connect, Duration::from_secs(5));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamTimeouts {
    /// The time to resolve the host name and to open a connection to one of its addresses, between which it is shared
    /// evenly. Default 5 s.
    pub connect: Duration,
    /// The time in which at least one more byte of the batch must go to the kernel. Default 10 s.
    ///
    /// On Linux it is also the time after which the kernel gives up on data that the proxy's kernel does not take
    /// (`TCP_USER_TIMEOUT`).
    pub write: Duration,
    /// The time for the whole attempt, from connecting to the last byte of the batch. Default 30 s.
    pub attempt: Duration,
    /// The time after which an idle connection is replaced before it is used. Default 240 s.
    ///
    /// Stay below the proxy's `listenerIdleConnectionTimeout`, 300 s by default: a batch that meets its close on the
    /// way may be lost.
    pub idle: Duration,
}

impl StreamTimeouts {
    /// The default of every limit.
    pub const DEFAULT: Self = Self {
        connect: Duration::from_secs(5),
        write: Duration::from_secs(10),
        attempt: Duration::from_secs(30),
        idle: Duration::from_secs(240),
    };
}

impl Default for StreamTimeouts {
    fn default() -> Self {
        Self::DEFAULT
    }
}

#[cfg(test)]
mod tests {
    use super::StreamTimeouts;

    #[test]
    fn documented_defaults() {
        let StreamTimeouts { connect, write, attempt, idle } = StreamTimeouts::default();
        assert_eq!([connect, write, attempt, idle].map(|limit| limit.as_secs()), [5, 10, 30, 240]);
    }
}
