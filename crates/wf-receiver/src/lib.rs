//! An in-process Wavefront endpoint for tests and demos: it listens on loopback, judges every line as the real
//! receiver does, and counts what it saw by kind and by id.
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::TcpStream;
//! use std::time::Duration;
//! use wf_receiver::{Kind, Receiver};
//!
//! let receiver = Receiver::start()?;
//! let body = "cpu.load 0.5 source=web-1 id=a\n";
//! let mut stream = TcpStream::connect(receiver.addr())?;
//! write!(stream, "POST /report?f=wavefront HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
//!
//! assert!(receiver.wait_until(Duration::from_secs(5), |counts| counts.accepted.total() == 1));
//! assert_eq!(receiver.times_seen(Kind::Metric, "a"), 1);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # What it does
//! **HTTP.** It answers as a Wavefront proxy answers: 202 to any path and method, even if every line was rejected; 413 to a
//! body over 16 MiB after inflating; 400 to bad gzip; 204 to `OPTIONS`; and 400 with `reason: "…"` when a line trips the
//! listener, in which case the lines before it were taken and those after it are lost. What a line is worth is
//! [`wf_parse`]'s judgement, which knows the format from the specification alone. [`Receiver::script`] makes it answer
//! otherwise: any status, with or without storing the batch first, or no answer at all.
//!
//! **Raw TCP** comes at the same port: a connection that does not begin with the first two letters of an HTTP method
//! carries lines, and is never answered (one that begins with `COUNT` is taken for HTTP, as by the proxy). Lines over
//! 32,768 bytes are skipped, the end of a stream without a line feed is thrown away, and a line that trips the listener is
//! lost alone. When the client shuts down its writing half, the receiver closes the connection after the last line was
//! counted.
//!
//! **Further ports** behave as a proxy's ports for [traces](Builder::traces_port) and for
//! [distributions](Builder::distributions_port); what comes there is counted with the rest.
//!
//! **The service's side.** A POST to a path that ends in `/api/v2/event` is an event if it has JSON in it: one object a
//! request, as `application/json`, uncompressed, with `name`, `annotations` (texts), `startTime` and `endTime` (whole
//! milliseconds), and lists of texts as `hosts` and `tags` if at all. It is answered 200 or 400 with a REST reply, `status`
//! and `response`. Everything else at that path is lines, as to a proxy. It wants a [token](Builder::token) if told to, and
//! speaks [TLS](Builder::tls) 1.2 and 1.3 with an authority made for it alone, so that
//! [`https_url`](Receiver::https_url) and [`ca_pem`](Receiver::ca_pem) are all that a sender to the service needs.
//!
//! # Not here
//! - Nothing is sent on: what arrives is counted and forgotten, but for the last few lines and one counter per id.
//! - No gzip on raw TCP, no idle timeout, no health checks, no logs (`f=logs_json_arr` and its sisters).
//! - Of the service only what a sender meets: it answers 202 to wrong paths too, and what it would say to times, alphabet or
//!   lengths within an event's JSON is not known here, so they are not judged.

#![forbid(unsafe_code)]

mod answer;
mod batch;
mod body;
mod builder;
mod counts;
mod door;
mod event;
mod ids;
mod line;
mod query;
mod receiver;
mod request;
mod seen;
mod serve;
mod socket;
mod store;
mod stream;
mod sum;
mod tls;

pub use wf_parse::{Format, Granularity, Kind, Limits, Verdict};

pub use crate::answer::Answer;
pub use crate::builder::Builder;
pub use crate::counts::{Counts, Lines};
pub use crate::line::{Line, Rejection};
pub use crate::receiver::Receiver;
pub use crate::seen::Seen;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
