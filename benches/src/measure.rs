//! Contestants that take turns, so that whatever else the machine does meets all of them alike.

use std::time::Instant;

/// How much work is done.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    rounds: usize,
    divisor: usize,
}

impl Effort {
    /// Enough for medians that mean something on a quiet machine.
    pub const FULL: Self = Self { rounds: 11, divisor: 1 };
    /// One round of a hundredth: that everything runs and every check passes, and no more.
    pub const TRIAL: Self = Self { rounds: 1, divisor: 100 };

    /// As many times the rounds, where threads meet and one round differs much from the next.
    pub fn rounds_times(self, factor: usize) -> Self {
        if self.is_trial() { self } else { Self { rounds: self.rounds * factor, ..self } }
    }

    /// The amount to do where a full run does `full`.
    pub fn of(self, full: usize) -> usize {
        (full / self.divisor).max(1)
    }

    /// Whether checks are all that counts.
    pub fn is_trial(self) -> bool {
        self.divisor > 1
    }
}

/// One way to do the work. It answers with what one round cost, in the unit of its rows.
#[expect(missing_debug_implementations, reason = "a closure shows nothing")]
pub struct Contestant<'a> {
    name: &'static str,
    round: Box<dyn FnMut() -> anyhow::Result<f64> + 'a>,
}

impl<'a> Contestant<'a> {
    /// Makes one whose round cannot fail.
    pub fn new(name: &'static str, mut round: impl FnMut() -> f64 + 'a) -> Self {
        Self::fallible(name, move || Ok(round()))
    }

    /// Makes one whose round may fail, which ends the race.
    pub fn fallible(name: &'static str, round: impl FnMut() -> anyhow::Result<f64> + 'a) -> Self {
        Self { name, round: Box::new(round) }
    }
}

/// What one contestant's rounds cost.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Of the contestant.
    pub name: &'static str,
    /// In their order.
    pub rounds: Vec<f64>,
}

impl Figures {
    /// The median of the rounds.
    pub fn median(&self) -> f64 {
        median(self.rounds.clone())
    }
}

/// Lets all of them run once for nothing, then in every round once each; another one begins each time.
///
/// # Errors
///
/// That of the first round that fails.
pub fn race(effort: Effort, mut contestants: Vec<Contestant<'_>>) -> anyhow::Result<Vec<Figures>> {
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
pub fn nanos_each(count: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64 / count as f64
}

/// Nanoseconds for each of the `count` things that one pass does: the median of several passes, which forgets those that
/// were interrupted.
pub fn nanos_each_pass(passes: usize, count: usize, mut pass: impl FnMut()) -> f64 {
    median((0..passes).map(|_| nanos_each(count, &mut pass)).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn medians() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn contestants_take_turns_and_the_first_round_does_not_count() {
        let turns = RefCell::new(String::new());
        let contestant = |name: &'static str| {
            let turns = &turns;
            Contestant::new(name, move || {
                turns.borrow_mut().push_str(name);
                turns.borrow().len() as f64
            })
        };
        let figures = race(Effort { rounds: 3, divisor: 1 }, vec![contestant("a"), contestant("b")]).unwrap();
        assert_eq!(*turns.borrow(), "ababbaab");
        assert_eq!(figures[0].rounds, [3.0, 6.0, 7.0]);
        assert_eq!(figures[1].rounds, [4.0, 5.0, 8.0]);
    }

    #[test]
    fn a_trial_does_a_hundredth_once() {
        assert_eq!((Effort::TRIAL.of(1000), Effort::TRIAL.of(5)), (10, 1));
        let figures = race(Effort::TRIAL.rounds_times(3), vec![Contestant::new("a", || 1.0)]).unwrap();
        assert_eq!(figures[0].rounds, [1.0]);
    }
}
