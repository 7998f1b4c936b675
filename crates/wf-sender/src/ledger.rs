use std::{
    fmt,
    ops::{AddAssign, Index, Sub},
};

use wf_transport::{LineKind, Outcome};

use crate::reason::{Dropped, Loss, Reason, Refused, Unconfirmed};

/// The books of a sender at one instant, one [`Ledger`] a kind.
///
/// ```
/// use wf_sender::{Builder, transport::{LineKind, MemoryTransport}};
///
/// let sender = Builder::new(MemoryTransport::new()).start()?;
/// let stats = sender.stats();
/// assert_eq!(stats[LineKind::Point].offered(), 0);
/// assert!(stats.total().balances());
/// # Ok::<(), wf_sender::StartError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub(crate) kinds: [Ledger; LineKind::ALL.len()],
    pub(crate) failures: u64,
    pub(crate) last_failure: Option<Outcome>,
}

impl Stats {
    pub(crate) const ZERO: Self =
        Self { kinds: [Ledger::ZERO; LineKind::ALL.len()], failures: 0, last_failure: None };

    /// Returns the sums over all kinds.
    #[must_use]
    pub fn total(&self) -> Ledger {
        self.kinds.iter().fold(Ledger::default(), |sum, ledger| sum.plus(ledger))
    }

    /// Returns the number of attempts that failed since the start, connects and requests alike; it never goes back.
    #[must_use]
    pub const fn failures(&self) -> u64 {
        self.failures
    }

    /// Returns how the latest of those attempts ended, for a person to read: the status of an answer, or what broke.
    ///
    /// It stays after a success; the difference of two books has that of the later.
    #[must_use]
    pub const fn last_failure(&self) -> Option<Outcome> {
        self.last_failure
    }
}

impl Index<LineKind> for Stats {
    type Output = Ledger;

    fn index(&self, kind: LineKind) -> &Ledger {
        &self.kinds[kind.index()]
    }
}

/// The difference; `pending` is that of the later books.
impl Sub for Stats {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        let mut kinds = self.kinds;
        for (ledger, earlier) in kinds.iter_mut().zip(&earlier.kinds) {
            *ledger = ledger.minus(earlier);
        }
        Self {
            kinds,
            failures: self.failures.saturating_sub(earlier.failures),
            last_failure: self.last_failure,
        }
    }
}

/// What became of the points of one kind, in points.
///
/// At every moment `offered = accepted + refused` and `accepted = delivered + dropped + unconfirmed + pending`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    pub(crate) accepted: u64,
    pub(crate) delivered: u64,
    pub(crate) pending: u64,
    pub(crate) refused: [u64; Refused::ALL.len()],
    pub(crate) dropped: [u64; Dropped::ALL.len()],
    pub(crate) unconfirmed: [u64; Unconfirmed::ALL.len()],
}

impl Ledger {
    const ZERO: Self = Self {
        accepted: 0,
        delivered: 0,
        pending: 0,
        refused: [0; Refused::ALL.len()],
        dropped: [0; Dropped::ALL.len()],
        unconfirmed: [0; Unconfirmed::ALL.len()],
    };

