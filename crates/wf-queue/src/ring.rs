//! The algorithm: claiming, publishing, taking and giving back.
//!
//! # Design
//!
//! The ring is a block of 8-byte words, a power of two of them, with a slack behind its end. A record is a header word
//! (length + 1; 0 means "not yet written") and its bytes, rounded up to words. Records follow each other without gaps;
//! one that begins before the end may run on into the slack, so none is split, and the words at the front that it would
//! have filled are left out: the next record begins behind them.
//!
//! `tail` is where the next record will begin, `head` where the oldest begins that is not given back. Both are
//! [`Position`]s. One compare-exchange of `tail` claims the space, counts the record and sees `close`, all at one instant.
//!
//! # Invariants
//!
//! 1. **A claimed word has one owner.** The words of `head..tail` are claimed, at most a ring's full; claims are disjoint,
//!    because each is the step of one successful exchange. From the claim to the Release of its header a record belongs to
//!    the producer that claimed it.
//! 2. **Only the consumer reads a header place, only at the consumer's position, and that is always the header place of
//!    the next record**: claimed or not, no record's bytes lie there, since records follow each other without gaps.
//! 3. **A published record belongs to the consumer** from the Acquire of its header to the Release of a `head` behind it.
//! 4. **Every word before the end and outside `head..tail` is zero**: at first by allocation, later because the consumer
//!    zeroes all it takes before it gives it back. So a header place reads 0 until its own header is written, no matter
//!    what lay there a turn ago. The slack holds no header places and is left as it is.
//! 5. **Headers lie before the end, bytes inside the block.** An index is a word count modulo the ring's size; a record is
//!    no longer than the ring, nor than `1 + MAX_RECORD / 8` words, and the slack is that less one.
//! 6. **`head` never passes `tail`**, and `tail - head` is at most the size, so that the wrapping differences are exact.
//!
//! # Orderings
//!
//! * Header: Release by the producer, Acquire by the consumer. Carries the bytes.
//! * `head`: Release by the consumer, Acquire by producers. Carries the zeroes, and the end of the consumer's loan, to
//!   whoever claims the words next (4).
//! * `tail`: Release on exchange, Acquire on load, although no memory is handed over by it. It makes what producers know of
//!   `head` grow with `tail`: a producer that continues from another's tail sees at least that one's head. Hence a claim
//!   never measures against a head more than a ring's full behind (6), and each run of pushes over half full has exactly one
//!   that crossed ([`Fill::crossed_half`]).
//! * `tail` at the begin of a drain: Relaxed, because it is a bound and no more; each record's own header says whether it is
//!   there. It is no older than the consumer's position, which came from headers written after their claims.
//! * `close`: Release, seen with Acquire by `is_closed` and `is_drained`: what was done before closing is visible after.
//!
//! Each of these is weakened in turn by `cargo xtask queue-mutants`, and loom finds what goes wrong then.
//!
//! # What was tried and left out
//!
//! On one x86-64 machine of two cores, with lines of 122 bytes, none of these was faster beyond the noise: copies in hand-inlined
//! 16-byte steps in place of `memcpy`; a copy of `head` beside `tail`, refreshed when it looks full or over half; prefetching the
//! words of later records, or the tail, for writing; strides of 64 KiB; a drain with fewer values to keep at hand; no overflow
//! checks. Longer pauses after a lost exchange are a little faster, but what the losers wait is the 999th of 1,000 pushes. Of the
//! 7 ns of a push there, 5 were the locked instruction.
//!
//! # What is assumed
//!
//! A producer's exchange must not succeed on a tail that merely looks the same. For that a thread would have to stand still
//! between the load and the exchange for a multiple of 2^31 records which also is a multiple of 2^32 words (a quarter of a
//! minute at the least, at full speed) and wake at that very record.

use core::hint::spin_loop;

use crate::consumer::Drained;
use crate::error::{CapacityError, PushError};
use crate::position::{Position, RECORDS, Span};
use crate::producer::Fill;
use crate::storage::Storage;
use crate::sync::{AtomicU64, Ordering};

/// What producers and consumer share.
pub(crate) struct Ring {
    /// Where the next record will begin, and the closed bit. Any producer moves it; either end sets the bit.
    tail: CachePadded<AtomicU64>,
    /// Where the oldest record begins that was not given back. The consumer alone writes it.
    head: CachePadded<AtomicU64>,
    /// `1..=MAX_RECORDS`.
    max_records: u32,
    /// Words before the end: a power of two, `1..=2^31`.
    size: u32,
    /// Longest record, in bytes.
    max_record: usize,
    /// Words the consumer takes before it gives them back in the middle of a drain.
    stride: u32,
    storage: Storage,
}

