//! The Wavefront sending engine: lanes, batches, retries and a ledger that balances.
//!
//! A point is accepted or refused at once, without blocking; an accepted point is delivered, or dropped or unconfirmed
//! with a counted reason. Nothing else can happen, and [`Sender::stats`] says at every moment how many went which way.
//!
//! ```
//! use std::time::Duration;
//!
//! use wf_sender::{Builder, format::Metric, transport::{LineKind, MemoryTransport}};
//!
//! let sender = Builder::new(MemoryTransport::new()).source("web-1").start()?;
//! sender.send(&Metric::new("new-york.power.usage", 42422.0).tags(&[("datacenter", "dc1")]))?;
//!
//! let report = sender.close(Duration::from_secs(5));
//! assert!(report.complete);
//! assert_eq!(report.delta[LineKind::Point].delivered(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Design
//!
//! Every kind of data has a **lane**: a bounded ring that any thread pushes into and one **worker** thread drains. The
//! worker cuts batches by points, bytes and age, hands each to the [transport](transport::Transport), which tries once,
//! and decides from the outcome: delivered, again later, in halves, or lost with a reason. One batch of a lane is in the
//! air at a time, lanes do not delay each other, and order within a lane is kept.
//!
//! Whether a batch may be sent again after an *unknown* outcome depends on the [`RetryClass`] of its kind: replaceable
//! data goes again and is delivered at least once; additive data, which the service adds up, does not and is delivered at
//! most once.
//!
//! # Not here
//!
//! No sockets and no protocol: give the [`Builder`] a transport, such as `wf-transport-proxy`'s, or implement the trait.
//! A full lane refuses new points; discarding the oldest instead is not offered yet. To send with one line of set-up,
//! see `wf-sdk`.
#![forbid(unsafe_code)]

mod backoff;
mod books;
mod builder;
mod classic;
mod dry_run;
mod erased;
mod error;
mod lane;
mod ledger;
mod now;
mod pause;
mod policy;
mod ready;
mod reason;
mod room;
mod scratch;
mod sender;
mod shared;
mod worker;

pub use wf_format as format;
pub use wf_transport as transport;

pub use crate::builder::Builder;
pub use crate::error::{NowError, SendError, StartError};
pub use crate::ledger::{Ledger, Report, Stats};
pub use crate::policy::RetryClass;
pub use crate::reason::{Dropped, Loss, Refused, Unconfirmed};
pub use crate::sender::{CloseOnDrop, Sender};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
