//! Lines that a receiver remembers.

use std::fmt;

use wf_parse::{Kind, Verdict};

/// An accepted line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// What it is.
    pub kind: Kind,
    /// Its source, be it the client's; `None` for span logs and events.
    pub source: Option<String>,
    /// The line as it was sent, without its line feed.
    pub text: String,
}

/// A line that was not accepted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rejection {
    /// What it would have been.
    pub kind: Kind,
    /// Rejected, discarded or an error.
    pub verdict: Verdict,
    /// The line as it was sent, without its line feed.
    pub line: String,
    /// The receiver's code, as in `WF-414`; `400` for what `/api/v2/event` refused.
    pub code: String,
    /// The reason, for people.
    pub reason: String,
    /// The place in the line, in characters from 1; one past the end if something is missing. Always 1 in JSON.
    pub column: usize,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at column {}: {}: {}", self.code, self.column, self.reason, self.line)
    }
}
