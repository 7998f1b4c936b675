use core::error::Error;
use core::fmt;

/// What is wrong with a line: a reject code, a place and a reason a person can act on.
///
/// ```
/// use wf_parse::{Format, Parser};
///
/// let parsed = Parser::new().parse(Format::Auto, "foo:bar 1 source=web-1");
/// let problem = parsed.problem().unwrap();
/// assert_eq!(problem.code().to_string(), "WF-400");
/// assert_eq!(problem.column(), 1);
/// assert_eq!(problem.to_string(), "metric names may not contain ':'; use \".\"");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    code: Code,
    column: usize,
    reason: String,
    ends_request: bool,
}

impl Problem {
    /// Places a fault of the text that is left of `line` from `offset` on.
    pub(crate) fn new(fault: Fault, line: &str, offset: usize) -> Self {
        // The listener's own source tag may push a fault past the end of what was sent: then the end is the place.
        let before = line.get(..offset.saturating_add(fault.at)).unwrap_or(line);
        Self {
            code: fault.code,
            column: before.chars().count() + 1,
            reason: fault.reason,
            ends_request: fault.ends_request,
        }
    }

    /// The code under which the receiver logs the line.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The place of the problem in the line as sent: 1-based, in characters (one past the end if something is missing).
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }

    /// Says whether the line also takes the rest of its HTTP request with it (answered 400).
    ///
    /// True only for [`Verdict::Error`](crate::Verdict::Error) by a trace id that is no UUID and by a JSON array line;
    /// lines before it were processed. Over TCP only the line is lost.
    #[must_use]
    pub const fn ends_request(&self) -> bool {
        self.ends_request
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl Error for Problem {}

/// The receiver's reject codes, as it writes them to its log.
///
/// Displays as `WF-414`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// WF-300: the line could not be decoded.
    Syntax = 300,
    /// WF-400: a metric or histogram name holds a character it may not.
    NameCharacters = 400,
    /// WF-401: a point tag key, an event annotation key or a source tag holds a character it may not.
    KeyCharacters = 401,
    /// WF-402: the timestamp is outside the accepted window.
    Time = 402,
    /// WF-404: a delta counter is not above zero; the receiver drops it without a word.
    DeltaValue = 404,
    /// WF-405: all counts of a distribution are zero.
    EmptyHistogram = 405,
    /// WF-406: the source is blank.
    SourceBlank = 406,
    /// WF-407: the source is too long.
    SourceLength = 407,
    /// WF-408: the metric name is too long.
    MetricLength = 408,
    /// WF-409: the histogram name is too long.
    HistogramLength = 409,
    /// WF-410: there are too many point tags.
    TagCount = 410,
    /// WF-411: a point tag's key and value together are too long.
    TagLength = 411,
    /// WF-412: a point tag key is too long.
    TagKeyLength = 412,
    /// WF-413: a point tag value is too long.
    TagValueLength = 413,
    /// WF-414: a point tag value is blank.
    TagValueBlank = 414,
    /// WF-416: a span tag key holds a character it may not.
    SpanKeyCharacters = 416,
    /// WF-426: a span's source is blank.
    SpanSourceBlank = 426,
    /// WF-427: a span's source is too long.
    SpanSourceLength = 427,
    /// WF-428: the span name is too long.
    SpanNameLength = 428,
    /// WF-430: a span has too many tags.
    SpanTagCount = 430,
    /// WF-432: a span tag key is too long.
    SpanKeyLength = 432,
    /// WF-434: a span tag value is blank.
    SpanValueBlank = 434,
    /// WF-500: the receiver itself fails on the line.
    Internal = 500,
}

impl Code {
    /// The number in the code: 414 for `WF-414`.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WF-{}", self.number())
    }
}

/// A problem whose place is still a byte of the line that was decoded (trimmed, annotated).
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    pub(crate) at: usize,
    pub(crate) reason: String,
    pub(crate) ends_request: bool,
}

impl Fault {
    #[cold]
    pub(crate) fn new(code: Code, at: usize, reason: impl Into<String>) -> Box<Self> {
        Box::new(Self { code, at, reason: reason.into(), ends_request: false })
    }

    /// A failure of the listener that loses the rest of the request as well.
    #[cold]
    pub(crate) fn ends_request(at: usize, reason: impl Into<String>) -> Box<Self> {
        Box::new(Self { code: Code::Internal, at, reason: reason.into(), ends_request: true })
    }
}

/// A byte of the decoded line, kept beside a field for problems found later.
///
/// Equal to every other place, so that records compare by what they say.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct At(pub(crate) usize);

impl PartialEq for At {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for At {}

/// The text in quotes, cut after 40 characters so that a reason stays one line.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("'{}…'", &text[..end]),
        None => format!("'{text}'"),
    }
}
