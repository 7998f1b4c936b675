//! The ledger while it is being written: cells that only the worker writes, published together under one lock.

use std::{
    fmt,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use wf_queue::Producer;
use wf_transport::LineKind;

use crate::{
    ledger::{Ledger, Report, Stats},
    reason::{Dropped, Loss, Reason, Refused, Unconfirmed},
};

/// Record counts of a ring wrap at 31 bits.
const RING_COUNT: u64 = (1 << 31) - 1;

/// One entry a lane.
pub(crate) type PerLane<T> = [T; LineKind::ALL.len()];

/// The pushing ends of the lanes; `None` where the transport has no route.
pub(crate) type Producers = PerLane<Option<Producer>>;

/// The books that the handles and the worker share.
#[derive(Default)]
pub(crate) struct Books {
    cells: Mutex<Cells>,
    changed: Condvar,
    refused: PerLane<[AtomicU64; Refused::ALL.len()]>,
}

/// What the worker knows, as of its last publication.
#[derive(Default)]
pub(crate) struct Cells {
    pub(crate) lanes: PerLane<LaneCells>,
    pub(crate) failures: u64,
    /// When the worker has to be done.
    pub(crate) close_at: Option<Instant>,
    /// The worker is gone, and what it held is booked.
    ended: bool,
    closed: Option<Report>,
    waiters: usize,
}

/// The worker's cells of one lane.
#[derive(Clone, Copy, Default)]
pub(crate) struct LaneCells {
    /// `accepted`, `pending` and `refused` stay zero here: they are measured when somebody asks.
    pub(crate) ledger: Ledger,
    /// Records taken out of the ring since the start.
    pub(crate) taken: u64,
    /// Points accepted since the start that never were in the ring: those sent at once.
    pub(crate) at_once: u64,
    /// Points in the worker's hands.
    pub(crate) held: u64,
    /// Points among them that the endpoint may have.
    pub(crate) doubtful: u64,
    /// The place, in the order of acceptance, of the oldest point that is not final.
    pub(crate) oldest: u64,
}

impl LaneCells {
    /// Returns the points accepted into the ring since the start: those taken, and those that it holds.
    fn queued(&self, producer: &Producer) -> u64 {
        let waiting = u64::from(producer.accepted()).wrapping_sub(self.taken) & RING_COUNT;
        self.taken + waiting
    }
}

impl Cells {
    fn give_up(&mut self, producers: &Producers, dropped: Dropped, unconfirmed: Unconfirmed) {
        if self.ended {
            return;
        }
        self.ended = true;
        for (lane, producer) in self.lanes.iter_mut().zip(producers) {
            let Some(producer) = producer else { continue };
            let queued = lane.queued(producer);
            lane.ledger.lose(Loss::Unconfirmed(unconfirmed), lane.doubtful);
            lane.ledger.lose(Loss::Dropped(dropped), queued - lane.taken + lane.held - lane.doubtful);
            *lane = LaneCells { taken: queued, held: 0, doubtful: 0, oldest: queued, ..*lane };
        }
    }
}

impl Books {
    /// Counts one refusal.
    pub(crate) fn refuse(&self, kind: LineKind, reason: Refused) {
        self.refused[kind.index()][reason.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Lets the worker write its cells, and tells whoever waits for them.
    pub(crate) fn publish(&self, write: impl FnOnce(&mut Cells)) {
        let mut cells = self.lock();
        // Whoever gave the worker up has closed the books.
        if !cells.ended {
            write(&mut cells);
        }
        if cells.waiters > 0 {
            self.changed.notify_all();
        }
    }

    /// Says that the worker is gone and holds nothing.
    pub(crate) fn end(&self) {
        self.publish(|cells| cells.ended = true);
    }

    /// Closes the books for a worker that does not answer: what waits is lost as `dropped`, what it held as `dropped` or
    /// `unconfirmed`.
    pub(crate) fn give_up(&self, producers: &Producers, dropped: Dropped, unconfirmed: Unconfirmed) {
        self.lock().give_up(producers, dropped, unconfirmed);
        self.changed.notify_all();
    }

    /// The same in a fork, where the lock may be held for ever by a thread that does not exist; then nothing can be booked.
    pub(crate) fn give_up_in_fork(&self, producers: &Producers) {
        for _ in 0..100 {
            if let Ok(mut cells) = self.cells.try_lock() {
                return cells.give_up(producers, Dropped::Forked, Unconfirmed::Forked);
            }
            std::thread::yield_now();
        }
    }

    /// Returns all cells at one instant.
    pub(crate) fn stats(&self, producers: &Producers) -> Stats {
        self.stats_of(&self.lock(), producers)
    }

    /// Waits until all that was accepted by now is final, the worker is gone, or `deadline` passes.
    pub(crate) fn wait_until_final(&self, producers: &Producers, deadline: Option<Instant>) -> bool {
        let cells = self.lock();
        let targets: PerLane<u64> = std::array::from_fn(|lane| {
            producers[lane].as_ref().map_or(0, |ring| cells.lanes[lane].queued(ring))
        });
        let is_final =
            |cells: &Cells| cells.lanes.iter().zip(&targets).all(|(lane, target)| lane.oldest >= *target);
        let cells = self.wait(cells, deadline, |cells| cells.ended || is_final(cells));
        is_final(&cells)
    }

    /// Asks the worker to be done by `deadline`; the earliest that anybody asked for counts.
    pub(crate) fn ask_to_close(&self, deadline: Option<Instant>) {
        let mut cells = self.lock();
        cells.close_at = match (cells.close_at, deadline) {
            (Some(earlier), Some(new)) => Some(earlier.min(new)),
            (earlier, new) => earlier.or(new),
        };
    }

    /// Waits until the worker is gone or `deadline` passes; tells whether it is gone.
    pub(crate) fn wait_until_ended(&self, deadline: Option<Instant>) -> bool {
        self.wait(self.lock(), deadline, |cells| cells.ended).ended
    }

    /// Returns the report of the first call that closed, and `first` if this is it.
    pub(crate) fn closed(&self, first: impl FnOnce(&Self) -> Report) -> Report {
        let earlier = self.lock().closed;
        earlier.unwrap_or_else(|| {
            let report = first(self);
            *self.lock().closed.get_or_insert(report)
        })
    }

    pub(crate) fn close_at(&self) -> Option<Instant> {
        self.lock().close_at
    }

    fn stats_of(&self, cells: &Cells, producers: &Producers) -> Stats {
        let kinds = std::array::from_fn(|lane| {
            let worker = &cells.lanes[lane];
            let queued = producers[lane].as_ref().map_or(0, |producer| worker.queued(producer));
            Ledger {
                accepted: queued + worker.at_once,
                pending: queued - worker.taken + worker.held,
                refused: std::array::from_fn(|reason| self.refused[lane][reason].load(Ordering::Relaxed)),
                ..worker.ledger
            }
        });
        Stats { kinds, failures: cells.failures }
    }

    fn wait<'a>(
        &self,
        mut cells: MutexGuard<'a, Cells>,
        deadline: Option<Instant>,
        done: impl Fn(&Cells) -> bool,
    ) -> MutexGuard<'a, Cells> {
        cells.waiters += 1;
        while !done(&cells) {
            let Some(deadline) = deadline else {
                cells = self.changed.wait(cells).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            cells = self.changed.wait_timeout(cells, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        cells.waiters -= 1;
        cells
    }

    // No code that can panic runs under the lock, so a poisoned lock still holds whole cells.
    fn lock(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Books").finish_non_exhaustive()
    }
}
