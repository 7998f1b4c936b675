use std::fmt;

/// The kind of data that a line, a lane and a batch hold.
///
/// A batch holds one kind, so what is safe to send again is known per batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LineKind {
    /// A metric point: one value of one series at one time.
    Point,
    /// A delta counter: an increment that the service adds up.
    Delta,
    /// A distribution: centroids for one to three granularities, one line each.
    Histogram,
    /// A span of a trace.
    Span,
    /// The logs of one span: a JSON object on a line of its own.
    SpanLog,
    /// An event: something that happened from one time to another.
    Event,
    /// An operation on the tags or the description of a source.
    SourceTag,
}

impl LineKind {
    /// Every kind, in the order of their lanes.
    pub const ALL: [Self; 7] =
        [Self::Point, Self::Delta, Self::Histogram, Self::Span, Self::SpanLog, Self::Event, Self::SourceTag];

    /// Returns the value of the `f` query parameter under which receivers take this kind, or `None` if they know it
    /// only without one.
    ///
    /// Source: the `/report?f=…` formats of the ingestion API; a delta counter travels as `wavefront`, and a proxy tells
    /// source tags by their first word.
    ///
    /// ```
    /// use wf_transport::LineKind;
    ///
    /// assert_eq!(LineKind::Delta.format(), Some("wavefront"));
    /// assert_eq!(LineKind::SourceTag.format(), None);
    /// ```
    #[must_use]
    pub const fn format(self) -> Option<&'static str> {
        match self {
            Self::Point | Self::Delta => Some("wavefront"),
            Self::Histogram => Some("histogram"),
            Self::Span => Some("trace"),
            Self::SpanLog => Some("spanLogs"),
            Self::Event => Some("event"),
            Self::SourceTag => None,
        }
    }

    /// Returns the kind's place in [`LineKind::ALL`], for tables with one entry a kind.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the kind's name: `point`, `delta`, `histogram`, `span`, `span_log`, `event` or `source_tag`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Delta => "delta",
            Self::Histogram => "histogram",
            Self::Span => "span",
            Self::SpanLog => "span_log",
            Self::Event => "event",
            Self::SourceTag => "source_tag",
        }
    }
}

impl fmt::Display for LineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::LineKind;

    #[test]
    fn index_is_the_place_in_all() {
        for (place, kind) in LineKind::ALL.into_iter().enumerate() {
            assert_eq!(kind.index(), place);
        }
    }
}
