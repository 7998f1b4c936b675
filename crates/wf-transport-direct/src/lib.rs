//! Delivers Wavefront batches to the service itself, over HTTPS and with an API token.
//!
//! ```no_run
//! use wf_transport_direct::Direct;
//!
//! let direct = Direct::builder("example.wavefront.com", "my-api-token").build()?;
//! # Ok::<(), wf_transport_direct::BuildError>(())
//! ```
//!
//! It is a [`wf_transport::Transport`]: give it to `wf_sender::Builder::new`, which queues, retries and accounts.
//!
//! # What an acknowledgement means
//!
//! The service answers 202 to a request that it has taken; that says nothing about each line.
//!
//! # Not here
//!
//! No tokens that are exchanged for others (Cloud Services), no source tags, which the service takes by another API, no
//! retries, and no queue. The vendor advises to send through a proxy: direct ingestion is meant for tests and small
//! installations.
#![forbid(unsafe_code)]

mod direct;

pub use wf_http::{BuildError, Timeouts, Tls, Token};

pub use crate::direct::{Builder, Direct};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
