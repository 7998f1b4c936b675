//! The end that pushes.

use core::fmt;

use crate::error::PushError;
use crate::position::Span;
use crate::ring::{Ring, WORD};
use crate::sync::Arc;

/// The pushing end of a queue: cheap to clone, shared freely between threads.
///
/// Dropping producers does not close the queue; [`close`](Self::close) does.
#[derive(Clone)]
pub struct Producer {
    pub(crate) ring: Arc<Ring>,
}

impl Producer {
    /// Copies `record` into the queue, or says at once why not.
    ///
    /// Never blocks, allocates or calls the system. Records come out in the order in which they were claimed, so those of one
    /// thread keep their order. Costs one compare-exchange and one copy.
    ///
    /// # Errors
    ///
    /// [`PushError::TooLong`] for a record over [`max_record`](Self::max_record), [`PushError::Closed`] after a close,
    /// [`PushError::Full`] when there is no room for it now; checked in this order. The queue is then as it was.
    ///
    /// # Examples
    ///
    /// ```
    /// let (producer, mut consumer) = wf_queue::queue(2, 1024)?;
    /// assert_eq!(producer.try_push(b"one")?.records, 1);
    /// assert_eq!(producer.try_push(b"two")?.records, 2);
    /// assert_eq!(producer.try_push(b"three"), Err(wf_queue::PushError::Full));
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_push(&self, record: &[u8]) -> Result<Fill, PushError> {
        self.ring.try_push(record)
    }

    /// Closes the queue for all producers, for good; records in it can still be drained.
    ///
    /// Each push racing with it is either accepted, and will be drained, or refused with [`PushError::Closed`].
    pub fn close(&self) {
        self.ring.close();
    }

    /// Returns whether the queue is closed. What the closing thread did before is then visible here.
    pub fn is_closed(&self) -> bool {
        self.ring.tail().is_closed()
    }

    /// Returns how many records wait, `0..=max_records`. Already outdated when others push or drain meanwhile.
    pub fn len(&self) -> usize {
        (self.waiting().records as usize).min(self.max_records())
    }

    /// Returns whether no record waits. Already outdated when others push or drain meanwhile.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many bytes of the ring are taken, `0..=max_bytes`: per record 8 and its length rounded up to a multiple of
    /// 8. Already outdated when others push or drain meanwhile.
    pub fn bytes(&self) -> usize {
        (self.waiting().words as usize).saturating_mul(WORD).min(self.max_bytes())
    }

    /// Returns how many records were accepted since the queue was made, modulo 2^31.
    ///
    /// The count and the claim are one atomic step: a record is counted exactly if its push succeeds.
    /// [`Consumer::accepted`](crate::Consumer::accepted) is the same in 64 bits.
    pub fn accepted(&self) -> u32 {
        self.ring.tail().records()
    }

    /// Returns the most records that may wait, as given to [`queue`](crate::queue).
    pub fn max_records(&self) -> usize {
        self.ring.max_records()
    }

    /// Returns the size of the ring in bytes: the `max_bytes` given to [`queue`](crate::queue), rounded up to a power of two.
    pub fn max_bytes(&self) -> usize {
        self.ring.max_bytes()
    }

    /// Returns the longest record that can be pushed, in bytes: [`MAX_RECORD`](crate::MAX_RECORD), or what an empty ring
    /// holds if that is less.
    pub fn max_record(&self) -> usize {
        self.ring.max_record()
    }

    /// Head before tail, so that the difference is never negative.
    fn waiting(&self) -> Span {
        let head = self.ring.head();
        self.ring.tail().since(head)
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// How full the queue is after a push, that record included.
///
/// Measured against what the pushing thread knew of the consumer, so a record drained this very moment may still be counted;
/// never more than the queue holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fill {
    /// Records waiting, `1..=max_records`.
    pub records: usize,
    /// Bytes of the ring taken, `8..=max_bytes`, in the sense of [`Producer::bytes`].
    pub bytes: usize,
    pub(crate) over_half: bool,
    pub(crate) was_over_half: bool,
}

impl Fill {
    /// Returns whether more than half of the records or of the bytes are taken.
    #[inline]
    pub fn is_over_half(&self) -> bool {
        self.over_half
    }

    /// Returns whether this push carried the queue over half full.
    ///
    /// Of all pushes without a drain in between, however many threads race, at most one says so; and among pushes in the order
    /// of the queue, each run of them that found it over half full follows one that said so.
    ///
    /// Meant for waking the consumer once. A push that measured just before a drain ended and claimed just after can leave the
    /// queue over half full without a crossing, so a consumer should look at
    /// [`is_over_half`](crate::Consumer::is_over_half) before it goes to sleep, and sleep with a time limit.
    #[inline]
    pub fn crossed_half(&self) -> bool {
        self.over_half && !self.was_over_half
    }
}
