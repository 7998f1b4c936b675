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
}

impl LineKind {
    /// Every kind, in the order of their lanes.
    pub const ALL: [Self; 4] = [Self::Point, Self::Delta, Self::Histogram, Self::Span];

    /// Returns the value of the `f` query parameter under which receivers take this kind.
    ///
    /// Source: the `/report?f=…` formats of the ingestion API; a delta counter travels as `wavefront`.
    ///
    /// ```
    /// assert_eq!(wf_transport::LineKind::Delta.format(), "wavefront");
    /// ```
    #[must_use]
    pub const fn format(self) -> &'static str {
        match self {
            Self::Point | Self::Delta => "wavefront",
            Self::Histogram => "histogram",
            Self::Span => "trace",
        }
    }

    /// Returns the kind's place in [`LineKind::ALL`], for tables with one entry a kind.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the kind's name: `point`, `delta`, `histogram` or `span`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Point => "point",
            Self::Delta => "delta",
            Self::Histogram => "histogram",
            Self::Span => "span",
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
