//! Delivers Wavefront batches to a proxy, over HTTP and with an acknowledgement.
//!
//! A proxy takes every kind of line on one port (2878) and tells kinds apart by the `f` parameter of the path.
//! [`HttpProxy`] keeps one connection a kind, so a slow answer about spans does not delay points.
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
//! It is a [`wf_transport::Transport`]: give it to `wf_sender::Builder::new`, which queues, retries and accounts.
//!
//! # What an acknowledgement means
//!
//! A proxy answers 202 once every line of the request is in its memory. It does not say whether it could read them: a
//! line that it rejects is answered 202 too. With a 400 it has taken the lines before the bad one, so a 400 is an
//! answer with `partial` set.
//!
//! # Not here
//!
//! No raw TCP, no sending to the service without a proxy, no retries, and no queue.
#![forbid(unsafe_code)]

mod http_proxy;

pub use wf_http::{BuildError, Timeouts, Tls, Token};

pub use crate::http_proxy::{Builder, DEFAULT_PORT, HttpProxy};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
