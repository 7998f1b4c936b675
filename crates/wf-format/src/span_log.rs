use core::fmt;

use crate::error::{Field, FormatError};
use crate::format::{Encoded, Format, Kind};
use crate::id::Id;
use crate::line::Line;
use crate::number;
use crate::point::{Encode, Point};
use crate::span::{SPAN_GUESS, Span};
use crate::tags::Tags;
use crate::time::Micros;

/// Something that happened at one time within a span: a list of fields, such as `event`, `error.kind`, `message`.
///
/// Any text will do for keys and values. A value is always written as a JSON string: a span log with a value of any
/// other type is answered with a 202 by the proxy and then thrown away. A key given twice is written twice, and the
/// receiver keeps the last.
#[derive(Clone, Copy)]
pub struct SpanLog<'a> {
    timestamp: Micros,
    fields: &'a (dyn Tags + Sync),
}

impl<'a> SpanLog<'a> {
    /// Makes a span log. `timestamp` counts **microseconds** since the epoch: the receiver takes it as it is.
    ///
    /// An unsized slice of fields needs one more reference: `&slice`.
    #[inline]
    pub fn new(timestamp: impl Into<Micros>, fields: &'a (dyn Tags + Sync)) -> Self {
        Self { timestamp: timestamp.into(), fields }
    }

    fn write(&self, line: &mut Line<'_, '_>) -> Result<(), FormatError> {
        let Micros(timestamp) = self.timestamp;
        if timestamp < 0 {
            return Err(FormatError::OutOfRange(Field::Timestamp));
        }
        number::integer(line, b"{\"timestamp\":", timestamp)?;
        line.put(b",\"fields\":{")?;
        let mut comma: &[u8] = b"";
        self.fields.try_for_each(&mut |key, value| {
            line.put(comma)?;
            comma = b",";
            line.json_string(key)?;
            line.put(b":")?;
            line.json_string(value)?;
            line.check_length()
        })?;
        line.put(b"}}")
    }
}

impl fmt::Debug for SpanLog<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanLog").field("timestamp", &self.timestamp).finish_non_exhaustive()
    }
}

/// The logs of one span: a record of its own, one JSON object in a line.
///
/// A span with logs gives it by [`Point::logs`]; then the object ends with the span's own line, from which a proxy
/// tells whether the span is sampled. Send it before the span. If it cannot be sent, send the span alone with
/// [`Format::mark_span_logs`] off.
///
/// ```
/// use wf_format::{Format, Point, Span, SpanLog};
///
/// let logs = [SpanLog::new(1552949776000123, &[("event", "cache \"miss\"")])];
/// let span = Span::new("getAllUsers", 1552949776000, 343, 1, 2).source("localhost").span_logs(&logs);
///
/// let mut buf = [0; 512];
/// let encoded = Format::DEFAULT.encode(&span.logs().unwrap(), &mut buf)?;
/// assert_eq!(
///     core::str::from_utf8(encoded.line).unwrap(),
///     concat!(
///         r#"{"traceId":"00000000-0000-0000-0000-000000000001","spanId":"00000000-0000-0000-0000-000000000002","#,
///         r#""logs":[{"timestamp":1552949776000123,"fields":{"event":"cache \"miss\""}}],"#,
///         r#""span":"\"getAllUsers\" source=\"localhost\" traceId=00000000-0000-0000-0000-000000000001 "#,
///         r#"spanId=00000000-0000-0000-0000-000000000002 \"_spanLogs\"=\"true\" 1552949776000 343\n"}"#,
///         "\n"
///     )
/// );
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Clone, Copy)]
pub struct SpanLogs<'a> {
    trace_id: Id,
    span_id: Id,
    logs: &'a [SpanLog<'a>],
    span: Option<Span<'a, dyn Tags + 'a>>,
}

impl<'a> SpanLogs<'a> {
    /// Makes a record of logs for a span that is sent elsewhere. No logs are refused: the record would say nothing.
    #[inline]
    pub fn new(trace_id: impl Into<Id>, span_id: impl Into<Id>, logs: &'a [SpanLog<'a>]) -> Self {
        Self { trace_id: trace_id.into(), span_id: span_id.into(), logs, span: None }
    }

    pub(crate) const fn of(span: Span<'a, dyn Tags + 'a>) -> Self {
        Self { trace_id: span.trace_id, span_id: span.span_id, logs: span.logs, span: Some(span) }
    }

    /// Encodes the logs with [`Format::DEFAULT`].
    ///
    /// # Errors
    ///
    /// As [`Format::encode`].
    #[inline]
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<Encoded<'b>, FormatError> {
        Format::DEFAULT.encode(self, buf)
    }
}

impl fmt::Debug for SpanLogs<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanLogs")
            .field("trace_id", &self.trace_id)
            .field("span_id", &self.span_id)
            .field("logs", &self.logs)
            .finish_non_exhaustive()
    }
}

impl Point for SpanLogs<'_> {
    fn kind(&self) -> Kind {
        Kind::SpanLog
    }
}

impl Encode for SpanLogs<'_> {
    fn size_guess(&self) -> usize {
        // A log of a few fields, and the span's line with its quotes escaped.
        self.logs.len().saturating_mul(128).saturating_add(2 * SPAN_GUESS)
    }

    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        if self.logs.is_empty() {
            return Err(FormatError::NoLogs);
        }
        line.put(b"{\"traceId\":\"")?;
        line.put(&self.trace_id.text())?;
        line.put(b"\",\"spanId\":\"")?;
        line.put(&self.span_id.text())?;
        line.put(b"\",\"logs\":[")?;
        let mut comma: &[u8] = b"";
        for log in self.logs {
            line.put(comma)?;
            comma = b",";
            log.write(line)?;
        }
        line.put(b"]")?;
        if let Some(span) = &self.span {
            line.put(b",\"span\":\"")?;
            let start = line.len();
            span.write_line(line)?;
            line.put(b"\n")?;
            line.escape_json(start)?;
            line.put(b"\"")?;
        }
        line.put(b"}")?;
        line.end()?;
        Ok(Kind::SpanLog)
    }
}
