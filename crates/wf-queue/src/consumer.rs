//! The end that drains.

use core::fmt;

use crate::position::Span;
use crate::ring::{Cursor, Ring, WORD};
use crate::sync::Arc;

/// The draining end of a queue; there is one.
///
/// Dropping it closes the queue, so that producers are refused instead of filling a ring that nobody empties. The memory
/// is freed, with what is left in it, when the last end is gone.
pub struct Consumer {
    ring: Arc<Ring>,
    cursor: Cursor,
}

impl Consumer {
    pub(crate) fn new(ring: Arc<Ring>) -> Self {
        let cursor = Cursor { position: ring.head(), taken: 0 };
        Self { ring, cursor }
    }

    /// Takes records from the front, lends each to `taker` in place, and returns how many there were.
    ///
    /// Stops after `max_records`, before a record that would carry the sum of the records' lengths over `max_bytes` (the first
    /// is taken even so, alone, lest it stay for ever), at a record that is not written completely yet, whatever has been pushed
    /// behind it, or behind the last of those that waited when it began: it ends, however fast producers push. Does not
    /// allocate; space returns to producers on the way.
    ///
    /// # Panics
    ///
    /// Only if `taker` does. The record it was lent is then taken like those before it, and the queue goes on with the next.
    ///
    /// # Examples
    ///
    /// ```
    /// let (producer, mut consumer) = wf_queue::queue(10, 1024)?;
    /// for record in ["one", "two", "three"] {
    ///     producer.try_push(record.as_bytes())?;
    /// }
    /// let mut batch = Vec::new();
    /// let drained = consumer.drain(10, 8, |record| batch.extend_from_slice(record));
    /// assert_eq!((drained.records, drained.bytes), (2, 6));
    /// assert_eq!(batch, b"onetwo");
    /// # Ok::<(), Box<dyn core::error::Error>>(())
    /// ```
    #[inline]
    pub fn drain(&mut self, max_records: usize, max_bytes: usize, taker: impl FnMut(&[u8])) -> Drained {
        self.ring.drain(&mut self.cursor, max_records, max_bytes, taker)
    }

    /// Closes the queue for all producers, for good; records in it can still be drained.
    ///
    /// Each push racing with it is either accepted, and will be drained, or refused with
    /// [`PushError::Closed`](crate::PushError::Closed).
    pub fn close(&self) {
        self.ring.close();
    }

    /// Returns whether the queue is closed. What the closing thread did before is then visible here.
    pub fn is_closed(&self) -> bool {
        self.ring.tail().is_closed()
    }

    /// Returns whether the queue is closed and every accepted record was taken: nothing will ever come again.
    pub fn is_drained(&self) -> bool {
        let tail = self.ring.tail();
        tail.is_closed() && tail.since(self.cursor.position).records == 0
    }

    /// Returns how many records wait: exactly those accepted and not taken at one instant.
    pub fn len(&self) -> usize {
        self.waiting().records as usize
    }

    /// Returns whether no record waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns how many bytes of the ring are taken: per record 8 and its length rounded up to a multiple of 8.
    pub fn bytes(&self) -> usize {
        self.waiting().words as usize * WORD
    }

    /// Returns whether more than half of the records or of the bytes are taken.
    pub fn is_over_half(&self) -> bool {
        self.ring.is_over_half(self.waiting())
    }

    /// Returns how many records were accepted since the queue was made: those taken and those waiting.
    pub fn accepted(&self) -> u64 {
        self.cursor.taken + u64::from(self.waiting().records)
    }

    /// Returns how many records were taken since the queue was made.
    pub fn taken(&self) -> u64 {
        self.cursor.taken
    }

    /// Returns the most records that may wait, as given to [`queue`](crate::queue).
    pub fn max_records(&self) -> usize {
        self.ring.max_records()
    }

    /// Returns the size of the ring in bytes: the `max_bytes` given to [`queue`](crate::queue), rounded up to a power of two.
    pub fn max_bytes(&self) -> usize {
        self.ring.max_bytes()
    }

    fn waiting(&self) -> Span {
        self.ring.tail().since(self.cursor.position)
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("len", &self.len())
            .field("bytes", &self.bytes())
            .field("taken", &self.taken())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// What one [`Consumer::drain`] took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Drained {
    /// Records taken.
    pub records: usize,
    /// Sum of their lengths, in bytes.
    pub bytes: usize,
}
