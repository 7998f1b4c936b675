use core::fmt;

use crate::buffer::Buffer;
use crate::changed::Changed;
use crate::error::FormatError;
use crate::limits::Limits;
use crate::line::Line;
use crate::point::Point;
use crate::tags::Tags;

/// How points become lines: what is added to each, and what becomes of input that the receiver would refuse.
///
/// Cheap to copy; every setter takes and returns it by value and is `const`, so a format can be a `static`.
///
/// ```
/// use wf_format::{Format, Metric};
///
/// static FORMAT: Format<'static> = Format::DEFAULT.default_source("web-1").tags(&[("env", "prod")]);
///
/// let mut buf = [0; 128];
/// let encoded = FORMAT.encode(&Metric::new("cpu.load", 0.42), &mut buf)?;
/// assert_eq!(encoded.line, b"\"cpu.load\" 0.42 source=\"web-1\" \"env\"=\"prod\"\n");
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Format<'a> {
    pub(crate) default_source: Option<&'a str>,
    pub(crate) tags: Option<&'a (dyn Tags + Sync)>,
    pub(crate) limits: Limits,
    pub(crate) strictness: Strictness,
    pub(crate) names: NamePolicy,
    pub(crate) stamp: Option<i64>,
    pub(crate) event_form: EventForm,
    pub(crate) mark_span_logs: bool,
}

impl<'a> Format<'a> {
    /// No default source, no tags, no stamp; [`Limits::DEFAULT`], [`Strictness::Sanitize`], [`NamePolicy::Receiver`],
    /// [`EventForm::Line`]; spans with logs are marked.
    pub const DEFAULT: Self = Self {
        default_source: None,
        tags: None,
        limits: Limits::DEFAULT,
        strictness: Strictness::Sanitize,
        names: NamePolicy::Receiver,
        stamp: None,
        event_form: EventForm::Line,
        mark_span_logs: true,
    };

    /// Sets the source of points that have none, or a blank one. Default: none, so such points are refused.
    #[must_use]
    pub const fn default_source(mut self, source: &'a str) -> Self {
        self.default_source = Some(source);
        self
    }

    /// Sets tags for every point, delta counter, histogram and span, written after the point's own. Default: none.
    ///
    /// A tag whose key the point has itself is left out. They are checked and count towards the limit like the point's
    /// own, and cost as much. An unsized slice needs one more reference: `.tags(&slice)`.
    #[must_use]
    pub const fn tags(mut self, tags: &'a (dyn Tags + Sync)) -> Self {
        self.tags = Some(tags);
        self
    }

    /// Sets how long and how many the parts of a point may be. Default: [`Limits::DEFAULT`].
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether input is changed where the receiver would refuse it. Default: [`Strictness::Sanitize`].
    #[must_use]
    pub const fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Sets which characters names and tag keys keep. Default: [`NamePolicy::Receiver`].
    #[must_use]
    pub const fn names(mut self, names: NamePolicy) -> Self {
        self.names = names;
        self
    }

    /// Sets the timestamp, in seconds since the epoch, of points and histograms that have none. Default: none.
    ///
    /// Never put on anything else.
    #[must_use]
    pub const fn stamp(mut self, seconds: i64) -> Self {
        self.stamp = Some(seconds);
        self
    }

    /// Sets the form of events. Default: [`EventForm::Line`].
    #[must_use]
    pub const fn event_form(mut self, form: EventForm) -> Self {
        self.event_form = form;
        self
    }

    /// Sets whether spans with logs get the tag `_spanLogs`, which tells the service to look for them. Default: yes; off
    /// is for a span whose logs could not be sent.
    ///
    /// It is the span's last tag, counts towards the limit, and gives way to one that the span or format has itself.
    #[must_use]
    pub const fn mark_span_logs(mut self, mark: bool) -> Self {
        self.mark_span_logs = mark;
        self
    }

    /// Encodes `point` at the start of `buf`.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the point is refused or `buf` is too small for it; what `buf` then holds is not specified. A
    /// point with duplicate tags may need room for one tag more than its line has.
    #[inline(always)]
    pub fn encode<'b, P: Point + ?Sized>(
        &self,
        point: &P,
        buf: &'b mut [u8],
    ) -> Result<Encoded<'b>, FormatError> {
        let mut line = Line::new(buf, self);
        let kind = point.write(&mut line)?;
        let changed = line.changed;
        Ok(Encoded { line: line.finish(), changed, kind })
    }

    /// Appends `point` to `out`.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the point is refused or `out` cannot grow enough; `out` then has the length it had.
    #[inline]
    pub fn encode_into<'b, P: Point + ?Sized, B: Buffer>(
        &self,
        point: &P,
        out: &'b mut B,
    ) -> Result<Encoded<'b>, FormatError> {
        let mut size = point.size_guess();
        loop {
            let room = out.room(size);
            let offered = room.len();
            let error = match self.encode(point, room) {
                Ok(Encoded { line, changed, kind }) => {
                    let written = line.len();
                    return Ok(Encoded { line: out.keep(offered, written), changed, kind });
                }
                Err(error) => error,
            };
            out.keep(offered, 0);
            if error != FormatError::BufferFull || offered != size {
                return Err(error);
            }
            if size >= MAX_RECORD {
                return Err(FormatError::LineTooLong);
            }
            size = usize::min(size.saturating_mul(4), MAX_RECORD);
        }
    }
}

impl Default for Format<'_> {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Debug for Format<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Format")
            .field("default_source", &self.default_source)
            .field("tags", &self.tags.map(|_| ".."))
            .field("limits", &self.limits)
            .field("strictness", &self.strictness)
            .field("names", &self.names)
            .field("stamp", &self.stamp)
            .field("event_form", &self.event_form)
            .field("mark_span_logs", &self.mark_span_logs)
            .finish()
    }
}

/// What becomes of input that can only be sent changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strictness {
    /// It is changed, and [`Encoded::changed`] says so.
    #[default]
    Sanitize,
    /// It is refused.
    Reject,
}

/// Which characters names and tag keys keep; any other becomes `-`.
///
/// Letters, digits, `_`, `-`, `.` and `,` are always kept, and so are `~`, `∆` and `Δ` at the start and `~` after a delta
/// sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NamePolicy {
    /// All that the receiver accepts, `/` included, as the Go SDK does.
    #[default]
    Receiver,
    /// As the Python and Java SDKs do: `/` becomes `-`.
    Python,
}

/// What an event is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventForm {
    /// An `@Event` line, which only a proxy takes.
    #[default]
    Line,
    /// A JSON object and a line feed, which only the service takes, at `/api/v2/event` and one for each request.
    ///
    /// Texts are written as they are, for JSON can carry them all; keys of annotations are kept to the same alphabet as
    /// in a line.
    Json,
}

/// A record encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded<'b> {
    /// The line, its line feed included. A histogram has one line for each granularity.
    pub line: &'b [u8],
    /// What had to be changed.
    pub changed: Changed,
    /// What the line is to the receiver.
    pub kind: Kind,
}

/// What a line is to the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A point of a metric.
    Point,
    /// A delta counter: any point whose name starts with `∆` (U+2206) or `Δ` (U+0394), whichever type it came from.
    Delta,
    /// A histogram distribution.
    Histogram,
    /// A span.
    Span,
    /// The logs of a span.
    SpanLog,
    /// An event.
    Event,
    /// An operation on the tags of a source.
    SourceTag,
    /// An operation on the description of a source.
    SourceDescription,
}

// Three lines of the longest kind and what a duplicate tag needs for a moment.
const MAX_RECORD: usize = 4 * crate::limits::MAX_LINE_LEN;
