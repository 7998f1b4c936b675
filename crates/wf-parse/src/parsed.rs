use core::fmt;

use crate::event::Event;
use crate::histogram::{Granularity, Histogram};
use crate::metric::Metric;
use crate::problem::Problem;
use crate::source_tag::{SourceDescription, SourceTag};
use crate::span::Span;
use crate::span_logs::SpanLogs;
use crate::tags;

/// What the receiver makes of one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed<'a> {
    pub(crate) verdict: Verdict,
    pub(crate) kind: Kind,
    pub(crate) record: Option<Record<'a>>,
    pub(crate) problem: Option<Box<Problem>>,
}

impl Parsed<'_> {
    /// What happens to the line.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// What the line is, or was taken for if it does not decode.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// What the line says; `None` if it does not decode.
    ///
    /// Present for refused lines too, if only validation, time or the listener stood against them.
    #[must_use]
    pub const fn record(&self) -> Option<&Record<'_>> {
        self.record.as_ref()
    }

    /// Why the line is not accepted; `None` for accepted and blank lines.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.problem.as_deref()
    }

    /// The line as the receiver sends it on; `None` unless accepted. Computed at each call.
    ///
    /// Numbers are in `Double.toString` notation, metric times in seconds. Tags stand in the order of a Java `HashMap`,
    /// which is nothing to rely on. Text ending in a backslash makes a line that does not read back: the receiver's own
    /// flaw. Several source tags added or deleted by one line are one operation each: as many lines, joined by `\n`.
    /// Span logs are written with sorted keys.
    #[must_use]
    pub fn canonical(&self) -> Option<String> {
        if self.verdict != Verdict::Accept {
            return None;
        }
        let mut out = String::new();
        match self.record.as_ref()? {
            Record::Metric(metric) => metric.push_canonical(&mut out),
            Record::Histogram(histogram) => histogram.push_canonical(&mut out),
            Record::Span(span) => span.push_canonical(&mut out),
            Record::SpanLogs(logs) => out = logs.canonical(),
            Record::Event(event) => event.push_canonical(&mut out),
            Record::SourceTag(tag) => tag.push_canonical(&mut out),
            Record::SourceDescription(description) => description.push_canonical(&mut out),
        }
        Some(out)
    }

    /// The source of a metric, distribution, span, source tag or description.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        match self.record.as_ref()? {
            Record::Metric(metric) => Some(&metric.source),
            Record::Histogram(histogram) => Some(&histogram.source),
            Record::Span(span) => Some(&span.source),
            Record::SourceTag(tag) => Some(&tag.source),
            Record::SourceDescription(description) => Some(&description.source),
            Record::SpanLogs(_) | Record::Event(_) => None,
        }
    }

    /// The value of a point tag, a span tag (the first of several) or an event annotation.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        match self.record.as_ref()? {
            Record::Metric(metric) => tags::find(&metric.tags, key),
            Record::Histogram(histogram) => tags::find(&histogram.tags, key),
            Record::Span(span) => tags::find(&span.tags, key),
            Record::Event(event) => tags::find(&event.annotations, key),
            Record::SpanLogs(_) | Record::SourceTag(_) | Record::SourceDescription(_) => None,
        }
    }

    /// The bin of a distribution.
    #[must_use]
    pub const fn granularity(&self) -> Option<Granularity> {
        match &self.record {
            Some(Record::Histogram(histogram)) => Some(histogram.granularity),
            _ => None,
        }
    }
}

/// What happens to a line. Over HTTP the sender sees none of it but [`Error`](Self::Error), and that not always.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Forwarded.
    Accept,
    /// Logged as blocked and counted as rejected.
    Reject,
    /// Thrown away without a word: a delta counter not above zero, a span log with a field that is not text.
    Discard,
    /// Blank, so not counted at all.
    Ignore,
    /// The receiver itself fails on the line; see [`Problem::ends_request`].
    Error,
}

impl fmt::Display for Verdict {
    /// Writes the word: `accept`, `reject`, `discard`, `ignore`, `error`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Discard => "discard",
            Self::Ignore => "ignore",
            Self::Error => "error",
        })
    }
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A metric.
    Metric,
    /// A metric whose name starts with a delta sign.
    Delta,
    /// A distribution.
    Histogram,
    /// A span.
    Span,
    /// The logs of a span.
    SpanLogs,
    /// An event.
    Event,
    /// Operations on source tags.
    SourceTag,
    /// An operation on a source's description.
    SourceDescription,
    /// A blank line or a JSON array.
    Unknown,
}

impl Kind {
    /// The word for output: `metric`, `delta`, `histogram`, `span`, `spanLogs`, `event`, `sourceTag`,
    /// `sourceDescription`, `unknown`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Metric => "metric",
            Self::Delta => "delta",
            Self::Histogram => "histogram",
            Self::Span => "span",
            Self::SpanLogs => "spanLogs",
            Self::Event => "event",
            Self::SourceTag => "sourceTag",
            Self::SourceDescription => "sourceDescription",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a line says, borrowed from it where nothing had to change.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Record<'a> {
    /// A metric or delta counter.
    Metric(Metric<'a>),
    /// A distribution.
    Histogram(Histogram<'a>),
    /// A span.
    Span(Span<'a>),
    /// The logs of a span.
    SpanLogs(SpanLogs),
    /// An event.
    Event(Event<'a>),
    /// Operations on source tags.
    SourceTag(SourceTag<'a>),
    /// An operation on a source's description.
    SourceDescription(SourceDescription<'a>),
}
