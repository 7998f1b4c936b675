//! The ports of a receiver.

use wf_parse::Format;

/// Which port lines came through; named for what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Distributions,
    Metrics,
    Traces,
}

impl Door {
    /// The longest line that a stream may carry, in bytes without its line feed.
    pub(crate) const fn max_line(self) -> usize {
        match self {
            Self::Distributions => MAX_DISTRIBUTION,
            Self::Metrics => MAX_LINE,
            Self::Traces => MAX_TRACE_LINE,
        }
    }

    /// How a line is read if its request says `said`.
    pub(crate) fn format(self, said: Format, line: &str) -> Format {
        match self {
            Self::Distributions => Format::Histogram,
            Self::Metrics => said,
            Self::Traces => {
                let line = line.trim();
                let logs = said == Format::SpanLogs || (line.starts_with('{') && line.ends_with('}'));
                if logs { Format::SpanLogs } else { Format::Trace }
            }
        }
    }

    /// Whether lines without a source get the client's.
    pub(crate) const fn annotates(self) -> bool {
        !matches!(self, Self::Traces)
    }
}

/// The proxy's `pushListenerMaxReceivedLength`, `histogramMaxReceivedLength` and `traceListenerMaxReceivedLength`.
const MAX_LINE: usize = 32_768;
const MAX_DISTRIBUTION: usize = 65_536;
const MAX_TRACE_LINE: usize = 1 << 20;
