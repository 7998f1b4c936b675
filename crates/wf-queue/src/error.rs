//! Why a queue was not made, and why a record was not taken.

use core::fmt;

/// Tells why [`queue`](crate::queue) made none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CapacityError {
    /// `max_bytes` is 0 or more than [`MAX_BYTES`](crate::MAX_BYTES), or more than this machine can address.
    Bytes,
    /// The allocator has no memory of this size.
    OutOfMemory,
    /// `max_records` is 0 or more than [`MAX_RECORDS`](crate::MAX_RECORDS).
    Records,
}

impl fmt::Display for CapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "byte capacity is zero or too large",
            Self::OutOfMemory => "no memory for the ring",
            Self::Records => "record capacity is zero or too large",
        })
    }
}

impl core::error::Error for CapacityError {}

/// Tells why [`Producer::try_push`](crate::Producer::try_push) did not take a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushError {
    /// The queue is closed, for good.
    Closed,
    /// The record does not fit just now; it may once the consumer has drained.
    Full,
    /// The record is longer than [`Producer::max_record`](crate::Producer::max_record) and will never fit.
    TooLong,
}

impl fmt::Display for PushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "queue is closed",
            Self::Full => "queue is full",
            Self::TooLong => "record is too long for the queue",
        })
    }
}

impl core::error::Error for PushError {}
