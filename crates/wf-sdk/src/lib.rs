//! The Rust SDK for Wavefront: metrics, delta counters, distributions, spans with their logs, events and source tags, to
//! a Wavefront proxy or to the service itself, and books that balance.
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
//! - What is sent: [`Metric`], [`DeltaCounter`], [`Histogram`], [`Span`] with [`SpanLog`]s, [`Event`], [`SourceTag`],
//!   [`SourceDescription`], [`Series`] for a metric sent often, and lines that are ready-made
//!   ([`Sender::send_line`]).
//! - Where to: [`connect`] with a URL, [`proxy()`] or [`direct()`] with a host, or any [`Transport`](transport::Transport)
//!   given to [`Builder::new`].
//! - The handle: [`Sender`], `Clone`, with `send`, `send_timeout`, `send_async`, `flush`, `close` and `stats`. `send`
//!   never waits.
//! - The books: [`Stats`], one [`Ledger`] a kind: `offered = accepted + refused` and
//!   `accepted = delivered + dropped + unconfirmed + pending`, at every moment.
//! - The names of the vendor's SDKs: [`classic`].
//!
//! Needs no async runtime, and works inside any.
//!
//! # URLs
//!
//! | URL | means |
//! |---|---|
//! | `proxy://host[:2878]` | HTTP to a Wavefront proxy, every kind on one port, each batch acknowledged |
//! | `http://host[:2878]` | the same |
//! | `proxys://host[:2878]` | the same over TLS, with the system's root certificates |
//! | `tcp://host[:2878]` | raw TCP to a proxy, which never acknowledges: what is written is `unconfirmed{no_ack}` |
//! | `…?trace=30000&histogram=40000` | moves spans with their logs, or distributions, to a port of their own; over raw TCP, spans need one |
//! | `https://TOKEN@host[:443][/path]` | the service itself; without a token in the URL that of `WAVEFRONT_TOKEN` |
//! | `proxy://TOKEN@host` | a token for proxies that ask for one; over plain HTTP to this host only |
//!
//! # Crate features
//!
//! | feature | default | brings |
//! |---|---|---|
//! | `direct` | yes | `https://`, [`direct()`], [`Direct`] |
//! | `proxy` | yes | `proxy://`, `proxys://`, `tcp://`, [`proxy()`], [`HttpProxy`], [`StreamProxy`] |
//! | `uuid` | yes | trace and span ids from `uuid::Uuid` |
//!
//! # Not here yet
//!
//! Tokens that are exchanged for others (Cloud Services), acknowledgements over raw TCP, discarding the oldest points of
//! a full lane, and instruments that aggregate before they send.
#![cfg_attr(wf_docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(all(feature = "direct", feature = "proxy"))]
pub mod classic;
#[cfg(any(feature = "direct", feature = "proxy"))]
mod connect;

pub use wf_format as format;
pub use wf_sender as sender;
pub use wf_transport as transport;

pub use wf_format::{
    Centroid, Changed, DeltaCounter, Encoded, Event, EventForm, Format, FormatError, Granularity, Histogram,
    Id, Limits, Metric, NamePolicy, Point, Series, SourceDescription, SourceTag, Span, SpanLog, SpanLogs,
    Strictness, Tags, tags_from,
};
#[cfg(any(feature = "direct", feature = "proxy"))]
pub use wf_http::{BuildError, Timeouts, Tls, Token};
pub use wf_sender::{
    Builder, CloseOnDrop, Dropped, Ledger, Loss, Refused, Report, RetryClass, SendError, Sender, StartError,
    Stats, Unconfirmed,
};
pub use wf_transport::{LineKind, MemoryTransport};
#[cfg(feature = "direct")]
pub use wf_transport_direct::Direct;
#[cfg(feature = "proxy")]
pub use wf_transport_proxy::{HttpProxy, StreamProxy};

#[cfg(all(feature = "direct", feature = "proxy"))]
pub use crate::classic::{
    WavefrontDirectClient, WavefrontDirectIngestionClient, WavefrontProxyClient, WavefrontSender,
};
#[cfg(feature = "direct")]
pub use crate::connect::direct;
#[cfg(feature = "proxy")]
pub use crate::connect::proxy;
#[cfg(any(feature = "direct", feature = "proxy"))]
pub use crate::connect::{UrlError, connect};

#[cfg(all(doctest, feature = "proxy"))]
#[doc = include_str!("../README.md")]
struct Readme;
