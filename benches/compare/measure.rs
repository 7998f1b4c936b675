//! Contestants that take turns, so that whatever else the machine does meets all of them alike.

use std::time::Instant;

/// How much work is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    rounds: usize,
    divisor: usize,
}

impl Effort {
    /// Enough for medians that mean something on a quiet machine.
    pub(crate) const FULL: Self = Self { rounds: 11, divisor: 1 };
    /// One round of a hundredth: that everything runs and every check passes, and no more.
    pub(crate) const TRIAL: Self = Self { rounds: 1, divisor: 100 };

    /// As many times the rounds, where threads meet and one round differs much from the next.
    pub(crate) fn rounds_times(self, factor: usize) -> Self {
        if self.is_trial() { self } else { Self { rounds: self.rounds * factor, ..self } }
    }

    /// The amount to do where a full run does `full`.
    pub(crate) fn of(self, full: usize) -> usize {
        (full / self.divisor).max(1)
    }

    pub(crate) fn is_trial(self) -> bool {
        self.divisor > 1
    }
}

/// One way to do the work. It answers with what one round cost, in the unit of its rows.
pub(crate) struct Contestant<'a> {
    pub(crate) name: &'static str,
    pub(crate) round: Box<dyn FnMut() -> anyhow::Result<f64> + 'a>,
}

impl<'a> Contestant<'a> {
    pub(crate) fn new(name: &'static str, mut round: impl FnMut() -> f64 + 'a) -> Self {
        Self::fallible(name, move || Ok(round()))
    }

    pub(crate) fn fallible(name: &'static str, round: impl FnMut() -> anyhow::Result<f64> + 'a) -> Self {
        Self { name, round: Box::new(round) }
    }
}

/// What one contestant's rounds cost.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) name: &'static str,
    pub(crate) rounds: Vec<f64>,
}

impl Figures {
    pub(crate) fn median(&self) -> f64 {
        median(self.rounds.clone())
    }
}

/// Lets all of them run once for nothing, then in every round once each; another one begins each time.
pub(crate) fn race(effort: Effort, mut contestants: Vec<Contestant<'_>>) -> anyhow::Result<Vec<Figures>> {
    let mut figures: Vec<_> =
        contestants.iter().map(|c| Figures { name: c.name, rounds: Vec::new() }).collect();
    if !effort.is_trial() {
        for contestant in &mut contestants {
            (contestant.round)()?;
        }
    }
    for round in 0..effort.rounds {
        for turn in 0..contestants.len() {
            let whose = (round + turn) % contestants.len();
            figures[whose].rounds.push((contestants[whose].round)()?);
        }
    }
    Ok(figures)
}

/// Nanoseconds for each of `count` things that `work` does.
pub(crate) fn nanos_each(count: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64 / count as f64
}

/// Nanoseconds for each of the `count` things that one pass does: the median of several passes, which forgets those that
/// were interrupted.
pub(crate) fn nanos_each_pass(passes: usize, count: usize, mut pass: impl FnMut()) -> f64 {
    median((0..passes).map(|_| nanos_each(count, &mut pass)).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}
