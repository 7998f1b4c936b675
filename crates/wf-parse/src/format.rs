/// How a line is to be read: the format that a request names with `f=`, or detection line by line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Each line is recognised by its beginning: raw TCP, and requests with no `f` or an unknown one.
    ///
    /// Spans are never recognised; they need [`Format::Trace`].
    #[default]
    Auto,
    /// `f=wavefront`: every line is a metric.
    Wavefront,
    /// `f=histogram`: every line is a distribution.
    Histogram,
    /// `f=trace`: every line is a span.
    Trace,
    /// `f=spanLogs`: every line is a span log.
    SpanLogs,
    /// `f=event`, which the receiver does not know: lines are detected as with [`Format::Auto`].
    Event,
}

impl Format {
    /// Reads the value of `f`; anything the receiver does not know means [`Format::Auto`].
    ///
    /// ```
    /// use wf_parse::Format;
    ///
    /// assert_eq!(Format::from_query("trace"), Format::Trace);
    /// assert_eq!(Format::from_query("log"), Format::Auto);
    /// ```
    #[must_use]
    pub fn from_query(f: &str) -> Self {
        match f {
            "wavefront" => Self::Wavefront,
            "histogram" => Self::Histogram,
            "trace" => Self::Trace,
            "spanLogs" => Self::SpanLogs,
            "event" => Self::Event,
            _ => Self::Auto,
        }
    }

    /// The value of `f`; empty for [`Format::Auto`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "",
            Self::Wavefront => "wavefront",
            Self::Histogram => "histogram",
            Self::Trace => "trace",
            Self::SpanLogs => "spanLogs",
            Self::Event => "event",
        }
    }

    /// Which decoder reads the (trimmed) line.
    pub(crate) fn choose(self, line: &str) -> Decoder {
        match self {
            Self::Auto | Self::Event => detect(line),
            Self::Wavefront => Decoder::Metric,
            Self::Histogram => Decoder::Histogram,
            Self::Trace => Decoder::Span,
            Self::SpanLogs => Decoder::SpanLogs,
        }
    }
}

/// The receiver's decoders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoder {
    Metric,
    Histogram,
    Span,
    SpanLogs,
    Event,
    SourceTag,
    /// A JSON array, for which the listener has no decoder unless `f` asks for logs.
    Logs,
}

fn detect(line: &str) -> Decoder {
    if !line.starts_with(['@', '{', '!', '[']) {
        return Decoder::Metric;
    }
    let starts = |marks: &[&str]| marks.iter().any(|mark| line.starts_with(mark));
    if starts(&["@SourceTag", "@SourceDescription"]) {
        Decoder::SourceTag
    } else if starts(&["@Event"]) {
        Decoder::Event
    } else if line.starts_with('{') && line.ends_with('}') {
        Decoder::SpanLogs
    } else if starts(&["!M ", "!H ", "!D "]) {
        Decoder::Histogram
    } else if line.starts_with('[') && line.ends_with(']') {
        Decoder::Logs
    } else {
        Decoder::Metric
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for format in [
            Format::Auto,
            Format::Wavefront,
            Format::Histogram,
            Format::Trace,
            Format::SpanLogs,
            Format::Event,
        ] {
            assert_eq!(Format::from_query(format.as_str()), format);
        }
        assert_eq!(Format::from_query("Trace"), Format::Auto);
    }

    #[test]
    fn lines_are_known_by_their_beginning() {
        for (line, decoder) in [
            ("foo 1", Decoder::Metric),
            ("!M 1", Decoder::Histogram),
            ("!M\t1", Decoder::Metric),
            ("!m 1", Decoder::Metric),
            ("@Event", Decoder::Event),
            ("@EventX", Decoder::Event),
            ("@event", Decoder::Metric),
            ("@SourceTagx", Decoder::SourceTag),
            ("@SourceDescription", Decoder::SourceTag),
            ("{}", Decoder::SpanLogs),
            ("{} x", Decoder::Metric),
            ("[]", Decoder::Logs),
            ("[", Decoder::Metric),
        ] {
            assert_eq!(Format::Auto.choose(line), decoder, "{line}");
            assert_eq!(Format::Event.choose(line), decoder, "{line}");
            assert_eq!(Format::Wavefront.choose(line), Decoder::Metric, "{line}");
        }
    }
}
