use crate::error::{Field, FormatError};
use crate::format::{Encoded, Format, Kind};
use crate::id::Id;
use crate::line::Line;
use crate::number;
use crate::point::{Encode, Point};
use crate::scan;
use crate::span_log::{SpanLog, SpanLogs};
use crate::tag_list;
use crate::tags::Tags;
use crate::time::Millis;

/// A span of a trace.
///
/// Tags are a list: a key may come several times with different values. The documents ask for the tags `application`,
/// `service`, `cluster` and `shard` (`none` if unused) on every span; the format does not insist on them.
///
/// ```
/// use wf_format::Span;
///
/// let trace = 0x7b3bf470_9456_11e8_9eb6_529269fb1459;
/// let span = 0x0313bafe_9457_11e8_9eb6_529269fb1459;
/// let mut buf = [0; 256];
/// let encoded = Span::new("getAllUsers", 1552949776000, 343, trace, span)
///     .source("localhost")
///     .tags(&[("application", "Wavefront")])
///     .encode(&mut buf)?;
/// assert_eq!(
///     encoded.line,
///     b"\"getAllUsers\" source=\"localhost\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
///       spanId=0313bafe-9457-11e8-9eb6-529269fb1459 \"application\"=\"Wavefront\" 1552949776000 343\n"
/// );
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Span<'a, T: ?Sized = ()> {
    name: &'a str,
    start: Millis,
    duration: Millis,
    source: Option<&'a str>,
    pub(crate) trace_id: Id,
    pub(crate) span_id: Id,
    parents: &'a [Id],
    follows_from: &'a [Id],
    tags: &'a T,
    pub(crate) logs: &'a [SpanLog<'a>],
}

impl<'a> Span<'a> {
    /// Makes a span without source, references or tags.
    ///
    /// `start` counts milliseconds since the epoch and `duration` milliseconds; both may be integers or types that
    /// [`Millis`] is made from. The receiver takes the unit of both from the size of the start: below 10^12, as in some
    /// examples of the documents, it reads seconds, from 10^15 on microseconds. A duration that is not smaller than the
    /// start is refused, because the receiver would take it for an end time.
    #[inline]
    pub fn new(
        name: &'a str,
        start: impl Into<Millis>,
        duration: impl Into<Millis>,
        trace_id: impl Into<Id>,
        span_id: impl Into<Id>,
    ) -> Self {
        Self {
            name,
            start: start.into(),
            duration: duration.into(),
            source: None,
            trace_id: trace_id.into(),
            span_id: span_id.into(),
            parents: &[],
            follows_from: &[],
            tags: &(),
            logs: &[],
        }
    }
}

impl<'a, T: Tags + ?Sized> Span<'a, T> {
    /// Sets the source. Default, also for a blank one: the format's.
    #[inline]
    #[must_use]
    pub const fn source(mut self, source: &'a str) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets the spans that caused this one and wait for it. Default: none. Each counts as a tag.
    #[inline]
    #[must_use]
    pub const fn parents(mut self, parents: &'a [Id]) -> Self {
        self.parents = parents;
        self
    }

    /// Sets the spans that caused this one and do not wait for it. Default: none. Each counts as a tag.
    #[inline]
    #[must_use]
    pub const fn follows_from(mut self, follows_from: &'a [Id]) -> Self {
        self.follows_from = follows_from;
        self
    }

    /// Sets the span's logs. Default: none.
    ///
    /// They are a record of their own, [`Point::logs`], to be sent before the span; the span is marked to have them, see
    /// [`Format::mark_span_logs`].
    #[inline]
    #[must_use]
    pub const fn span_logs(mut self, logs: &'a [SpanLog<'a>]) -> Self {
        self.logs = logs;
        self
    }

    /// Sets the tags, replacing those set before. Default: none.
    #[inline]
    #[must_use]
    pub const fn tags<U: Tags + ?Sized>(self, tags: &'a U) -> Span<'a, U> {
        Span {
            name: self.name,
            start: self.start,
            duration: self.duration,
            source: self.source,
            trace_id: self.trace_id,
            span_id: self.span_id,
            parents: self.parents,
            follows_from: self.follows_from,
            tags,
            logs: self.logs,
        }
    }

    /// Encodes the span with [`Format::DEFAULT`].
    ///
    /// # Errors
    ///
    /// As [`Format::encode`].
    #[inline]
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<Encoded<'b>, FormatError> {
        Format::DEFAULT.encode(self, buf)
    }

    /// Writes the span's line, but for the line feed.
    pub(crate) fn write_line(&self, line: &mut Line<'_, '_>) -> Result<(), FormatError> {
        let (Millis(start), Millis(duration)) = (self.start, self.duration);
        if start < 0 {
            return Err(FormatError::OutOfRange(Field::Start));
        }
        if duration < 0 || duration >= start {
            return Err(FormatError::OutOfRange(Field::Duration));
        }
        let references = self.parents.len().saturating_add(self.follows_from.len());
        if references > usize::from(line.format.limits.span_tags) {
            return Err(FormatError::TooManyTags);
        }

        line.span_name(self.name)?;
        line.source(self.source)?;
        reference(line, b" traceId=", self.trace_id)?;
        reference(line, b" spanId=", self.span_id)?;
        for &parent in self.parents {
            reference(line, b" parent=", parent)?;
        }
        for &earlier in self.follows_from {
            reference(line, b" followsFrom=", earlier)?;
        }
        let marked = !self.logs.is_empty() && line.format.mark_span_logs;
        tag_list::write_span(line, self.tags, references, marked)?;
        number::integer(line, b" ", start)?;
        number::count(line, b" ", duration)
    }
}

impl<T: ?Sized> Clone for Span<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Span<'_, T> {}

impl<T: Tags + ?Sized> Point for Span<'_, T> {
    fn kind(&self) -> Kind {
        Kind::Span
    }

    fn logs(&self) -> Option<SpanLogs<'_>> {
        if self.logs.is_empty() {
            return None;
        }
        // Every field but the tags, whose type is forgotten.
        let Self { name, start, duration, source, trace_id, span_id, parents, follows_from, ref tags, logs } =
            *self;
        let tags: &dyn Tags = tags;
        Some(SpanLogs::of(Span {
            name,
            start,
            duration,
            source,
            trace_id,
            span_id,
            parents,
            follows_from,
            tags,
            logs,
        }))
    }
}

impl<T: Tags + ?Sized> Encode for Span<'_, T> {
    fn size_guess(&self) -> usize {
        SPAN_GUESS
    }

    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        self.write_line(line)?;
        line.end()?;
        Ok(Kind::Span)
    }
}

#[inline(always)]
fn reference<const P: usize>(line: &mut Line<'_, '_>, key: &[u8; P], id: Id) -> Result<(), FormatError> {
    if let Some(window) = line.window() {
        scan::put(window, 0, *key);
        id.write(window, P);
        line.keep(P + Id::LENGTH);
        return Ok(());
    }
    reference_at_the_end(line, key, id)
}

#[cold]
fn reference_at_the_end(line: &mut Line<'_, '_>, key: &[u8], id: Id) -> Result<(), FormatError> {
    line.put(key)?;
    line.put(&id.text())
}

// Three ids alone have 140 bytes.
pub(crate) const SPAN_GUESS: usize = 512;
