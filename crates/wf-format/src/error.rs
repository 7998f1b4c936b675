use core::error::Error;
use core::fmt;

/// Why a point cannot be encoded.
///
/// Small and `Copy`: it names the field and the rule, never the caller's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FormatError {
    /// The field is empty, or holds nothing but whitespace and control characters.
    Blank(Field),
    /// The buffer is too small for the line.
    BufferFull,
    /// The field holds characters that would have to be changed ([`Strictness::Reject`](crate::Strictness::Reject) only).
    Characters(Field),
    /// A tag or annotation is given twice ([`Strictness::Reject`](crate::Strictness::Reject) only).
    DuplicateTag,
    /// The line would be longer than [`MAX_LINE_LEN`](crate::MAX_LINE_LEN) bytes.
    LineTooLong,
    /// The field is nothing but a delta sign, which makes the receiver fail.
    LoneDelta(Field),
    /// The point has no source and the format no default.
    MissingSource,
    /// A histogram has no centroid.
    NoCentroids,
    /// A histogram is given an empty list of granularities.
    NoGranularity,
    /// A record of span logs has no log.
    NoLogs,
    /// An operation on source tags has no tag.
    NoTags,
    /// The number is NaN or infinite.
    NotFinite(Field),
    /// A delta counter's value is zero or negative: the receiver would silently discard it.
    NotPositive,
    /// A span tag's key is made of digits alone: the receiver would take it for the start time.
    NumericTagKey,
    /// The number is outside the range that the field documents.
    OutOfRange(Field),
    /// The tag key means something else to the receiver: `source`; on spans also `host`, `traceId` and `spanId`; on
    /// events `host`, `tag` and `eventTag`, while `source` is free.
    ReservedTagKey,
    /// The text is longer than its limit.
    TooLong(Field),
    /// A histogram has more centroids than the limit.
    TooManyCentroids,
    /// A point has more tags than the limit; a span's parents and follows-from references count too.
    TooManyTags,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank(field) => write!(f, "{field} is blank"),
            Self::BufferFull => f.write_str("line does not fit the buffer"),
            Self::Characters(field) => write!(f, "{field} holds characters that the format cannot carry"),
            Self::DuplicateTag => f.write_str("tag is given twice"),
            Self::LineTooLong => f.write_str("line is too long"),
            Self::LoneDelta(field) => write!(f, "{field} is nothing but a delta sign"),
            Self::MissingSource => f.write_str("source is missing and there is no default"),
            Self::NoCentroids => f.write_str("histogram has no centroid"),
            Self::NoGranularity => f.write_str("histogram has no granularity"),
            Self::NoLogs => f.write_str("record of span logs has no log"),
            Self::NoTags => f.write_str("operation on source tags has no tag"),
            Self::NotFinite(field) => write!(f, "{field} is not a finite number"),
            Self::NotPositive => f.write_str("value of a delta counter is not positive"),
            Self::NumericTagKey => f.write_str("span tag key is made of digits alone"),
            Self::OutOfRange(field) => write!(f, "{field} is out of range"),
            Self::ReservedTagKey => f.write_str("tag key is reserved"),
            Self::TooLong(field) => write!(f, "{field} is too long"),
            Self::TooManyCentroids => f.write_str("histogram has too many centroids"),
            Self::TooManyTags => f.write_str("point has too many tags"),
        }
    }
}

impl Error for FormatError {}

/// The part of a point that a [`FormatError`] speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// A centroid's count, or the sum of all counts of a histogram.
    Count,
    /// The description of a source.
    Description,
    /// A span's duration.
    Duration,
    /// A line that was ready-made.
    Line,
    /// A centroid's mean.
    Mean,
    /// The name of a metric, delta counter, histogram, span or event.
    Name,
    /// The source, or a host of an event.
    Source,
    /// The start of a span or event.
    Start,
    /// A tag of an event or source.
    Tag,
    /// The key of a point tag, span tag or annotation.
    TagKey,
    /// The value of a point tag, span tag or annotation.
    TagValue,
    /// The timestamp of a point, histogram or span log.
    Timestamp,
    /// The value of a metric or delta counter.
    Value,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Count => "centroid count",
            Self::Description => "description",
            Self::Duration => "duration",
            Self::Line => "line",
            Self::Mean => "centroid mean",
            Self::Name => "name",
            Self::Source => "source",
            Self::Start => "start",
            Self::Tag => "tag",
            Self::TagKey => "tag key",
            Self::TagValue => "tag value",
            Self::Timestamp => "timestamp",
            Self::Value => "value",
        })
    }
}
