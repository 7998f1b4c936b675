use std::{
    cell::Cell,
    mem,
    ops::{Deref, DerefMut},
};

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// The place where a line is written before it is queued: the same memory for all sends of a thread, so that only a line
/// longer than those before allocates.
///
/// A send within a send (from a `Tags` of the caller's, say) and a send while the thread's own values are dropped get memory
/// of their own.
pub(crate) struct Scratch(Vec<u8>);

impl Scratch {
    /// The most that a thread keeps, in bytes: three of the longest lines, as a histogram may have.
    const KEPT: usize = 128 * 1024;

    pub(crate) fn new() -> Self {
        let mut spare = SPARE.try_with(Cell::take).unwrap_or_default();
        spare.clear();
        Self(spare)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.0.capacity() <= Self::KEPT {
            let spare = mem::take(&mut self.0);
            // What a send within this one has left there is dropped.
            let _ = SPARE.try_with(|place| place.set(spare));
        }
    }
}

impl Deref for Scratch {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Scratch;

    #[test]
    fn a_thread_keeps_its_memory_and_not_too_much_of_it() {
        let mut scratch = Scratch::new();
        scratch.extend_from_slice(&[1; 3000]);
        let capacity = scratch.capacity();
        assert_eq!(Scratch::new().capacity(), 0, "the memory is in use");
        drop(scratch);
        let mut scratch = Scratch::new();
        assert_eq!((scratch.len(), scratch.capacity()), (0, capacity));
        scratch.reserve(Scratch::KEPT + 1);
        drop(scratch);
        assert_eq!(Scratch::new().capacity(), 0);
    }
}
