use std::{
    collections::hash_map::RandomState,
    fmt,
    hash::{BuildHasher, Hasher},
};

/// Gives every point an id of its own, by which the receiver knows it again, and every span its ids.
pub(crate) struct Identity {
    random: RandomState,
    count: u64,
}

impl Identity {
    pub(crate) fn new() -> Self {
        Self { random: RandomState::new(), count: 0 }
    }

    /// Returns the id of the next point.
    pub(crate) fn next(&mut self) -> PointId {
        self.count += 1;
        PointId(self.count.to_string())
    }

    /// Returns 128 bits that nobody else has.
    pub(crate) fn next_u128(&mut self) -> u128 {
        let mut half = || {
            self.count += 1;
            let mut hasher = self.random.build_hasher();
            hasher.write_u64(self.count);
            u128::from(hasher.finish())
        };
        half() << 64 | half()
    }
}

/// The value of a point's tag `id`.
pub(crate) struct PointId(String);

impl AsRef<str> for PointId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