impl Ring {
    /// Reserves a ring whose first record will begin at `start`.
    pub(crate) fn new(max_records: usize, max_bytes: usize, start: Position) -> Result<Self, CapacityError> {
        let max_records = u32::try_from(max_records).ok().filter(|records| (1..=RECORDS).contains(records));
        let max_records = max_records.ok_or(CapacityError::Records)?;
        let size = max_bytes.div_ceil(WORD).checked_next_power_of_two().filter(|_| max_bytes > 0);
        let size = size.and_then(|words| u32::try_from(words).ok()).ok_or(CapacityError::Bytes)?;
        let max_record = MAX_RECORD.min((size as usize - 1).saturating_mul(WORD));
        let len = (size as usize).checked_add(max_record / WORD).ok_or(CapacityError::Bytes)?;
        if len > isize::MAX as usize / WORD {
            return Err(CapacityError::Bytes);
        }
        Ok(Self {
            tail: CachePadded(AtomicU64::new(start.bits())),
            head: CachePadded(AtomicU64::new(start.bits())),
            max_records,
            size,
            max_record,
            stride: (size / 8).clamp(1, MAX_STRIDE),
            storage: Storage::zeroed(len).ok_or(CapacityError::OutOfMemory)?,
        })
    }

    #[inline]
    pub(crate) fn try_push(&self, record: &[u8]) -> Result<Fill, PushError> {
        if record.len() > self.max_record {
            return Err(PushError::TooLong);
        }
        let (start, fill) = self.claim(words_of(record.len()))?;
        let index = self.index(start.words());
        // Nothing from here on can fail: a record claimed and never published would stop the consumer for good.
        self.storage.write(index, record);
        self.storage.header(index).store(record.len() as u64 + 1, Ordering::Release);
        Ok(fill)
    }

    /// Claims `words` words for one record.
    #[inline]
    fn claim(&self, words: u32) -> Result<(Position, Fill), PushError> {
        loop {
            let tail = self.tail.0.load(Ordering::Acquire);
            let start = Position::from_bits(tail);
            if start.is_closed() {
                return Err(PushError::Closed);
            }
            let before = start.since(self.head());
            if before.records >= self.max_records || before.words > self.size - words {
                // The head may be newer than the tail, and the difference then means nothing. It is newer only if the
                // tail moved in between, and having acquired that head we cannot miss that tail.
                if self.tail.0.load(Ordering::Relaxed) == tail {
                    return Err(PushError::Full);
                }
                continue;
            }
            let next = start.plus(Span { records: 1, words }).bits();
            if self.tail.0.compare_exchange_weak(tail, next, Ordering::Release, Ordering::Relaxed).is_ok() {
                return Ok((start, self.fill(before, words)));
            }
            pause();
        }
    }

    /// Takes records from the front; see [`Consumer::drain`](crate::Consumer::drain).
    #[inline]
    pub(crate) fn drain(
        &self,
        cursor: &mut Cursor,
        max_records: usize,
        max_bytes: usize,
        mut taker: impl FnMut(&[u8]),
    ) -> Drained {
        let mut drained = Drained { records: 0, bytes: 0 };
        // An idle consumer leaves the line of the tail alone.
        if self.storage.header(self.index(cursor.position.words())).load(Ordering::Relaxed) == 0 {
            return drained;
        }
        // What comes later is for the next drain. A consumer at the heels of the producers would take from them, for each
        // record, the cache lines that they are about to write.
        let tail = Position::from_bits(self.tail.0.load(Ordering::Relaxed));
        let max_records = max_records.min(tail.since(cursor.position).records as usize);
        // In registers: what stands behind a reference is read again after each call of the taker.
        let (mask, stride) = (self.size - 1, self.stride);
        let mut place = cursor.position.words();
        let mut hand = Hand { ring: self, cursor, taken: Span { records: 0, words: 0 } };
        while drained.records < max_records {
            let index = (place & mask) as usize;
            let header = self.header(index);
            if header == 0 {
                break;
            }
            let len = header as usize - 1;
            let sum = drained.bytes.checked_add(len).filter(|&sum| sum <= max_bytes);
            if drained.records > 0 && sum.is_none() {
                break;
            }
            drained.records += 1;
            drained.bytes = sum.unwrap_or(len);
            let words = words_of(len);
            place = place.wrapping_add(words);
            hand.taken.records += 1;
            hand.taken.words += words;
            self.storage.read(index, len, &mut taker);
            if hand.taken.words >= stride {
                hand.give_back();
            }
        }
        drop(hand);
        debug_assert!(self.is_clear(place), "invariant 4");
        drained
    }

    /// Whether the header place at `place`, the consumer's, reads 0 unless it is claimed.
    fn is_clear(&self, place: u32) -> bool {
        self.header(self.index(place)) == 0 || self.tail().words() != place
    }

