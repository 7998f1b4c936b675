//! Plain numbers of what came.

use wf_parse::{Granularity, Kind};

/// What a receiver counted since it started or was last cleared.
///
/// Every line that was processed is in exactly one of `accepted`, `rejected`, `discarded`, `ignored` and `errors`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Lines that the real receiver would send on.
    pub accepted: Lines,
    /// Lines that it would write to its log of blocked points.
    pub rejected: Lines,
    /// Lines that it would throw away without a word, such as a delta counter of 0.
    pub discarded: u64,
    /// Blank lines.
    pub ignored: u64,
    /// Lines that its listener would trip over.
    pub errors: u64,
    /// Lines behind one that ended its request; never processed.
    pub lost: u64,
    /// Lines of batches that a scripted answer threw away, and of what came without the token that
    /// [`Builder::token`](crate::Builder::token) wants; never processed.
    pub unread: u64,
    /// Accepted lines without an id, or with one beyond [`Builder::keep_ids`](crate::Builder::keep_ids).
    pub without_id: u64,
    /// Requests read to their end, whatever the answer.
    pub requests: u64,
    /// Requests and raw TCP connections without the token that [`Builder::token`](crate::Builder::token) wants.
    pub unauthorized: u64,
    /// Requests that a scripted answer was given to; [`Answer::honest`](crate::Answer::honest) is none.
    pub scripted: u64,
    /// Lines of raw TCP that were longer than the port takes (32,768 bytes; for distributions 65,536; for traces 1 MiB);
    /// never processed.
    pub too_long: u64,
    /// Raw TCP connections that ended in the middle of a line; what was there of it is thrown away.
    pub unterminated: u64,
    /// Connections accepted, of either kind.
    pub connections: u64,
    /// Connections on which no TLS came about: the client did not trust the certificate, or spoke something else.
    pub failed_handshakes: u64,
    /// Connections that spoke raw TCP.
    pub streams: u64,
    /// Bytes of HTTP bodies as they came, still compressed, and of raw TCP.
    pub body_bytes: u64,
    /// Bytes of bodies after inflating, and of raw TCP.
    pub text_bytes: u64,
}

/// Numbers of lines by kind, and of distributions by granularity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    kinds: [u64; KINDS],
    granularities: [u64; GRANULARITIES],
}

impl Lines {
    /// Lines of this kind; a distribution has one for each granularity it was sent with.
    #[must_use]
    pub fn of(&self, kind: Kind) -> u64 {
        self.kinds[kind_index(kind)]
    }

    /// Lines of distributions with this granularity.
    #[must_use]
    pub fn of_granularity(&self, granularity: Granularity) -> u64 {
        self.granularities[granularity_index(granularity)]
    }

    /// Lines of every kind.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.kinds.iter().sum()
    }

    pub(crate) fn add(&mut self, kind: Kind, granularity: Option<Granularity>) {
        self.kinds[kind_index(kind)] += 1;
        if let Some(granularity) = granularity {
            self.granularities[granularity_index(granularity)] += 1;
        }
    }
}

/// The place of a kind in tables; kinds that this crate does not know yet share the place of `Unknown`.
pub(crate) const fn kind_index(kind: Kind) -> usize {
    match kind {
        Kind::Metric => 0,
        Kind::Delta => 1,
        Kind::Histogram => 2,
        Kind::Span => 3,
        Kind::SpanLogs => 4,
        Kind::Event => 5,
        Kind::SourceTag => 6,
        Kind::SourceDescription => 7,
        _ => 8,
    }
}

pub(crate) const fn granularity_index(granularity: Granularity) -> usize {
    match granularity {
        Granularity::Minute => 0,
        Granularity::Hour => 1,
        // Day: the last, unless the format grows.
        _ => 2,
    }
}

pub(crate) const KINDS: usize = 9;
pub(crate) const GRANULARITIES: usize = 3;
