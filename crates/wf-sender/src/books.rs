//! The ledger while it is being written: cells that only the worker writes, published together under one lock.

use std::{
    fmt,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError, TryLockError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use wf_queue::Producer;
use wf_transport::{LineKind, Outcome};

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
pub(crate) struct Books {
    cells: Mutex<Cells>,
    changed: Condvar,
    refused: PerLane<[AtomicU64; Refused::ALL.len()]>,
    /// The process that the worker lives in.
    process: u32,
}

/// What the worker knows, as of its last publication.
#[derive(Default)]
pub(crate) struct Cells {
    pub(crate) lanes: PerLane<LaneCells>,
    pub(crate) failures: u64,
    pub(crate) last_failure: Option<Outcome>,
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

    /// Books all that is pending as lost.
    fn give_up(&mut self, producer: &Producer, dropped: Dropped, unconfirmed: Unconfirmed) {
        let queued = self.queued(producer);
        self.ledger.lose(Loss::Unconfirmed(unconfirmed), self.doubtful);
        self.ledger.lose(Loss::Dropped(dropped), queued - self.taken + self.held - self.doubtful);
        *self = Self { taken: queued, held: 0, doubtful: 0, oldest: queued, ..*self };
    }
}

impl Cells {
    fn give_up(&mut self, producers: &Producers, dropped: Dropped, unconfirmed: Unconfirmed) {
        if self.ended {
            return;
        }
        self.ended = true;
        for (lane, producer) in self.lanes.iter_mut().zip(producers) {
            if let Some(producer) = producer {
                lane.give_up(producer, dropped, unconfirmed);
            }
        }
    }
}

impl Books {
    pub(crate) fn new() -> Self {
        Self {
            cells: Mutex::default(),
            changed: Condvar::new(),
            refused: PerLane::default(),
            process: std::process::id(),
        }
    }

    /// Counts one refusal.
    pub(crate) fn refuse(&self, kind: LineKind, reason: Refused) {
        self.refused[kind.index()][reason.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Lets the worker write its cells and tells whoever waits for them; false if somebody has given the worker up.
    pub(crate) fn publish(&self, write: impl FnOnce(&mut Cells)) -> bool {
        let Some(mut cells) = self.lock() else { return false };
        let is_open = !cells.ended;
        if is_open {
            write(&mut cells);
        }
        if cells.waiters > 0 {
            self.changed.notify_all();
        }
        is_open
    }

    /// Books what waits in the ring of a closed lane as dropped; the worker holds nothing of it any more.
    pub(crate) fn give_up_waiting(&self, kind: LineKind, producer: &Producer, dropped: Dropped) {
        self.publish(|cells| cells.lanes[kind.index()].give_up(producer, dropped, Unconfirmed::Shutdown));
    }

    /// Says that the worker is gone and holds nothing.
    pub(crate) fn end(&self) {
        self.publish(|cells| cells.ended = true);
    }

    /// Closes the books for a worker that does not answer, or lives in another process: what waits is lost as `dropped`,
    /// what it held as `dropped` or `unconfirmed`.
    pub(crate) fn give_up(&self, producers: &Producers, dropped: Dropped, unconfirmed: Unconfirmed) {
        if let Some(mut cells) = self.lock() {
            cells.give_up(producers, dropped, unconfirmed);
        }
        self.changed.notify_all();
    }

    /// Returns all cells at one instant.
    pub(crate) fn stats(&self, producers: &Producers) -> Stats {
        self.lock().map_or_else(Stats::default, |cells| self.stats_of(&cells, producers))
    }

    /// Returns how many points each lane has accepted into its ring by now.
    pub(crate) fn queued(&self, producers: &Producers) -> PerLane<u64> {
        let cells = self.lock();
        std::array::from_fn(|lane| match (&cells, &producers[lane]) {
            (Some(cells), Some(producer)) => cells.lanes[lane].queued(producer),
            _ => 0,
        })
    }

    /// Waits until as many points of each lane are final, the worker is gone, or `deadline` passes.
    pub(crate) fn wait_until_final(&self, points: &PerLane<u64>, deadline: Option<Instant>) -> bool {
        let is_final =
            |cells: &Cells| cells.lanes.iter().zip(points).all(|(lane, points)| lane.oldest >= *points);
        self.wait(deadline, |cells| cells.ended || is_final(cells)).is_some_and(|cells| is_final(&cells))
    }

    /// Asks the worker to be done by `deadline`; the earliest that anybody asked for counts.
    pub(crate) fn ask_to_close(&self, deadline: Option<Instant>) {
        let Some(mut cells) = self.lock() else { return };
        cells.close_at = match (cells.close_at, deadline) {
            (Some(earlier), Some(new)) => Some(earlier.min(new)),
            (earlier, new) => earlier.or(new),
        };
    }

    /// Waits until the worker is gone or `deadline` passes; tells whether it is gone.
    pub(crate) fn wait_until_ended(&self, deadline: Option<Instant>) -> bool {
        self.wait(deadline, |cells| cells.ended).is_some_and(|cells| cells.ended)
    }

    /// Returns the report of the first call that closed, and that of `close` if this is it.
    pub(crate) fn closed(&self, close: impl FnOnce() -> Report) -> Report {
        if let Some(earlier) = self.lock().and_then(|cells| cells.closed) {
            return earlier;
        }
        let report = close();
        match self.lock() {
            // A call that could not wait has closed nothing yet.
            Some(mut cells) if report.complete => *cells.closed.get_or_insert(report),
            _ => report,
        }
    }

    pub(crate) fn close_at(&self) -> Option<Instant> {
        self.lock().and_then(|cells| cells.close_at)
    }

    /// Tells whether this process is a fork of the one that the worker lives in.
    pub(crate) fn in_fork(&self) -> bool {
        self.process != std::process::id()
    }

    #[cfg(test)]
    pub(crate) fn pretend_fork(&mut self) {
        self.process = self.process.wrapping_add(1);
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
        Stats { kinds, failures: cells.failures, last_failure: cells.last_failure }
    }

    fn wait(
        &self,
        deadline: Option<Instant>,
        done: impl Fn(&Cells) -> bool,
    ) -> Option<MutexGuard<'_, Cells>> {
        let mut cells = self.lock()?;
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
        Some(cells)
    }

    /// Returns the cells; `None` in a fork that was made while another thread held the lock, which nobody will release.
    fn lock(&self) -> Option<MutexGuard<'_, Cells>> {
        for _ in 0..100 {
            match self.cells.try_lock() {
                Ok(cells) => return Some(cells),
                // No code that can panic runs under the lock, so a poisoned one still holds whole cells.
                Err(TryLockError::Poisoned(error)) => return Some(error.into_inner()),
                Err(TryLockError::WouldBlock) if self.in_fork() => thread::yield_now(),
                Err(TryLockError::WouldBlock) => {
                    return Some(self.cells.lock().unwrap_or_else(PoisonError::into_inner));
                }
            }
        }
        None
    }
}

impl fmt::Debug for Books {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Books").finish_non_exhaustive()
    }
}
