use std::time::Duration;

use tokio::time::Instant;

use crate::backoff::Backoff;

/// How long one lane, or the target of all lanes, stays quiet after failures.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pause {
    /// Failed attempts since the last batch that went through.
    failures: u32,
    failed_at: Instant,
    /// No attempt before this, unless hastened.
    scheduled: Instant,
    /// A flush asked for an attempt before the schedule; it gets one, however many ask.
    hastened: Hastened,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hastened {
    No,
    Asked,
    /// The early attempt was made, and this scheduled wait has no other.
    Used,
}

impl Pause {
    /// While closing, no two attempts come closer than this.
    const CLOSING: Duration = Duration::from_millis(250);

    pub(crate) const fn new(now: Instant) -> Self {
        Self { failures: 0, failed_at: now, scheduled: now, hastened: Hastened::No }
    }

    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Books a failure of the attempt begun at `started`, with the wait that follows.
    ///
    /// Attempts of several lanes that were in the air together count as one failure.
    pub(crate) fn failed(&mut self, started: Instant, until: Instant, now: Instant) {
        if self.failures == 0 || started >= self.failed_at {
            self.failures = self.failures.saturating_add(1);
        }
        self.failed_at = now;
        self.scheduled = self.scheduled.max(until);
    }

    pub(crate) fn succeeded(&mut self, now: Instant) {
        *self = Self::new(now);
    }

    /// Returns when the next attempt may begin.
    pub(crate) fn ready_at(&self, closing: bool) -> Instant {
        if self.failures == 0 {
            return self.scheduled;
        }
        let early = if closing {
            self.failed_at + Self::CLOSING
        } else if self.hastened == Hastened::Asked {
            self.failed_at + Backoff::FLOOR
        } else {
            return self.scheduled;
        };
        early.min(self.scheduled)
    }

    /// Notes that an attempt begins.
    pub(crate) fn begins(&mut self, now: Instant) {
        self.hastened = match self.hastened {
            _ if now >= self.scheduled => Hastened::No,
            Hastened::Asked => Hastened::Used,
            other => other,
        };
    }

    /// Asks for one attempt before the schedule.
    pub(crate) fn hasten(&mut self) {
        if self.hastened == Hastened::No {
            self.hastened = Hastened::Asked;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Pause;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waits_as_scheduled() {
        let start = Instant::now();
        let mut pause = Pause::new(start);
        assert_eq!(pause.ready_at(false), start);
        pause.failed(start, start + 8 * SECOND, start + SECOND);
        assert_eq!(pause.ready_at(false), start + 8 * SECOND);
        pause.succeeded(start + 9 * SECOND);
        assert_eq!((pause.failures(), pause.ready_at(false)), (0, start + 9 * SECOND));
    }

    #[test]
    fn attempts_in_the_air_together_fail_once() {
        let start = Instant::now();
        let mut pause = Pause::new(start);
        pause.failed(start, start + 5 * SECOND, start + SECOND);
        pause.failed(start, start + 4 * SECOND, start + 2 * SECOND);
        assert_eq!((pause.failures(), pause.ready_at(false)), (1, start + 5 * SECOND));
        pause.failed(start + 5 * SECOND, start + 9 * SECOND, start + 6 * SECOND);
        assert_eq!(pause.failures(), 2);
    }

    #[test]
    fn many_flushes_get_one_early_attempt_a_wait() {
        let start = Instant::now();
        let mut pause = Pause::new(start);
        pause.failed(start, start + 30 * SECOND, start);
        for _ in 0..100 {
            pause.hasten();
        }
        let early = pause.ready_at(false);
        assert_eq!(early, start + Duration::from_millis(50));
        pause.begins(early);
        pause.failed(early, early + SECOND, early);
        for _ in 0..100 {
            pause.hasten();
        }
        assert_eq!(pause.ready_at(false), start + 30 * SECOND, "the schedule stands");
        pause.begins(start + 30 * SECOND);
        pause.failed(start + 30 * SECOND, start + 60 * SECOND, start + 31 * SECOND);
        pause.hasten();
        assert_eq!(
            pause.ready_at(false),
            start + 31 * SECOND + Duration::from_millis(50),
            "a new wait, a new try"
        );
    }

    #[test]
    fn closing_shortens_the_wait_to_a_quarter_of_a_second() {
        let start = Instant::now();
        let mut pause = Pause::new(start);
        pause.failed(start, start + 30 * SECOND, start);
        assert_eq!(pause.ready_at(true), start + Duration::from_millis(250));
        let mut short = Pause::new(start);
        short.failed(start, start + Duration::from_millis(60), start);
        assert_eq!(short.ready_at(true), start + Duration::from_millis(60), "never longer than it was");
    }
}
