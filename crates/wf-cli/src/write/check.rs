use std::fmt;

use wf_parse::{Format, Kind, Parsed, Parser, Record, Verdict};
use wf_sdk::LineKind;

/// Decides what a line is and whether it may be sent.
#[derive(Debug)]
pub(crate) struct Check {
    format: Format,
    is_unchecked: bool,
    default_source: Option<String>,
    parser: Parser,
    /// Another name for the same: a line whose source changes with it names none.
    other_parser: Parser,
}

/// What is to be done with a line.
#[derive(Debug, PartialEq)]
pub(crate) enum Checked<'a> {
    Blank,
    Refused(Refusal),
    Line {
        kind: LineKind,
        source: Option<&'a str>,
    },
    /// For servers that take events as JSON only.
    Event(Parsed<'a>),
}

/// Why a line is not sent, and where in it the reason stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) code: String,
    pub(crate) column: usize,
    pub(crate) reason: String,
}

impl Check {
    pub(crate) fn new(format: Format, is_unchecked: bool, default_source: Option<String>) -> Self {
        let parser = |end| {
            let parser = Parser::new().http(true);
            match &default_source {
                Some(source) => parser.remote_host(format!("{source}{end}")),
                None => parser,
            }
        };
        let (parser, other_parser) = (parser(""), parser("."));
        Self { format, is_unchecked, default_source, parser, other_parser }
    }

    /// Reads one line; `is_direct` says that its events are wanted in parts.
    pub(crate) fn line<'a>(&'a self, line: &'a str, is_direct: bool) -> Checked<'a> {
        let (format, parsed) = self.parse(line);
        if parsed.verdict() == Verdict::Ignore {
            return Checked::Blank;
        }
        let is_accepted = parsed.verdict() == Verdict::Accept;
        let Some(kind) = line_kind(parsed.kind()).filter(|_| is_accepted || self.is_unchecked) else {
            return Checked::Refused(Refusal::of(&parsed));
        };
        if is_direct && kind == LineKind::Event {
            let is_read = matches!(parsed.record(), Some(Record::Event(_)));
            return if is_read { Checked::Event(parsed) } else { Checked::Refused(Refusal::of(&parsed)) };
        }
        let source = self.default_source.as_deref().filter(|default| {
            parsed.source() == Some(default)
                && self.other_parser.parse(format, line).source() != Some(default)
        });
        Checked::Line { kind, source }
    }

    /// Reads a line as its format says; of one that is only a span, [`Format::Auto`] knows nothing.
    fn parse<'a>(&self, line: &'a str) -> (Format, Parsed<'a>) {
        let parsed = self.parser.parse(self.format, line);
        let may_be_span = self.format == Format::Auto
            && matches!(parsed.kind(), Kind::Metric | Kind::Delta)
            && parsed.verdict() != Verdict::Accept;
        if may_be_span {
            let span = self.parser.parse(Format::Trace, line);
            if span.verdict() == Verdict::Accept {
                return (Format::Trace, span);
            }
        }
        (self.format, parsed)
    }
}

impl Refusal {
    pub(crate) fn new(reason: impl fmt::Display) -> Self {
        Self { code: String::new(), column: 1, reason: reason.to_string() }
    }

    fn of(parsed: &Parsed<'_>) -> Self {
        match parsed.problem() {
            Some(problem) => Self {
                code: problem.code().to_string(),
                column: problem.column(),
                reason: problem.to_string(),
            },
            None => Self::new("not a line that can be sent"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.code.is_empty() {
            return f.write_str(&self.reason);
        }
        write!(f, "{} column {}: {}", self.code, self.column, self.reason)
    }
}

fn line_kind(kind: Kind) -> Option<LineKind> {
    Some(match kind {
        Kind::Metric => LineKind::Point,
        Kind::Delta => LineKind::Delta,
        Kind::Histogram => LineKind::Histogram,
        Kind::Span => LineKind::Span,
        Kind::SpanLogs => LineKind::SpanLog,
        Kind::Event => LineKind::Event,
        Kind::SourceTag | Kind::SourceDescription => LineKind::SourceTag,
        _ => return None,
    })
}
