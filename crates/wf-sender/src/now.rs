//! Ready-made lines that go at once: one attempt ahead of the queue, in the books like any point.

use std::{
    collections::VecDeque,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use wf_transport::{Batch, Limits, LineKind, Records};

use crate::ledger::Ledger;

/// Lines of one kind that wait for their turn.
pub(crate) struct Now {
    pub(crate) kind: LineKind,
    /// As many as the transport's limits make of them; each gets one attempt.
    pub(crate) batches: VecDeque<Batch>,
    /// After this no attempt begins.
    pub(crate) deadline: Option<Instant>,
    pub(crate) turn: Arc<Turn>,
}

impl Now {
    pub(crate) fn points(&self) -> u64 {
        self.batches.iter().map(|batch| batch.points() as u64).sum()
    }
}

/// Packs records into as few batches as the limits allow.
pub(crate) fn batches<'a>(
    kind: LineKind,
    records: impl Iterator<Item = &'a str>,
    limits: Limits,
) -> VecDeque<Batch> {
    let mut batches = VecDeque::new();
    let mut open = Records::new();
    for record in records {
        let bytes = record.len() + usize::from(!record.ends_with('\n'));
        if !open.is_empty() && (open.len() >= limits.points || open.byte_len() + bytes > limits.bytes) {
            batches.push_back(Batch::new(kind, std::mem::take(&mut open)));
        }
        if record.ends_with('\n') {
            open.push(record.as_bytes());
        } else {
            open.push(format!("{record}\n").as_bytes());
        }
    }
    if !open.is_empty() {
        batches.push_back(Batch::new(kind, open));
    }
    batches
}

/// Lines on their way from the handles to the worker; closed once the worker is gone.
pub(crate) struct NowQueue(Mutex<Option<Vec<Now>>>);

impl Default for NowQueue {
    fn default() -> Self {
        Self(Mutex::new(Some(Vec::new())))
    }
}

impl NowQueue {
    /// Tells whether the worker will see it.
    pub(crate) fn push(&self, now: Now) -> bool {
        self.lock().as_mut().map(|queue| queue.push(now)).is_some()
    }

    pub(crate) fn take(&self) -> Vec<Now> {
        self.lock().as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Takes what is there, and lets nothing more in.
    pub(crate) fn end(&self) -> Vec<Now> {
        self.lock().take().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Now>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the caller waits for.
#[derive(Default)]
pub(crate) struct Turn {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    Waiting,
    /// The points are in the books; the ledger tells how far they are.
    Begun(Ledger),
    Done(Ledger),
    /// The caller gave up before its turn came.
    Missed,
    /// The sender ended first.
    Ended,
}

/// How a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waited {
    Done(Ledger),
    /// Begun, and not yet at its end.
    Begun(Ledger),
    Ended,
    Missed,
}

impl Turn {
    /// Books the points as accepted, unless the caller has given up; tells whether the turn began.
    pub(crate) fn begin(&self, points: u64) -> bool {
        self.change(|state| {
            let begins = matches!(state, State::Waiting);
            if begins {
                *state = State::Begun(Ledger { accepted: points, pending: points, ..Ledger::default() });
            }
            begins
        })
    }

    /// Notes what became of `points` of them.
    pub(crate) fn advance(&self, points: u64, change: impl FnOnce(&mut Ledger)) {
        self.change(|state| {
            if let State::Begun(ledger) = state {
                change(ledger);
                ledger.pending = ledger.pending.saturating_sub(points);
                if ledger.pending == 0 {
                    *state = State::Done(*ledger);
                }
            }
        });
    }

    pub(crate) fn end(&self) {
        self.change(|state| {
            if matches!(state, State::Waiting) {
                *state = State::Ended;
            }
        });
    }

    /// Waits until all points are final, or `deadline`; a turn that has not begun by then never will.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Waited {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match *state {
                State::Done(ledger) => return Waited::Done(ledger),
                State::Ended => return Waited::Ended,
                State::Missed => return Waited::Missed,
                State::Waiting | State::Begun(_) => {}
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            state = match left {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(left) if left.is_zero() => match *state {
                    State::Begun(ledger) => return Waited::Begun(ledger),
                    _ => {
                        *state = State::Missed;
                        return Waited::Missed;
                    }
                },
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state);
        self.changed.notify_all();
        result
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{Turn, Waited};
    use crate::ledger::Ledger;

    #[test]
    fn a_turn_that_was_missed_does_not_begin() {
        let turn = Turn::default();
        assert_eq!(turn.wait(Some(Instant::now())), Waited::Missed);
        assert!(!turn.begin(2));
    }

    #[test]
    fn a_turn_that_began_is_reported_as_far_as_it_is() {
        let turn = Turn::default();
        assert!(turn.begin(2));
        turn.advance(1, |ledger| ledger.delivered += 1);
        let half = Ledger { accepted: 2, delivered: 1, pending: 1, ..Ledger::default() };
        assert_eq!(turn.wait(Some(Instant::now())), Waited::Begun(half));
        turn.advance(1, |ledger| ledger.delivered += 1);
        assert_eq!(turn.wait(None), Waited::Done(Ledger { delivered: 2, pending: 0, ..half }));
    }

    #[test]
    fn the_end_of_the_sender_ends_the_wait() {
        let turn = Turn::default();
        turn.end();
        assert_eq!(turn.wait(None), Waited::Ended);
    }
}
