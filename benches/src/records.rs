//! A queue as one would write it without ours.

use std::mem;
use std::sync::Mutex;

/// Lines with their lengths in front, in a buffer that changes places with the consumer's empty one: the lock is held for no
/// longer than that takes. Two buffers of the whole capacity, where the others have one.
#[derive(Debug)]
pub struct Swap {
    waiting: Mutex<Records>,
    spare: Records,
}

impl Swap {
    /// Makes an empty queue of so many bytes, touched.
    pub fn new(capacity: usize) -> Self {
        Self { waiting: Mutex::new(Records::new(capacity)), spare: Records::new(capacity) }
    }

    /// What is pushed to.
    pub fn waiting(&self) -> &Mutex<Records> {
        &self.waiting
    }

    /// The two ends: what is pushed to, and what hands the lines that wait to a taker, one by one.
    pub fn ends(&mut self) -> (&Mutex<Records>, Drain<'_>) {
        (&self.waiting, Drain { waiting: &self.waiting, spare: &mut self.spare })
    }
}

/// The end of a [`Swap`] that drains.
#[derive(Debug)]
pub struct Drain<'a> {
    waiting: &'a Mutex<Records>,
    spare: &'a mut Records,
}

impl Drain<'_> {
    /// Appends the lines that wait to `out`, one by one.
    ///
    /// # Panics
    ///
    /// If a thread panicked while it pushed.
    #[inline]
    pub fn append_to(&mut self, out: &mut Vec<u8>) {
        mem::swap(&mut *self.waiting.lock().expect("no panic under the lock"), self.spare);
        self.spare.for_each(|line| out.extend_from_slice(line));
        self.spare.clear();
    }
}

/// Lines with their lengths in front. Without padding: less to write and to read than in a ring of words.
#[derive(Debug)]
pub struct Records {
    bytes: Vec<u8>,
    count: usize,
    capacity: usize,
}

impl Records {
    /// Large enough for all that it may hold, and touched.
    fn new(capacity: usize) -> Self {
        let mut records = Self { bytes: vec![1; capacity], count: 0, capacity };
        records.clear();
        records
    }

    /// Tells whether there was room.
    #[inline]
    pub fn push(&mut self, line: &[u8]) -> bool {
        if self.count >= MOST || self.bytes.len() + LEN + line.len() > self.capacity {
            return false;
        }
        self.bytes.extend_from_slice(&(line.len() as u32).to_ne_bytes());
        self.bytes.extend_from_slice(line);
        self.count += 1;
        true
    }

    #[inline]
    fn for_each(&self, mut taker: impl FnMut(&[u8])) {
        let mut rest = &*self.bytes;
        while let Some((len, behind)) = rest.split_first_chunk::<LEN>() {
            let (line, behind) = behind.split_at(u32::from_ne_bytes(*len) as usize);
            taker(line);
            rest = behind;
        }
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.count = 0;
    }
}

/// What a queue may hold that bounds lines and bytes apart: more lines than ever wait.
pub const MOST: usize = 1 << 20;
/// Bytes of a length.
const LEN: usize = 4;
