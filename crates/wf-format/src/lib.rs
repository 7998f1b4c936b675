//! Encodes Wavefront metrics, delta counters, histograms, spans, span logs, events and source tags as text lines,
//! without allocating.
//!
//! ```
//! use wf_format::{Format, Metric};
//!
//! static FORMAT: Format<'static> = Format::DEFAULT.default_source("web-1").tags(&[("env", "prod")]);
//!
//! let point = Metric::new("new-york.power.usage", 42422.0).timestamp(1533529977).tags(&[("datacenter", "dc1")]);
//! let mut buf = [0; 256];
//! let encoded = FORMAT.encode(&point, &mut buf)?;
//! assert_eq!(
//!     encoded.line,
//!     b"\"new-york.power.usage\" 42422.0 1533529977 source=\"web-1\" \"datacenter\"=\"dc1\" \"env\"=\"prod\"\n"
//! );
//! assert!(encoded.changed.is_empty());
//! # Ok::<(), wf_format::FormatError>(())
//! ```
//!
//! # Design
//!
//! A [`Point`] ([`Metric`], [`DeltaCounter`], [`Histogram`], [`Span`], [`SpanLogs`], [`Event`], [`SourceTag`],
//! [`SourceDescription`]) borrows its parts. A [`Format`] holds what is the same for all of them and writes one point as
//! one record, or nothing, to a slice ([`Format::encode`]) or at the end of a [`Buffer`] ([`Format::encode_into`]). A
//! [`Series`] prepares name, source and tags for many points. The logs of a span are a record of their own, which goes
//! before the span's ([`Point::logs`]).
//!
//! For valid input the line equals the Python SDK's, numbers included (`42422.0`, `1e+16`, `1e-05`). Whatever is encoded
//! is accepted by the receiver and means the same there, with three exceptions: the receiver refuses points far in the
//! past or future, and there is no clock here; it tells the unit of a span's or event's times by their size, seconds below
//! 10^12 and microseconds from 10^15 (of an event 10^13) on; and it renames the point tags `host` and `tag` to `_host` and
//! `_tag`. Input that would not be accepted is changed where that does no great harm, and [`Encoded::changed`] says so, or
//! refused with a [`FormatError`]; [`Strictness::Reject`] refuses all of it.
//!
//! | in | becomes |
//! |---|---|
//! | whitespace and controls around text | removed |
//! | a name's, key's or source tag's characters outside `A-Za-z0-9_-.,/` (a delta sign or `~` may come first) | `-` each |
//! | a line feed in any other text | the two characters `\n` |
//! | another control but tab there | a space |
//! | backslashes at the end there | removed: none can stand before the closing quote |
//! | `*` in a span name, and `=` in a `source=` there that a blank follows | `-` |
//! | a tag value over its limit | cut at a character boundary |
//! | a point tag's or annotation's key given twice, or a span's very same tag | once: the last, or the first |
//!
//! Span logs, and events as JSON, carry texts as they are.
//!
//! # Where a line differs from the Python SDK's
//!
//! Names keep `/` unless [`NamePolicy::Python`] is chosen. Besides what the table changes: an integral centroid mean is
//! `#20 30.0` and Python's `#20 30` if it was given an integer; span logs are compact JSON in plain UTF-8, Python's have a
//! blank after `,` and `:` and escape what is not ASCII; texts of an event line are escaped as everywhere, Python's are not
//! at all, so a quote breaks its line.
//!
//! # Features
//!
//! None is on by default. `std`: [`Buffer`] for `Vec<u8>`, [`Tags`] for std's collections, times from `SystemTime`.
//! `bytes`, `smallvec`: [`Buffer`] for `BytesMut`, `SmallVec`. `uuid`: [`Id`] from `Uuid`.
//!
//! # Not here
//!
//! No allocation, clock, I/O or unsafe code, with any feature: a line carries a timestamp only if you give one, and only
//! your buffer grows. Nothing is sent.
#![no_std]
#![forbid(unsafe_code)]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_core)]
#![cfg_attr(wf_docsrs, feature(doc_cfg))]

#[cfg(feature = "std")]
extern crate std;

mod annotations;
mod buffer;
mod changed;
mod error;
mod event;
mod format;
mod histogram;
mod id;
mod json;
mod limits;
mod line;
mod metric;
mod number;
mod point;
mod scan;
mod series;
mod source_tag;
mod span;
mod span_log;
mod tag_list;
mod tags;
mod time;

pub use crate::buffer::Buffer;
pub use crate::changed::Changed;
pub use crate::error::{Field, FormatError};
pub use crate::event::Event;
pub use crate::format::{Encoded, EventForm, Format, Kind, NamePolicy, Strictness};
pub use crate::histogram::{Centroid, Granularity, Histogram};
pub use crate::id::{Id, ParseIdError};
pub use crate::limits::{Limits, MAX_LINE_LEN};
pub use crate::metric::{DeltaCounter, Metric};
pub use crate::point::Point;
pub use crate::series::{Series, SeriesPoint};
pub use crate::source_tag::{SourceDescription, SourceTag};
pub use crate::span::Span;
pub use crate::span_log::{SpanLog, SpanLogs};
pub use crate::tags::{Each, Tags, TagsFrom, tags_from};
pub use crate::time::{Micros, Millis, Timestamp};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
