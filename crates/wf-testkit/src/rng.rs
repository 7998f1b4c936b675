//! A small seeded generator.

/// A seeded generator (SplitMix64): the same seed gives the same numbers on every machine.
///
/// ```
/// use wf_testkit::Rng;
///
/// assert_eq!(Rng::new(7).next_u64(), Rng::new(7).next_u64());
/// assert!(Rng::new(7).below(10) < 10);
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// A generator that begins at `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..end`; 0 if `end` is 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        // The bias of a remainder is below 2^-40 for every range a test uses.
        if end == 0 { 0 } else { self.next_u64() % end }
    }
}
