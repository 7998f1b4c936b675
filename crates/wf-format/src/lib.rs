//! Encodes Wavefront metrics, delta counters, histograms and spans as text lines, without allocating.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core)]
#![cfg_attr(wf_docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

mod buffer;
mod changed;
mod error;
mod format;
mod histogram;
mod id;
mod limits;
mod line;
mod metric;
mod number;
mod point;
mod series;
mod span;
mod tag_list;
mod tags;
mod time;

pub use crate::buffer::Buffer;
pub use crate::changed::Changed;
pub use crate::error::{Field, FormatError};
pub use crate::format::{Encoded, Format, Kind, NamePolicy, Strictness};
pub use crate::histogram::{Centroid, Granularity, Histogram};
pub use crate::id::{Id, ParseIdError};
pub use crate::limits::{Limits, MAX_LINE_LEN};
pub use crate::metric::{DeltaCounter, Metric};
pub use crate::point::Point;
pub use crate::series::{Series, SeriesPoint};
pub use crate::span::Span;
pub use crate::tags::{Each, Tags, TagsFrom, tags_from};
pub use crate::time::{Millis, Timestamp};
