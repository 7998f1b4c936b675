use crate::error::FormatError;
use crate::format::Kind;
use crate::line::Line;
use crate::span_log::SpanLogs;

/// Anything that is encoded as one record: a [`Metric`](crate::Metric), [`DeltaCounter`](crate::DeltaCounter),
/// [`SeriesPoint`](crate::SeriesPoint), [`Histogram`](crate::Histogram), [`Span`](crate::Span), [`SpanLogs`],
/// [`Event`](crate::Event), [`SourceTag`](crate::SourceTag) or [`SourceDescription`](crate::SourceDescription).
///
/// Sealed: what may stand in a line is this crate's business. To encode a point, hand it to
/// [`Format::encode`](crate::Format::encode) or [`Format::encode_into`](crate::Format::encode_into).
pub trait Point: Encode {
    /// Returns what the line would be to the receiver: the kind under which a refused point is counted.
    ///
    /// ```
    /// use wf_format::{Kind, Metric, Point};
    ///
    /// assert_eq!(Metric::new("∆requests", f64::NAN).kind(), Kind::Delta);
    /// ```
    fn kind(&self) -> Kind;

    /// Returns the record that goes before this one: the logs of a span that has any, otherwise nothing.
    fn logs(&self) -> Option<SpanLogs<'_>> {
        None
    }
}

#[expect(unnameable_types, reason = "the sealed half of `Point`")]
pub trait Encode {
    /// Guesses how many bytes the record has, so that a growing buffer need not be asked twice.
    fn size_guess(&self) -> usize;

    /// Writes the record.
    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError>;
}

impl<P: Point + ?Sized> Point for &P {
    fn kind(&self) -> Kind {
        (**self).kind()
    }

    fn logs(&self) -> Option<SpanLogs<'_>> {
        (**self).logs()
    }
}

impl<P: Encode + ?Sized> Encode for &P {
    #[inline]
    fn size_guess(&self) -> usize {
        (**self).size_guess()
    }

    #[inline]
    fn write(&self, line: &mut Line<'_, '_>) -> Result<Kind, FormatError> {
        (**self).write(line)
    }
}

/// What most points with a few tags stay below.
pub(crate) const POINT_GUESS: usize = 256;
