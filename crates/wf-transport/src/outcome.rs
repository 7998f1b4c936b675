use std::{fmt, time::Duration};

/// What became of one attempt to deliver a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The endpoint answered with a status; what it means to the batch is the sender's policy.
    Answered {
        /// The HTTP status code.
        status: u16,
        /// The wait that the answer asked for, at most 300 seconds.
        retry_after: Option<Duration>,
        /// Whether lines may have been taken although the status is a refusal, as with a proxy's 400: lines before
        /// the bad one were taken.
        partial: bool,
    },
    /// The endpoint acknowledged the batch in a way that has no status.
    Stored,
    /// The endpoint will never take this batch.
    Refused(Cause),
    /// Every byte was written, and this transport never learns more.
    Unacknowledged,
    /// Provably not one byte of the batch left.
    Unsent(Cause),
    /// The batch may have arrived.
    Unknown(Cause),
}

impl Outcome {
    /// Returns the outcome of a plain status answer, without a wait and without lines taken.
    ///
    /// ```
    /// use wf_transport::Outcome;
    ///
    /// let answer = Outcome::status(202);
    /// assert_eq!(answer, Outcome::Answered { status: 202, retry_after: None, partial: false });
    /// ```
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self::Answered { status, retry_after: None, partial: false }
    }
}

/// Why an attempt failed: a class, never text from the endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The endpoint closed the connection.
    Closed,
    /// The connection could not be opened.
    Connect,
    /// A deadline passed.
    Deadline,
    /// Something else.
    Other,
    /// The transport panicked.
    Panic,
    /// The answer was not the protocol.
    Protocol,
    /// The connection was reset.
    Reset,
    /// The host name could not be resolved.
    Resolve,
    /// The TLS handshake failed.
    Tls,
}

impl Cause {
    /// Returns the cause as one word, such as `connect`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Connect => "connect",
            Self::Deadline => "deadline",
            Self::Other => "other",
            Self::Panic => "panic",
            Self::Protocol => "protocol",
            Self::Reset => "reset",
            Self::Resolve => "resolve",
            Self::Tls => "tls",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
