use std::{
    thread,
    time::{Duration, Instant},
};

/// Spreads lines evenly over time.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// Sleeps are late by about this; without making up for it the rate would be too low.
    const CREDIT: Duration = Duration::from_millis(20);
    /// A sleep that is shorter costs more than it spreads.
    const SHORTEST: Duration = Duration::from_millis(1);

    pub(crate) fn new(per_second: u32) -> Self {
        Self { interval: Duration::from_secs(1) / per_second, next: None }
    }

    /// Waits for the turn of the next line.
    pub(crate) fn wait(&mut self) {
        thread::sleep(self.due(Instant::now()));
    }

    /// Takes the turn of the next line and tells how far off it is; what a stall delayed is not made up for.
    fn due(&mut self, now: Instant) -> Duration {
        let turn = self.next.map_or(now, |next| next.max(now.checked_sub(Self::CREDIT).unwrap_or(now)));
        self.next = Some(turn + self.interval);
        let left = turn.saturating_duration_since(now);
        if left < Self::SHORTEST { Duration::ZERO } else { left }
    }
}

/// Reads `500` or `500/s`.
pub(crate) fn parse_rate(text: &str) -> Result<u32, String> {
    match text.strip_suffix("/s").unwrap_or(text).parse() {
        Ok(rate @ 1..) => Ok(rate),
        _ => Err(format!("a rate is a number of lines a second from 1 to {}, such as 500/s", u32::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Pace, parse_rate};

    #[track_caller]
    fn check(text: &str, expected: Option<u32>) {
        assert_eq!(parse_rate(text).ok(), expected, "{text}");
    }

    #[test]
    fn rates() {
        check("1", Some(1));
        check("500/s", Some(500));
        for text in ["0", "0/s", "", "/s", "-1", "1.5", "10/m", "4294967296"] {
            check(text, None);
        }
    }

    #[test]
    fn turns_come_evenly_and_a_stall_is_not_made_up_for() {
        let mut pace = Pace::new(10);
        let mut now = Instant::now();
        assert_eq!(pace.due(now), Duration::ZERO);
        for _ in 0..3 {
            assert_eq!(pace.due(now), Duration::from_millis(100));
            now += Duration::from_millis(100);
        }
        now += Duration::from_secs(60);
        assert_eq!(pace.due(now), Duration::ZERO);
        assert_eq!(pace.due(now), Duration::from_millis(80), "less the credit");
    }
}