    /// Returns the points offered: accepted or refused.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.accepted + self.refused()
    }

    /// Returns the points accepted into a lane.
    #[must_use]
    pub const fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Returns the points refused, for whatever reason.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused.iter().sum()
    }

    /// Returns the points refused for `reason`.
    #[must_use]
    pub fn refused_for(&self, reason: Refused) -> u64 {
        self.refused[reason.index()]
    }

    /// Returns the points that the endpoint acknowledged.
    ///
    /// A proxy acknowledges what it holds in memory, and does not say which lines it rejects later.
    #[must_use]
    pub const fn delivered(&self) -> u64 {
        self.delivered
    }

    /// Returns the points given up that the endpoint never took.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Returns the points dropped for `reason`.
    #[must_use]
    pub fn dropped_for(&self, reason: Dropped) -> u64 {
        self.dropped[reason.index()]
    }

    /// Returns the points that the endpoint may have taken.
    #[must_use]
    pub fn unconfirmed(&self) -> u64 {
        self.unconfirmed.iter().sum()
    }

    /// Returns the points unconfirmed for `reason`.
    #[must_use]
    pub fn unconfirmed_for(&self, reason: Unconfirmed) -> u64 {
        self.unconfirmed[reason.index()]
    }

    /// Returns the points that wait in the queue or are in the worker's hands; measured, not computed from the
    /// other cells.
    #[must_use]
    pub const fn pending(&self) -> u64 {
        self.pending
    }

    /// Tells whether every accepted point is delivered, dropped, unconfirmed or pending.
    ///
    /// False means a defect of this crate.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.accepted == self.delivered + self.dropped() + self.unconfirmed() + self.pending
    }

    /// Books `points` as lost.
    pub(crate) fn lose(&mut self, loss: Loss, points: u64) {
        match loss {
            Loss::Dropped(reason) => self.dropped[reason.index()] += points,
            Loss::Unconfirmed(reason) => self.unconfirmed[reason.index()] += points,
        }
    }

    fn plus(&self, other: &Self) -> Self {
        let mut sum = self.zip(other, |a, b| a + b);
        sum.pending = self.pending + other.pending;
        sum
    }

    fn minus(&self, earlier: &Self) -> Self {
        self.zip(earlier, u64::saturating_sub)
    }

    fn zip(&self, other: &Self, f: impl Fn(u64, u64) -> u64) -> Self {
        fn cells<const N: usize>(a: &[u64; N], b: &[u64; N], f: &impl Fn(u64, u64) -> u64) -> [u64; N] {
            std::array::from_fn(|cell| f(a[cell], b[cell]))
        }
        Self {
            accepted: f(self.accepted, other.accepted),
            delivered: f(self.delivered, other.delivered),
            pending: self.pending,
            refused: cells(&self.refused, &other.refused, &f),
            dropped: cells(&self.dropped, &other.dropped, &f),
            unconfirmed: cells(&self.unconfirmed, &other.unconfirmed, &f),
        }
    }
}

impl AddAssign<&Self> for Ledger {
    fn add_assign(&mut self, other: &Self) {
        *self = self.plus(other);
    }
}

/// One line, with the reasons whose count is not zero.
impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "offered {} accepted {}", self.offered(), self.accepted)?;
        reasons(f, "refused", &Refused::ALL, &self.refused)?;
        write!(f, " delivered {}", self.delivered)?;
        reasons(f, "dropped", &Dropped::ALL, &self.dropped)?;
        reasons(f, "unconfirmed", &Unconfirmed::ALL, &self.unconfirmed)?;
        write!(f, " pending {}", self.pending)
    }
}

fn reasons(f: &mut fmt::Formatter<'_>, what: &str, all: &[impl fmt::Display], counts: &[u64]) -> fmt::Result {
    for (reason, count) in all.iter().zip(counts) {
        if *count > 0 {
            write!(f, " {what}{{{reason}}} {count}")?;
        }
    }
    Ok(())
}

/// What a [`flush`](crate::Sender::flush) or a [`close`](crate::Sender::close) achieved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Whether all that was accepted before the call is final: delivered, dropped or unconfirmed.
    pub complete: bool,
    /// What the books changed by over the call, in points; its `pending` is that at the end of the call.
    pub delta: Stats,
}

#[cfg(test)]
mod tests {
    use wf_transport::{LineKind, Outcome};

    use super::{Ledger, Stats};
    use crate::reason::{Dropped, Loss, Refused, Unconfirmed};

    fn ledger() -> Ledger {
        let mut ledger = Ledger { accepted: 10, delivered: 4, pending: 1, ..Ledger::default() };
        ledger.refused[Refused::QueueFull as usize] = 3;
        ledger.lose(Loss::Dropped(Dropped::Expired), 3);
        ledger.lose(Loss::Unconfirmed(Unconfirmed::Reset), 2);
        ledger
    }

    #[test]
    fn prints_every_cell_that_is_not_zero() {
        assert_eq!(
            ledger().to_string(),
            "offered 13 accepted 10 refused{queue_full} 3 delivered 4 dropped{expired} 3 unconfirmed{reset} 2 pending 1"
        );
    }

    #[test]
    fn balance_notices_a_missing_point() {
        assert!(ledger().balances());
        assert!(!Ledger { pending: 0, ..ledger() }.balances());
    }

    #[test]
    fn sums_and_differences_cover_every_cell() {
        let last_failure = Some(Outcome::status(503));
        let books = Stats { kinds: [ledger(); LineKind::ALL.len()], failures: 7, last_failure };
        assert_eq!(books.total().offered(), 7 * 13);
        assert_eq!(books.total().pending(), 7);
        let kinds = [Ledger { pending: 0, ..ledger() }; LineKind::ALL.len()];
        let delta = books - Stats { kinds, failures: 5, last_failure: None };
        assert_eq!(delta.total(), Ledger { pending: 7, ..Ledger::default() });
        assert_eq!((delta.failures(), delta.last_failure()), (2, last_failure));
    }
}
