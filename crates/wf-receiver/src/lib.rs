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
//! It answers as a Wavefront proxy answers on its HTTP side: 202 to any path and method, even if every line was
//! rejected; 413 to a body over 16 MiB after inflating; 400 to bad gzip; 204 to `OPTIONS`; and 400 with
//! `reason: "…"` when a line trips the listener, in which case the lines before it were taken and those after it are
//! lost. What a line is worth is [`wf_parse`]'s judgement, which knows the format from the specification alone.
//!
//! The same port takes raw TCP: a connection that does not begin with the first two letters of an HTTP method carries
//! lines, and is never answered (one that begins with `COUNT` is taken for HTTP, as by the proxy). Lines over 32,768 bytes are skipped, the end of a stream without a line feed is thrown away, and a line
//! that trips the listener is lost alone. When the client shuts down its writing half, the receiver closes the
//! connection after the last line was counted.
//!
//! [`Receiver::script`] makes it answer a request otherwise: any status, with or without storing the batch first, or no answer
//! at all.
//!
//! As the service answers it takes events as JSON at `/api/v2/event`, wants a [token](Builder::token) if told to, and
//! speaks [TLS](Builder::tls) with an authority made for it alone. A second port can behave as a proxy's
//! [trace port](Builder::traces_port). Raw TCP comes in at the same ports: the first two bytes tell.
//!
//! # Not here
//! No gzip on raw TCP, and nothing is sent on: what arrives is counted and forgotten, but for the last few lines and one
//! counter per id.

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
