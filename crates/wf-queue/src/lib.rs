//! A bounded queue of byte records: many threads push, one drains.
//!
//! A record is any slice of up to 64 KiB. [`Producer::try_push`] copies it into one ring of memory reserved at the start, or
//! refuses it at once: it never blocks, allocates or calls the system. [`Consumer::drain`] lends the records in place, in the
//! order in which they were pushed.
//!
//! ```
//! use std::thread;
//!
//! // At most 1,000 records or 64 KiB, whichever is reached first.
//! let (producer, mut consumer) = wf_queue::queue(1_000, 64 * 1024)?;
//!
//! thread::scope(|scope| {
//!     for worker in 0..4 {
//!         let producer = producer.clone();
//!         scope.spawn(move || producer.try_push(format!("hello from {worker}").as_bytes()));
//!     }
//! });
//! producer.close();
//!
//! let mut batch = String::new();
//! let drained = consumer.drain(usize::MAX, usize::MAX, |record| {
//!     batch.push_str(&String::from_utf8_lossy(record));
//!     batch.push('\n');
//! });
//! assert_eq!(drained.records, 4);
//! assert_eq!(batch.lines().count(), 4);
//! assert!(consumer.is_drained());
//! # Ok::<(), wf_queue::CapacityError>(())
//! ```
//!
//! # Design
//!
//! One compare-exchange claims the space, counts the record and sees [`close`](Producer::close), so what was accepted is exactly
//! what will be drained. A record costs 8 bytes besides its own, rounded up to a multiple of 8, out of `max_bytes`; the ring has
//! 64 KiB more behind its end, so none is split. Memory comes as zeroed pages, which most systems supply only when touched.
//!
//! Pushing is lock-free: an exchange fails because that of another producer, or a close, succeeded (on some machines also for no
//! reason, rarely). It is not wait-free: who loses every race tries on. Draining is not lock-free: the consumer meets every
//! record in order, so a producer stopped between claim and publication (a few nanoseconds, no foreign code runs there) delays the
//! consumer at that record. Other producers go on, until the ring is full and they are refused, as at any time when nobody drains.
//!
//! `no_std` with `alloc`; needs 64-bit atomics. No dependencies. Unsafe code sits in one module; loom drives the same algorithm
//! over a model of that module, Miri the real one.
//!
//! # Not here
//!
//! No waiting and no waking: [`Fill::crossed_half`] tells the one push that should wake the consumer, how is up to you. No second
//! consumer, no overwriting of old records, no records over 64 KiB.
#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod consumer;
mod error;
mod position;
mod producer;
mod ring;
#[expect(unsafe_code, reason = "a ring of bytes without it is sound but slower than a mutex")]
mod storage;
mod sync;

use self::position::Position;
use self::ring::Ring;
use self::sync::Arc;

pub use crate::consumer::{Consumer, Drained};
pub use crate::error::{CapacityError, PushError};
pub use crate::producer::{Fill, Producer};
pub use crate::ring::{MAX_BYTES, MAX_RECORD, MAX_RECORDS};

/// Makes a queue of at most `max_records` records in a ring of `max_bytes` bytes, rounded up to a power of two.
///
/// Reserves the ring and up to [`MAX_RECORD`] bytes of slack; nothing is allocated later.
///
/// # Errors
///
/// [`CapacityError`] unless `max_records` is in `1..=`[`MAX_RECORDS`], `max_bytes` in `1..=`[`MAX_BYTES`], and the memory
/// is there.
///
/// # Examples
///
/// ```
/// let (producer, consumer) = wf_queue::queue(50_000, 5_000_000)?;
/// assert_eq!(producer.max_bytes(), 8 * 1024 * 1024);
/// assert!(wf_queue::queue(0, 1024).is_err());
/// # Ok::<(), wf_queue::CapacityError>(())
/// ```
pub fn queue(max_records: usize, max_bytes: usize) -> Result<(Producer, Consumer), CapacityError> {
    queue_at(max_records, max_bytes, 0, 0)
}

/// Makes a queue as if `records` records and `words` words had gone through it: tests look at the wrap of both counts so.
#[doc(hidden)]
pub fn queue_at(
    max_records: usize,
    max_bytes: usize,
    records: u32,
    words: u32,
) -> Result<(Producer, Consumer), CapacityError> {
    let ring = Arc::new(Ring::new(max_records, max_bytes, Position::new(records, words))?);
    Ok((Producer { ring: Arc::clone(&ring) }, Consumer::new(ring)))
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
