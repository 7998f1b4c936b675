//! The Rust SDK for Wavefront: metrics, delta counters, distributions and spans to a Wavefront proxy, and books that
//! balance.
//!
//! A program says "this metric, this distribution, this span"; the SDK encodes it as a line, queues it without blocking,
//! delivers it in the background, and always knows what became of every point.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use wf_sdk::Metric;
//!
//! let sender = wf_sdk::connect("proxy://localhost:2878")?
//!     .source("web-1")
//!     .point_tag("env", "prod")
//!     .start()?;
//! sender.send(&Metric::new("new-york.power.usage", 42422.0).tags(&[("datacenter", "dc1")]))?;
//! let report = sender.flush(Duration::from_secs(5));
//! assert!(report.complete);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The parts
//!
//! - What is sent: [`Metric`], [`DeltaCounter`], [`Histogram`], [`Span`], and [`Series`] for a metric sent often.
//! - Where to: [`connect`] with a URL, or [`proxy`] with a host, or any [`Transport`](transport::Transport) given to
//!   [`Builder::new`].
//! - The handle: [`Sender`], `Clone`, with `send`, `send_timeout`, `flush`, `close` and `stats`. `send` never waits.
//! - The books: [`Stats`], one [`Ledger`] a kind: `offered = accepted + refused` and
//!   `accepted = delivered + dropped + unconfirmed + pending`, at every moment.
//!
//! Needs no async runtime, and works inside any.
//!
//! # URLs
//!
//! | URL | means |
//! |---|---|
//! | `proxy://host[:2878]` | HTTP to a Wavefront proxy, every kind on one port |
//! | `http://host[:2878]` | the same |
//! | `proxys://host[:2878]` | the same over TLS, with the system's root certificates |
//! | `…?trace=30000&histogram=40000` | moves spans or distributions to a port of their own |
//! | `…://TOKEN@host` | a token for proxies that ask for one; over plain HTTP to this host only |
//!
//! # Crate features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `proxy` | yes | [`connect`], [`proxy`], [`HttpProxy`] |
//! | `uuid` | yes | trace and span ids from `uuid::Uuid` |
//!
//! # Not here yet
//!
//! Sending to the service without a proxy, raw TCP, span logs, events and source tags, and the names of the vendor's
//! other SDKs.
#![cfg_attr(wf_docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "proxy")]
mod connect;

pub use wf_format as format;
pub use wf_sender as sender;
pub use wf_transport as transport;

pub use wf_format::{
    Centroid, Changed, DeltaCounter, Encoded, Format, FormatError, Granularity, Histogram, Id, Limits,
    Metric, NamePolicy, Point, Series, Span, Strictness, tags_from,
};
pub use wf_sender::{
    Builder, Dropped, Ledger, Loss, Refused, Report, RetryClass, SendError, Sender, StartError, Stats,
    Unconfirmed,
};
pub use wf_transport::{LineKind, MemoryTransport};
#[cfg(feature = "proxy")]
pub use wf_transport_proxy::{BuildError, HttpProxy, Timeouts, Tls, Token};

#[cfg(feature = "proxy")]
pub use crate::connect::{UrlError, connect, proxy};

#[cfg(all(doctest, feature = "proxy"))]
#[doc = include_str!("../README.md")]
struct Readme;
