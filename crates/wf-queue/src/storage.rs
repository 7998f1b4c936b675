//! The ring's memory: the only unsafe code of the crate.
//!
//! [`Storage`] checks bounds in debug builds and knows nothing of turns: that no two threads touch one word at a time is
//! the doing of `ring.rs`, whose invariants the notes here name by number. Loom cannot watch plain bytes, so under
//! `wf_loom` a twin of the same four methods takes its place: words that are a loom atomic (the header place) beside a
//! loom cell (the bytes).

pub(crate) use self::memory::Storage;

#[cfg(not(wf_loom))]
mod memory {
    use alloc::alloc::{alloc_zeroed, dealloc};
    use core::alloc::Layout;
    use core::ptr::NonNull;
    use core::slice;

    use crate::sync::AtomicU64;

    /// A block of 8-byte words, zero at first.
    pub(crate) struct Storage {
        /// Start of `layout.size()` initialised bytes, owned. Every access derives from this pointer.
        words: NonNull<u64>,
        layout: Layout,
    }

    impl Storage {
        /// Allocates `len` zero words; `None` if `len` is 0 or there is no memory.
        ///
        /// The layout asks for no more than a word's alignment: with more, the system allocator would zero by hand and
        /// so touch every page, instead of mapping pages that cost nothing until they are used.
        pub(crate) fn zeroed(len: usize) -> Option<Self> {
            let layout = Layout::array::<AtomicU64>(len).ok().filter(|layout| layout.size() > 0)?;
            // SAFETY: the size is not zero.
            let words = NonNull::new(unsafe { alloc_zeroed(layout) })?.cast();
            Some(Self { words, layout })
        }

        /// The word at `index` as a header place.
        #[inline]
        pub(crate) fn header(&self, index: usize) -> &AtomicU64 {
            // SAFETY: in bounds, see `at`; aligned, see `zeroed`; live and initialised as long as `self`. By invariant 2
            // whoever comes here meets only atomic accesses, until the record is taken back or the word is claimed
            // anew, both of which happen after this access (invariants 3 and 4).
            unsafe { AtomicU64::from_ptr(self.at(index, 1)) }
        }

        /// Copies `record` to the words behind the header place at `index`.
        #[inline]
        pub(crate) fn write(&self, index: usize, record: &[u8]) {
            let to = self.at(index, 1 + record.len().div_ceil(8)).wrapping_add(1).cast::<u8>();
            // SAFETY: in bounds, see `at`. By invariant 1 these words are this producer's alone until it publishes the
            // header, and `record`, a live reference, cannot lie in them.
            unsafe { to.copy_from_nonoverlapping(record.as_ptr(), record.len()) }
        }

        /// Lends `reader` the `len` bytes of the record whose header place is at `index`.
        #[inline]
        pub(crate) fn read<R>(&self, index: usize, len: usize, reader: impl FnOnce(&[u8]) -> R) -> R {
            let from = self.at(index, 1 + len.div_ceil(8)).wrapping_add(1).cast::<u8>();
            // SAFETY: in bounds, see `at`; every byte is initialised since `zeroed`. By invariant 3 nobody writes these
            // words before the consumer, who is in this call, gives them back.
            reader(unsafe { slice::from_raw_parts(from, len) })
        }

        /// Zeroes the `len` words from `index` on.
        #[inline]
        pub(crate) fn zero(&self, index: usize, len: usize) {
            // SAFETY: in bounds, see `at`. By invariant 3 these words are the consumer's alone.
            unsafe { self.at(index, len).write_bytes(0, len) }
        }

        /// The address of the word at `index`, for an access to `len` words from there.
        #[inline]
        fn at(&self, index: usize, len: usize) -> *mut u64 {
            debug_assert!(index + len <= self.layout.size() / size_of::<u64>(), "invariant 5");
            self.words.as_ptr().wrapping_add(index)
        }
    }

    impl Drop for Storage {
        fn drop(&mut self) {
            // SAFETY: allocated in `zeroed` with this layout, and nothing else frees it.
            unsafe { dealloc(self.words.as_ptr().cast(), self.layout) }
        }
    }

    // SAFETY: the block is owned, and what is in it are integers.
    unsafe impl Send for Storage {}
    // SAFETY: no method hands out bytes that another thread may touch meanwhile (invariants 1 to 4).
    unsafe impl Sync for Storage {}
}

#[cfg(wf_loom)]
mod memory {
    use alloc::vec::Vec;

    use loom::cell::Cell;

    use crate::sync::{AtomicU64, Ordering};

    /// The model of a block of words. An access that the real block would make without an atomic touches the word's
    /// cell, where loom sees races; the header's own cell is touched too, so that two claims of one word are a race.
    pub(crate) struct Storage(Vec<(AtomicU64, Cell<[u8; 8]>)>);

    impl Storage {
        pub(crate) fn zeroed(len: usize) -> Option<Self> {
            Some(Self((0..len).map(|_| (AtomicU64::new(0), Cell::new([0; 8]))).collect()))
        }

        pub(crate) fn header(&self, index: usize) -> &AtomicU64 {
            &self.0[index].0
        }

        pub(crate) fn write(&self, index: usize, record: &[u8]) {
            self.0[index].1.set([0; 8]);
            for (word, bytes) in self.0[index + 1..].iter().zip(record.chunks(8)) {
                let mut padded = [0; 8];
                padded[..bytes.len()].copy_from_slice(bytes);
                word.1.set(padded);
            }
        }

        pub(crate) fn read<R>(&self, index: usize, len: usize, reader: impl FnOnce(&[u8]) -> R) -> R {
            let words = &self.0[index..index + 1 + len.div_ceil(8)];
            let copy = || words.iter().flat_map(|word| word.1.get()).collect::<Vec<u8>>();
            let before = copy();
            let result = reader(&before[8..8 + len]);
            // The loan lasts until here.
            assert_eq!(before, copy());
            result
        }

        pub(crate) fn zero(&self, index: usize, len: usize) {
            for word in &self.0[index..index + len] {
                word.1.set([0; 8]);
                word.0.store(0, Ordering::Relaxed);
            }
        }
    }

    // SAFETY: loom runs one thread at a time and reports what would be a race.
    unsafe impl Sync for Storage {}
}
