use crate::error::{Field, FormatError};
use crate::format::{Encoded, Format, Kind};
use crate::limits::MAX_LINE_LEN;
use crate::line::Line;
use crate::metric::time;
use crate::number;
use crate::point::{Encode, POINT_GUESS, Point};
use crate::tag_list;
use crate::tags::Tags;
use crate::time::Timestamp;

/// A histogram distribution: centroids that the receiver merges into the bins of one or more granularities.
///
/// Each granularity is a line of its own; together they are one record.
///
/// ```
/// use wf_format::{Centroid, Granularity, Histogram};
///
/// let mut buf = [0; 128];
/// let encoded = Histogram::new("request.latency", &[Centroid::new(30, 20), Centroid::new(5.1, 10)])
///     .granularities(&[Granularity::Day])
///     .timestamp(1493773500)
///     .source("appServer1")
///     .tags(&[("region", "us-west")])
///     .encode(&mut buf)?;
/// assert_eq!(
///     encoded.line,
///     b"!D 1493773500 #20 30.0 #10 5.1 \"request.latency\" source=\"appServer1\" \"region\"=\"us-west\"\n"
/// );
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Debug)]
pub struct Histogram<'a, T: ?Sized = ()> {
    name: &'a str,
    centroids: &'a [Centroid],
    granularities: &'a [Granularity],
    timestamp: Option<Timestamp>,
    source: Option<&'a str>,
    tags: &'a T,
}

impl<'a> Histogram<'a> {
    /// Makes a distribution by the minute, without timestamp, source or tags.
    ///
    /// Between 1 and [`Limits::centroids`](crate::Limits::centroids) centroids are accepted, in any order. Their counts
    /// together may not pass 2,147,483,647, because the receiver adds them in 32 bits.
    #[inline]
    #[must_use]
    pub const fn new(name: &'a str, centroids: &'a [Centroid]) -> Self {
        Self {
            name,
            centroids,
            granularities: &[Granularity::Minute],
            timestamp: None,
            source: None,
            tags: &(),
        }
    }
}

impl<'a, T: Tags + ?Sized> Histogram<'a, T> {
    /// Sets the granularities, written in this order, each once. Default: the minute.
    ///
    /// [`Granularity::ALL`] holds all three. Each one costs a line.
    #[inline]
    #[must_use]
    pub const fn granularities(mut self, granularities: &'a [Granularity]) -> Self {
        self.granularities = granularities;
        self
    }

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
    pub const fn tags<U: Tags + ?Sized>(self, tags: &'a U) -> Histogram<'a, U> {
        Histogram {
            name: self.name,
            centroids: self.centroids,
            granularities: self.granularities,
            timestamp: self.timestamp,
            source: self.source,
            tags,
        }
    }

    /// Encodes the distribution with [`Format::DEFAULT`].
    ///
    /// # Errors
    ///
    /// As [`Format::encode`].
    #[inline]
    pub fn encode<'b>(&self, buf: &'b mut [u8]) -> Result<Encoded<'b>, FormatError> {
        Format::DEFAULT.encode(self, buf)
    }

    fn check_centroids(&self, limit: u16) -> Result<(), FormatError> {
        if self.centroids.is_empty() {
            return Err(FormatError::NoCentroids);
        }
        if self.centroids.len() > usize::from(limit) {
            return Err(FormatError::TooManyCentroids);
        }
        let mut sum = 0;
        for centroid in self.centroids {
            if !centroid.mean.is_finite() {
                return Err(FormatError::NotFinite(Field::Mean));
            }
            if !(1..=MAX_COUNT).contains(&centroid.count) {
                return Err(FormatError::OutOfRange(Field::Count));
            }
            // At most 65,535 times 2^31, far from an overflow.
            sum += centroid.count;
        }
        if sum > MAX_COUNT { Err(FormatError::OutOfRange(Field::Count)) } else { Ok(()) }
    }

    /// Writes what all granularities share: everything after the marker.
    fn write_body(&self, line: &mut Line<'_, '_>) -> Result<(), FormatError> {
        time(line, self.timestamp.map(|timestamp| timestamp.0).or(line.format.stamp))?;
        for centroid in self.centroids {
            number::count(line, b" #", centroid.count)?;
            number::float(line, b" ", centroid.mean)?;
        }
        line.put(b" ")?;
        line.name(self.name, Field::Name, line.format.limits.name.into())?;
        line.source(self.source)?;
        tag_list::write(line, self.tags)
    }
}

impl<T: ?Sized> Clone for Histogram<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Histogram<'_, T> {}

impl<T: Tags + ?Sized> Point for Histogram<'_, T> {
    fn kind(&self) -> Kind {
        Kind::Histogram
    }
}

impl<T: Tags + ?Sized> Encode for Histogram<'_, T> {
    fn size_guess(&self) -> usize {
        // A count and a mean of seven and fourteen digits.
        let line = self.centroids.len().saturating_mul(24).saturating_add(POINT_GUESS);
        line.min(MAX_LINE_LEN) * self.granularities.len().clamp(1, Granularity::ALL.len())
    }

    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        self.check_centroids(line.format.limits.centroids)?;
        let Some((&first, others)) = self.granularities.split_first() else {
            return Err(FormatError::NoGranularity);
        };
        line.put(first.marker().as_bytes())?;
        let start = line.len();
        self.write_body(line)?;
        let end = line.len();
        line.end()?;

        let mut written = [Some(first), None, None];
        let mut count = 1;
        for &granularity in others {
            if written.contains(&Some(granularity)) {
                continue;
            }
            if let Some(slot) = written.get_mut(count) {
                *slot = Some(granularity);
                count += 1;
            }
            line.put(granularity.marker().as_bytes())?;
            line.repeat(start, end)?;
            line.end()?;
        }
        Ok(Kind::Histogram)
    }
}

/// A mean and how many values it stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Centroid {
    /// The mean; must be finite.
    pub mean: f64,
    /// How many values; must lie between 1 and 2,147,483,647.
    pub count: i64,
}

impl Centroid {
    /// Makes a centroid of `count` values around `mean`. The numbers are checked when it is encoded.
    #[inline]
    pub fn new(mean: impl Into<f64>, count: impl Into<i64>) -> Self {
        Self { mean: mean.into(), count: count.into() }
    }
}

/// A mean and a count, as the vendor's SDKs write a centroid.
impl<M: Into<f64>, C: Into<i64>> From<(M, C)> for Centroid {
    fn from((mean, count): (M, C)) -> Self {
        Self::new(mean, count)
    }
}

/// The bin size in which the receiver keeps a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Granularity {
    /// By the minute, `!M`.
    Minute,
    /// By the hour, `!H`.
    Hour,
    /// By the day, `!D`.
    Day,
}

impl Granularity {
    /// All three, from the finest to the coarsest.
    pub const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// The marker with which its lines start.
    #[must_use]
    pub const fn marker(self) -> &'static str {
        match self {
            Self::Minute => "!M",
            Self::Hour => "!H",
            Self::Day => "!D",
        }
    }
}

/// The largest 32-bit integer, in which the receiver counts.
const MAX_COUNT: i64 = i32::MAX as i64;
