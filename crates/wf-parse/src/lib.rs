//! Reads and validates Wavefront lines exactly as the receiver does.
//!
//! Metrics, delta counters, distributions, spans, span logs, events, source tags and source descriptions: each line gets
//! the verdict a Wavefront proxy would give it, and if it is not accepted, the reject code, the column and a reason that
//! says what to write instead. For tests of senders, for checking files before they are sent, and for learning the
//! format, because a proxy itself answers 202 to everything.
//!
//! ```
//! use wf_parse::{Code, Format, Kind, Parser, Verdict};
//!
//! let parser = Parser::new();
//! let parsed = parser.parse(Format::Auto, "new-york.power.usage 42422 source=web-1 dc=dc1");
//! assert_eq!(parsed.verdict(), Verdict::Accept);
//! assert_eq!(parsed.kind(), Kind::Metric);
//! assert_eq!(parsed.tag("dc"), Some("dc1"));
//!
//! let parsed = parser.parse(Format::Auto, "new-york.power.usage 42,5 source=web-1");
//! let problem = parsed.problem().unwrap();
//! assert_eq!((problem.code(), problem.column()), (Code::Syntax, 22));
//! assert_eq!(problem.to_string(), "'42,5' is not a number; the decimal sign is '.', and digits are not grouped");
//! ```
//!
//! # Design
//!
//! The receiver has no grammar beyond a tokenizer, so neither has this crate: one tokenizer, and for each kind a file that
//! reads a fixed sequence of elements from it and then checks limits. What decides in between follows the listener: trim,
//! choose the format, add the client's host as source, decode, sample (spans), check the time window, validate. Java's
//! rules are followed to the letter where a verdict hangs on them: number syntax, digits of other scripts, white space,
//! lengths in UTF-16, the order of a `HashMap` (which of two bad tags is named first).
//!
//! Metrics of the usual shape are read in one go, without the tokenizer; a property test holds the two against each other.
//!
//! It never panics, works in time linear in the line, and knows the protocol from its documents and from recorded verdicts
//! of the real receiver, not from the encoder in `wf-format`: each is the other's witness. The test `vectors` replays 210
//! lines recorded from a running receiver and 745 hostile ones, most of them random, from its decoder; verdict, code, kind, tags and
//! forwarded text all agree.
//!
//! Span logs are JSON as the receiver's library (Jackson 2.15) reads it: 1,000 levels of nesting and 1,000 digits of a number
//! are the most; of an integer beyond 64 bits the lowest count, but the text of one is 0; a number beyond a double is infinite;
//! half of an escaped surrogate pair is sent on as `?`; and of a digit in an escape only the lower byte counts. What follows
//! the first object is not looked at.
//!
//! # Where it differs
//!
//! - Nine or more tag keys that share a bucket of a `HashMap` may come in another order.
//! - Numbers are written with the fewest digits; a receiver on Java 17 sometimes writes more.
//!
//! # Not here
//!
//! Logs (`f=logs_json_arr` and its sisters), what the service behind the proxy does (storing, rate limits, the 15 minutes of
//! delta counters), HTTP, and lines cut by the size limits of a port.
#![forbid(unsafe_code)]

mod parser;

mod format;
mod limits;
mod parsed;
mod problem;

mod event;
mod histogram;
mod metric;
mod source_tag;
mod span;
mod span_logs;

mod find;
mod java;
mod json;
mod number;
mod plain;
mod point;
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

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