    /// What is written at the header place `index`; if that is not 0, its record is there.
    #[inline]
    fn header(&self, index: usize) -> u64 {
        self.storage.header(index).load(Ordering::Acquire)
    }

    /// Zeroes what was taken and lets producers have it.
    ///
    /// A stride at a time: zeroing a page costs less than zeroing its records one by one, and producers miss their cache
    /// whenever `head` moves.
    fn give_back(&self, cursor: &mut Cursor, taken: Span) {
        let words = taken.words as usize;
        let index = self.index(cursor.position.words());
        let before_end = words.min(self.size as usize - index);
        self.storage.zero(index, before_end);
        self.storage.zero(0, words - before_end);
        cursor.position = cursor.position.plus(taken);
        cursor.taken += u64::from(taken.records);
        self.head.0.store(cursor.position.bits(), Ordering::Release);
    }

    /// Closes the ring: no later claim succeeds.
    pub(crate) fn close(&self) {
        self.tail.0.fetch_or(Position::CLOSED, Ordering::Release);
    }

    /// Where the next record will begin.
    #[inline]
    pub(crate) fn tail(&self) -> Position {
        Position::from_bits(self.tail.0.load(Ordering::Acquire))
    }

    /// Where the oldest record begins that was not given back.
    #[inline]
    pub(crate) fn head(&self) -> Position {
        Position::from_bits(self.head.0.load(Ordering::Acquire))
    }

    pub(crate) fn max_records(&self) -> usize {
        self.max_records as usize
    }

    pub(crate) fn max_bytes(&self) -> usize {
        self.size as usize * WORD
    }

    pub(crate) fn max_record(&self) -> usize {
        self.max_record
    }

    /// Whether this much is more than half of what the ring may hold.
    #[inline]
    pub(crate) fn is_over_half(&self, waiting: Span) -> bool {
        waiting.records > self.max_records / 2 || waiting.words > self.size / 2
    }

    #[inline]
    fn fill(&self, before: Span, words: u32) -> Fill {
        let waiting = Span { records: before.records + 1, words: before.words + words };
        Fill {
            records: waiting.records as usize,
            bytes: waiting.words as usize * WORD,
            over_half: self.is_over_half(waiting),
            was_over_half: self.is_over_half(before),
        }
    }

    #[inline]
    fn index(&self, words: u32) -> usize {
        (words & (self.size - 1)) as usize
    }
}

/// How far the consumer is.
pub(crate) struct Cursor {
    /// Where the oldest record begins that was not given back: the consumer's own copy of `head`.
    pub(crate) position: Position,
    /// Records given back since the ring was made.
    pub(crate) taken: u64,
}

/// The consumer at work. Dropping it, also by a panic of the one it lends to, gives back whatever was taken.
struct Hand<'a> {
    ring: &'a Ring,
    cursor: &'a mut Cursor,
    /// What was taken and not given back yet, the record lent out just now included.
    taken: Span,
}

impl Hand<'_> {
    #[inline]
    fn give_back(&mut self) {
        self.ring.give_back(self.cursor, self.taken);
        self.taken = Span { records: 0, words: 0 };
    }
}

impl Drop for Hand<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.taken.records > 0 {
            self.give_back();
        }
    }
}

/// Keeps `tail` and `head` off each other's cache line; 128 bytes because x86 fetches lines in pairs.
#[repr(align(128))]
struct CachePadded<T>(T);

/// Lets the winner of an exchange go on while it has the cache line of the tail: pushing a few records at a stretch, two
/// threads lose less than in turns. The loser comes a tenth of a microsecond later.
#[cold]
fn pause() {
    for _ in 0..4 {
        spin_loop();
    }
}

/// Words that a record of `len` bytes takes, at most `1 + MAX_RECORD / 8`.
#[inline]
const fn words_of(len: usize) -> u32 {
    // `1 + len.div_ceil(WORD)` without the remainder, on which the consumer's next load would wait.
    ((len + 2 * WORD - 1) / WORD) as u32
}

/// Longest record, in bytes: 64 KiB. A smaller ring takes only what fits it.
pub const MAX_RECORD: usize = 64 * 1024;
/// Most records a queue may hold: 2^31 - 1, the largest value of the tail's record count.
pub const MAX_RECORDS: usize = RECORDS as usize;
/// Most bytes a queue may hold: 16 GiB (2^31 words, half of what the tail's word count tells apart).
pub const MAX_BYTES: u64 = 1 << 34;

/// Bytes of a word.
pub(crate) const WORD: usize = 8;
/// 16 KiB: small beside any real ring, so that space comes back early, and a hundred lines, so that `head` moves seldom.
const MAX_STRIDE: u32 = 2048;
