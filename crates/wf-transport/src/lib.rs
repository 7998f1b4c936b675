//! The seam between the Wavefront sender and whatever carries its batches.
//!
//! A transport implements one trait, [`Transport`], and gets queueing, batching, retries, accounting and shutdown from
//! the sender that drives it. It tries **once** per call, says what happened as an [`Outcome`], and never retries,
//! sleeps or logs data.
//!
//! ```
//! use std::sync::Mutex;
//!
//! use wf_transport::{Batch, Outcome, Transport};
//!
//! /// Keeps the bytes of every batch.
//! #[derive(Default)]
//! struct Keep(Mutex<Vec<u8>>);
//!
//! impl Transport for Keep {
//!     async fn deliver(&self, batch: &Batch) -> Outcome {
//!         batch.written();
//!         self.0.lock().unwrap().extend_from_slice(batch.bytes());
//!         Outcome::Stored
//!     }
//! }
//! ```
//!
//! # Honest outcomes
//!
//! The sender decides from the [`Outcome`] whether a batch may be sent again. Additive data (delta counters,
//! distributions, events) is added up by the service, so it is sent again only after an outcome that proves the
//! endpoint did not take it: [`Outcome::Unsent`], or a refusal. A transport that is not sure says [`Outcome::Unknown`].
//!
//! # Not here
//!
//! No sockets, no runtime, no policy: what an outcome means to a batch is the business of `wf-sender`.
#![forbid(unsafe_code)]

mod batch;
mod kind;
mod memory;
mod outcome;
mod transport;

pub use crate::batch::{Batch, Records, RecordsIter};
pub use crate::kind::LineKind;
pub use crate::memory::MemoryTransport;
pub use crate::outcome::{Cause, Outcome};
pub use crate::transport::{Limits, Route, Transport};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
