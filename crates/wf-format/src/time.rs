/// The timestamp of a point or histogram.
///
/// An integer is written as given: the receiver tells seconds, milliseconds, microseconds and nanoseconds apart by
/// size. A `SystemTime` (feature `std`) gives seconds. Negative ones are refused when the line is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub(crate) i64);

impl From<i64> for Timestamp {
    fn from(timestamp: i64) -> Self {
        Self(timestamp)
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTime> for Timestamp {
    fn from(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(BEFORE_EPOCH, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX)))
    }
}

/// The start or duration of a span, or the start or end of an event, in milliseconds.
///
/// An integer is written as given. A `Duration` gives its milliseconds, a `SystemTime` (feature `std`) the milliseconds
/// since the epoch. Negative ones are refused when the line is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub(crate) i64);

impl From<i64> for Millis {
    fn from(millis: i64) -> Self {
        Self(millis)
    }
}

impl From<core::time::Duration> for Millis {
    fn from(duration: core::time::Duration) -> Self {
        Self(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTime> for Millis {
    fn from(time: std::time::SystemTime) -> Self {
        time.duration_since(std::time::UNIX_EPOCH).map_or(Self(BEFORE_EPOCH), Self::from)
    }
}

/// The timestamp of a span log in microseconds since the epoch.
///
/// An integer is written as given; a `SystemTime` (feature `std`) is converted. Negative ones are refused when the line
/// is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub(crate) i64);

impl From<i64> for Micros {
    fn from(micros: i64) -> Self {
        Self(micros)
    }
}

#[cfg(feature = "std")]
impl From<std::time::SystemTime> for Micros {
    fn from(time: std::time::SystemTime) -> Self {
        let since = time.duration_since(std::time::UNIX_EPOCH);
        Self(since.map_or(BEFORE_EPOCH, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX)))
    }
}

// Any negative number will do: the encoder refuses them all.
#[cfg(feature = "std")]
const BEFORE_EPOCH: i64 = -1;
