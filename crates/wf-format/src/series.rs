use crate::changed::Changed;
use crate::error::{Field, FormatError};
use crate::format::{Encoded, Format, Kind};
use crate::line::Line;
use crate::metric::{Metric, value_and_time};
use crate::point::{Encode, POINT_GUESS, Point};
use crate::tag_list;
use crate::tags::Tags;
use crate::time::Timestamp;

/// A name, source and tags encoded once, for many points.
///
/// A line is then two copies and two numbers. `B` is the storage: an array, a `&mut [u8]`, a `Vec<u8>` of some length.
///
/// ```
/// use wf_format::{Format, Metric, Series};
///
/// let load = Metric::new("cpu.load", 0).source("web-1").tags(&[("core", "0")]);
/// let series = Series::new(&Format::DEFAULT, &load, [0; 256])?;
///
/// let mut buf = [0; 256];
/// let encoded = Format::DEFAULT.encode(&series.point(0.42), &mut buf)?;
/// assert_eq!(encoded.line, b"\"cpu.load\" 0.42 source=\"web-1\" \"core\"=\"0\"\n");
/// # Ok::<(), wf_format::FormatError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Series<B> {
    /// `"name"`, and from `head` to `end` everything after the value and time.
    storage: B,
    head: usize,
    end: usize,
    delta: bool,
    changed: Changed,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Series<B> {
    /// Encodes what all points of the series share: the name, source and tags of `template`, and the source and tags
    /// that `format` adds. The template's value and timestamp are not used.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the name, source or tags are refused, or `storage` is too small for them.
    pub fn new<T: Tags + ?Sized>(
        format: &Format<'_>,
        template: &Metric<'_, T>,
        mut storage: B,
    ) -> Result<Self, FormatError> {
        let mut line = Line::new(storage.as_mut(), format);
        let name = line.name(template.name, Field::Name, format.limits.name.into())?;
        let head = line.len();
        line.source(template.source)?;
        tag_list::write(&mut line, template.tags)?;
        line.end()?;
        let (end, changed) = (line.len(), line.changed);
        Ok(Self { storage, head, end, delta: name.delta, changed })
    }
}

impl<B: AsRef<[u8]>> Series<B> {
    /// Makes a point of the series, without timestamp.
    #[inline]
    pub fn point(&self, value: impl Into<f64>) -> SeriesPoint<'_> {
        let storage = self.storage.as_ref();
        SeriesPoint {
            head: storage.get(..self.head).unwrap_or_default(),
            tail: storage.get(self.head..self.end).unwrap_or_default(),
            delta: self.delta,
            changed: self.changed,
            value: value.into(),
            timestamp: None,
        }
    }
}

/// A point of a [`Series`].
#[derive(Clone, Copy, Debug)]
pub struct SeriesPoint<'a> {
    head: &'a [u8],
    tail: &'a [u8],
    delta: bool,
    changed: Changed,
    value: f64,
    timestamp: Option<Timestamp>,
}

impl SeriesPoint<'_> {
    /// Sets the timestamp: an integer as the receiver shall read it, or a `SystemTime`. Default: the
    /// [`stamp`](Format::stamp) of the format that encodes the point, else none.
    #[inline]
    #[must_use]
    pub fn timestamp(mut self, timestamp: impl Into<Timestamp>) -> Self {
        self.timestamp = Some(timestamp.into());
        self
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

impl Point for SeriesPoint<'_> {
    fn kind(&self) -> Kind {
        if self.delta { Kind::Delta } else { Kind::Point }
    }
}

/// Of the format only the stamp is used: source and tags are in the series.
impl Encode for SeriesPoint<'_> {
    #[inline]
    fn size_guess(&self) -> usize {
        // A value and a timestamp have at most 24 and 19 characters.
        usize::max(POINT_GUESS, self.head.len() + self.tail.len() + 64)
    }

    #[inline(always)]
    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        line.changed = self.changed;
        line.put(self.head)?;
        let kind = value_and_time(line, self.delta, self.value, self.timestamp)?;
        line.put(self.tail)?;
        line.check_length()?;
        Ok(kind)
    }
}
