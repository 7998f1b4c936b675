//! Reads and validates Wavefront lines exactly as the receiver does.
#![forbid(unsafe_code)]

mod event;
mod format;
mod histogram;
mod java;
mod limits;
mod metric;
mod number;
mod parsed;
mod parser;
mod point;
mod problem;
mod source_tag;
mod span;
mod span_logs;
mod tags;
mod text;
mod time;
mod tokens;

pub use crate::event::{Dimension, Event};
pub use crate::format::Format;
pub use crate::histogram::{Centroid, Granularity, Histogram};
pub use crate::limits::Limits;
pub use crate::metric::Metric;
pub use crate::parsed::{Kind, Parsed, Record, Verdict};
pub use crate::parser::Parser;
pub use crate::problem::{Code, Problem};
pub use crate::source_tag::{Action, SourceDescription, SourceTag};
pub use crate::span::Span;
pub use crate::span_logs::{SpanLog, SpanLogs};
pub use crate::tags::Tag;
