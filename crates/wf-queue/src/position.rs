//! A place in the stream of records, packed in one 64-bit word.

/// A place in the stream of all records ever pushed: how many records and words came before it.
///
/// | bits | meaning |
/// |---|---|
/// | 63 | closed (in the tail only) |
/// | 32..=62 | records before this place, modulo 2^31 |
/// | 0..=31 | words before this place, modulo 2^32 |
///
/// Neither count carries into its neighbour. The word count's lowest bits are the index in the ring, because the ring's
/// size is a power of two and so divides 2^32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position(u64);

/// What lies between two positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Records, `0..=MAX_RECORDS`.
    pub(crate) records: u32,
    /// Words, headers and padding included.
    pub(crate) words: u32,
}

impl Position {
    pub(crate) const CLOSED: u64 = 1 << 63;

    pub(crate) const fn new(records: u32, words: u32) -> Self {
        Self(((records & RECORDS) as u64) << 32 | words as u64)
    }

    pub(crate) const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> u64 {
        self.0
    }

    pub(crate) const fn is_closed(self) -> bool {
        self.0 & Self::CLOSED != 0
    }

    pub(crate) const fn records(self) -> u32 {
        (self.0 >> 32) as u32 & RECORDS
    }

    pub(crate) const fn words(self) -> u32 {
        self.0 as u32
    }

    /// The position behind `span`. The closed bit is not kept.
    pub(crate) const fn plus(self, span: Span) -> Self {
        Self::new(self.records().wrapping_add(span.records), self.words().wrapping_add(span.words))
    }

    /// What was pushed from `earlier` up to here, right if it is less than one turn of either count.
    pub(crate) const fn since(self, earlier: Self) -> Span {
        Span {
            records: self.records().wrapping_sub(earlier.records()) & RECORDS,
            words: self.words().wrapping_sub(earlier.words()),
        }
    }
}

/// The largest value of the record count.
pub(crate) const RECORDS: u32 = (1 << 31) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: (u32, u32), words: u32, to: (u32, u32)) {
        let from = Position::new(from.0, from.1);
        let span = Span { records: 1, words };
        let next = from.plus(span);
        assert_eq!((next.records(), next.words()), to);
        assert!(!next.is_closed());
        assert_eq!(next.since(from), span);
    }

    #[test]
    fn counts_do_not_carry_into_their_neighbours() {
        check((0, 0), 3, (1, 3));
        check((7, u32::MAX), 1, (8, 0));
        check((7, u32::MAX - 1), 5, (8, 3));
        check((RECORDS, 9), 2, (0, 11));
        check((RECORDS, u32::MAX), u32::MAX, (0, u32::MAX - 1));
    }

    #[test]
    fn the_closed_bit_is_none_of_the_counts() {
        let open = Position::new(RECORDS, u32::MAX);
        let closed = Position::from_bits(open.bits() | Position::CLOSED);
        assert!(!open.is_closed() && closed.is_closed());
        assert_eq!((closed.records(), closed.words()), (open.records(), open.words()));
        assert_eq!(closed.since(open), Span { records: 0, words: 0 });
    }
}
