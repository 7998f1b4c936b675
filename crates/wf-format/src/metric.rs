use crate::error::{Field, FormatError};
use crate::format::{Encoded, Format, Kind};
use crate::line::{self, Line, Name};
use crate::number;
use crate::point::{Encode, POINT_GUESS, Point};
use crate::tag_list;
use crate::tags::Tags;
use crate::time::Timestamp;

/// A point of a metric.
///
/// One whose name starts with a delta sign is a delta counter to the receiver, and is encoded as one.
///
/// ```
/// use wf_format::Metric;
///
/// let mut buf = [0; 128];
/// let encoded = Metric::new("new york.power.usage", 42422.0)
///     .timestamp(1533529977)
///     .source("localhost")
///     .tags(&[("datacenter", "dc1")])
///     .encode(&mut buf)?;
/// assert_eq!(
///     encoded.line,
///     b"\"new-york.power.usage\" 42422.0 1533529977 source=\"localhost\" \"datacenter\"=\"dc1\"\n"
/// );
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Metric<'a, T: ?Sized = ()> {
    pub(crate) name: &'a str,
    value: f64,
    timestamp: Option<Timestamp>,
    pub(crate) source: Option<&'a str>,
    pub(crate) tags: &'a T,
}

impl<'a> Metric<'a> {
    /// Makes a point of the metric `name`, without timestamp, source or tags.
    #[inline]
    pub fn new(name: &'a str, value: impl Into<f64>) -> Self {
        Self { name, value: value.into(), timestamp: None, source: None, tags: &() }
    }
}

impl<'a, T: Tags + ?Sized> Metric<'a, T> {
    /// Sets the timestamp: an integer as the receiver shall read it, or a `SystemTime`. Default: the format's
    /// [`stamp`](Format::stamp), else none, and the receiver takes its own time.
    #[inline]
    #[must_use]
    pub fn timestamp(mut self, timestamp: impl Into<Timestamp>) -> Self {
        self.timestamp = Some(timestamp.into());
        self
    }

    /// Sets the source. Default, also for a blank one: the format's.
    #[inline]
    #[must_use]
    pub const fn source(mut self, source: &'a str) -> Self {
        self.source = Some(source);
        self
    }

    /// Sets the point tags, replacing those set before. Default: none.
    #[inline]
    #[must_use]
    pub const fn tags<U: Tags + ?Sized>(self, tags: &'a U) -> Metric<'a, U> {
        Metric { name: self.name, value: self.value, timestamp: self.timestamp, source: self.source, tags }
    }

    /// Encodes the point with [`Format::DEFAULT`].
    ///
    /// # Errors
    ///
    /// As [`Format::encode`].
    #[inline]
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<Encoded<'b>, FormatError> {
        Format::DEFAULT.encode(self, buf)
    }
}

impl<T: ?Sized> Clone for Metric<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Metric<'_, T> {}

impl<T: Tags + ?Sized> Point for Metric<'_, T> {
    fn kind(&self) -> Kind {
        if line::is_delta_name(self.name) { Kind::Delta } else { Kind::Point }
    }
}

impl<T: Tags + ?Sized> Encode for Metric<'_, T> {
    #[inline]
    fn size_guess(&self) -> usize {
        POINT_GUESS
    }

    #[inline]
    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        let name = line.name(self.name, Field::Name, line.format.limits.name.into())?;
        let kind = value_and_time(line, name.delta, self.value, self.timestamp)?;
        line.source(self.source)?;
        tag_list::write(line, self.tags)?;
        line.end()?;
        Ok(kind)
    }
}

/// An increment of a delta counter, which the receiver adds up.
///
/// The name gets the delta sign `∆` (U+2206) unless it starts with one. The value must be positive. Without an explicit
/// timestamp none is written: the receiver counts it in the minute in which it arrives.
///
/// ```
/// use wf_format::DeltaCounter;
///
/// let mut buf = [0; 128];
/// let encoded = DeltaCounter::new("delta.counter", 1.0).source("localhost").encode(&mut buf)?;
/// assert_eq!(encoded.line, "\"∆delta.counter\" 1.0 source=\"localhost\"\n".as_bytes());
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Debug)]
pub struct DeltaCounter<'a, T: ?Sized = ()>(Metric<'a, T>);

impl<'a> DeltaCounter<'a> {
    /// Makes an increment of the delta counter `name`, without source or tags.
    #[inline]
    pub fn new(name: &'a str, value: impl Into<f64>) -> Self {
        Self(Metric::new(name, value))
    }
}

impl<'a, T: Tags + ?Sized> DeltaCounter<'a, T> {
    /// Sets the timestamp. Default: none; one older than 15 minutes on arrival is not counted.
    #[inline]
    #[must_use]
    pub fn timestamp(self, timestamp: impl Into<Timestamp>) -> Self {
        Self(self.0.timestamp(timestamp))
    }

    /// Sets the source. Default, also for a blank one: the format's.
    #[inline]
    #[must_use]
    pub const fn source(self, source: &'a str) -> Self {
        Self(self.0.source(source))
    }

    /// Sets the point tags, replacing those set before. Default: none.
    #[inline]
    #[must_use]
    pub const fn tags<U: Tags + ?Sized>(self, tags: &'a U) -> DeltaCounter<'a, U> {
        DeltaCounter(self.0.tags(tags))
    }

    /// Encodes the increment with [`Format::DEFAULT`].
    ///
    /// # Errors
    ///
    /// As [`Format::encode`].
    #[inline]
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<Encoded<'b>, FormatError> {
        Format::DEFAULT.encode(self, buf)
    }
}

impl<T: ?Sized> Clone for DeltaCounter<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for DeltaCounter<'_, T> {}

impl<T: Tags + ?Sized> Point for DeltaCounter<'_, T> {
    fn kind(&self) -> Kind {
        Kind::Delta
    }
}

impl<T: Tags + ?Sized> Encode for DeltaCounter<'_, T> {
    #[inline]
    fn size_guess(&self) -> usize {
        POINT_GUESS
    }

    #[inline]
    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        let Name { delta, .. } = line.delta_name(self.0.name, line.format.limits.name.into())?;
        let kind = value_and_time(line, delta, self.0.value, self.0.timestamp)?;
        line.source(self.0.source)?;
        tag_list::write(line, self.0.tags)?;
        line.end()?;
        Ok(kind)
    }
}

/// Writes ` value timestamp`, and tells what the point is.
#[inline(always)]
pub(crate) fn value_and_time(
    line: &mut Line<'_, '_>,
    delta: bool,
    value: f64,
    timestamp: Option<Timestamp>,
) -> Result<Kind, FormatError> {
    if !value.is_finite() {
        return Err(FormatError::NotFinite(Field::Value));
    }
    if delta && value <= 0.0 {
        return Err(FormatError::NotPositive);
    }
    number::float(line, b" ", value)?;
    time(line, timestamp.map(|timestamp| timestamp.0).or(if delta { None } else { line.format.stamp }))?;
    Ok(if delta { Kind::Delta } else { Kind::Point })
}

/// Writes ` timestamp`, if there is one.
#[inline(always)]
pub(crate) fn time(line: &mut Line<'_, '_>, timestamp: Option<i64>) -> Result<(), FormatError> {
    let Some(timestamp) = timestamp else { return Ok(()) };
    if timestamp < 0 {
        return Err(FormatError::OutOfRange(Field::Timestamp));
    }
    number::integer(line, b" ", timestamp)
}
