//! Delivers Wavefront batches to a proxy: over HTTP with an acknowledgement, or as a raw stream without one.
//!
//! A proxy takes every kind of line on one port (2878). Over HTTP the `f` parameter of the path tells kinds apart, on a
//! stream the first characters of each line do. Both transports keep one connection a kind, so trouble with spans does
//! not delay points.
//!
//! ```
//! use std::time::Duration;
//!
//! use wf_transport::LineKind;
//! use wf_transport_proxy::{HttpProxy, Timeouts};
//!
//! let proxy = HttpProxy::builder("localhost")
//!     .port_for(LineKind::Span, 30_000)
//!     .timeouts(Timeouts { attempt: Duration::from_secs(10), ..Timeouts::DEFAULT })
//!     .build()?;
//! # Ok::<(), wf_transport_proxy::BuildError>(())
//! ```
//!
//! Each is a [`wf_transport::Transport`]: give it to `wf_sender::Builder::new`, which queues, retries and accounts.
//!
//! | | [`HttpProxy`] | [`StreamProxy`] |
//! |---|---|---|
//! | a delivered batch is | acknowledged | [`Unacknowledged`](wf_transport::Outcome::Unacknowledged) |
//! | spans | on any port | on a trace port of the proxy, else no route |
//! | TLS, token, compression | can be set | none |
//!
//! # What an acknowledgement means
//!
//! A proxy answers 202 once every line of the request is in its memory. It does not say whether it could read them: a
//! line that it rejects is answered 202 too. With a 400 it has taken the lines before the bad one, so a 400 is an
//! answer with `partial` set.
//!
//! # What a stream knows
//!
//! A proxy never answers a stream, so the most a stream learns is that something went wrong:
//!
//! | what happened | outcome |
//! |---|---|
//! | every byte went to the kernel, and the connection stands | `Unacknowledged` |
//! | the host name did not resolve, no address took the connection | `Unsent` with `Resolve` or `Connect` |
//! | the connection failed, or a time limit passed, before the kernel took a byte of the batch | `Unsent` with `Closed`, `Reset` or `Deadline` |
//! | the same after the first byte | `Unknown` with the same causes |
//! | the peer had written something: it reads no lines | before the batch `Unsent(Protocol)`, after it `Unknown(Protocol)` |
//! | a kind without a route | `Refused(Other)` |
//!
//! - **Before each batch** the kept connection is looked at. If it has ended, failed, or rested for longer than
//!   [`StreamTimeouts::idle`], a new one is opened within the same attempt.
//! - **After each batch** it is looked at again, because writing to a connection that the peer has ended works once. An
//!   end that is on its way at that moment is not seen: that batch is lost, and `Unacknowledged` says no more than it
//!   should.
//! - **A batch is written whole or the connection is dropped**, so nothing ever follows half a line. The proxy throws
//!   half a line away.
//! - **A connection never begins with a bare word.** By its first two bytes a proxy tells HTTP and gzip from lines, and
//!   a metric called `COUNT` would be taken for HTTP. Unless the first line begins with `"`, `!`, `@` or `{`, a blank
//!   line goes first, which the proxy ignores.
//! - **Little is lost in the kernel.** On Linux `TCP_NOTSENT_LOWAT` is 16 KiB and `TCP_USER_TIMEOUT` is
//!   [`StreamTimeouts::write`]; everywhere `TCP_NODELAY` is set and keep-alive asks after 30 s of silence (on Linux,
//!   macOS and Windows then every 10 s, 3 times). What the kernel had taken before a failure was `Unacknowledged`:
//!   measured with lines of 100 bytes and a peer on loopback that never reads, 1,536 lines instead of 39,765.
//! - **A proxy that asks for a token throws away what comes by stream**, in silence. Use [`HttpProxy`] there.
//!
//! # Not here
//!
//! No acknowledgement on streams (a half-close that the proxy answers could give one), no TLS or compression on
//! streams, no sending to the service without a proxy, no retries, and no queue.
#![forbid(unsafe_code)]

mod connection;
mod http_proxy;
mod stream_proxy;
mod stream_timeouts;

pub use wf_http::{BuildError, Timeouts, Tls, Token};

pub use crate::http_proxy::{Builder, DEFAULT_PORT, HttpProxy};
pub use crate::stream_proxy::{StreamBuilder, StreamProxy};
pub use crate::stream_timeouts::StreamTimeouts;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
