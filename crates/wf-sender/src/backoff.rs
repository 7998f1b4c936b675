use std::time::Duration;

/// Waits that double up to a cap and are spread over their whole length ("full jitter"), so that many senders do not
/// come back at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) base: Duration,
    pub(crate) cap: Duration,
}

impl Backoff {
    pub(crate) const DEFAULT: Self = Self { base: Duration::from_millis(500), cap: Duration::from_secs(30) };
    /// No two attempts come closer than this.
    pub(crate) const FLOOR: Duration = Duration::from_millis(50);

    /// Returns the wait after `failures` failed attempts in a row; `jitter` is in 0..1.
    pub(crate) fn wait(&self, failures: u32, jitter: f64) -> Duration {
        let doubled = self.base.saturating_mul(1 << failures.min(20));
        doubled.min(self.cap).mul_f64(jitter).max(Self::FLOOR)
    }
}

/// The longest wait that an endpoint may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(300);

/// Returns the longer of the wait and what the endpoint asked for, plus up to a fifth of it.
pub(crate) fn with_retry_after(wait: Duration, asked: Option<Duration>, jitter: f64) -> Duration {
    match asked {
        Some(asked) => wait.max(asked.min(LONGEST_ASKED).mul_f64(1.0 + 0.2 * jitter)),
        None => wait,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Backoff, with_retry_after};

    #[track_caller]
    fn check(failures: u32, jitter: f64, millis: u64) {
        assert_eq!(Backoff::DEFAULT.wait(failures, jitter), Duration::from_millis(millis));
    }

    #[test]
    fn doubles_to_the_cap_with_full_jitter_and_a_floor() {
        check(0, 0.0, 50);
        check(0, 0.05, 50);
        check(0, 0.5, 250);
        check(1, 0.5, 500);
        check(3, 0.5, 2_000);
        check(5, 0.5, 8_000);
        check(6, 0.5, 15_000);
        check(u32::MAX, 0.5, 15_000);
    }

    #[test]
    fn retry_after_is_a_lower_bound() {
        let wait = Duration::from_secs(1);
        assert_eq!(with_retry_after(wait, None, 0.5), wait);
        assert_eq!(with_retry_after(wait, Some(Duration::ZERO), 0.5), wait);
        assert_eq!(with_retry_after(wait, Some(Duration::from_secs(10)), 0.0), Duration::from_secs(10));
        assert_eq!(with_retry_after(wait, Some(Duration::from_secs(10)), 0.5), Duration::from_secs(11));
        assert_eq!(with_retry_after(wait, Some(Duration::MAX), 0.5), Duration::from_secs(330));
    }
}
