use std::{collections::VecDeque, sync::Arc, time::Duration};

use tokio::{task::Id, time::Instant};
use wf_queue::Consumer;
use wf_transport::{Batch, Limits, LineKind, Records};

use crate::{
    books::LaneCells,
    now::{Now, Turn},
    pause::Pause,
    policy::{RetryClass, Taint, splits_for},
};

/// The worker's side of one lane: what it took out of the ring, and when it takes more.
pub(crate) struct Lane {
    pub(crate) kind: LineKind,
    pub(crate) class: RetryClass,
    pub(crate) pause: Pause,
    /// Batches in order; only the first is ever in the air.
    pub(crate) held: VecDeque<Held>,
    pub(crate) flying: Option<Flying>,
    /// Lines that wait to go ahead of the queue.
    pub(crate) now: VecDeque<Now>,
    /// Those whose turn it is.
    turn: Option<Now>,
    /// How many points had such a turn since the start.
    at_once: u64,
    /// How often the pieces of the batch cut last may still be split to find a bad line.
    pub(crate) splits_left: u32,
    consumer: Consumer,
    limits: Limits,
    /// Everything accepted before this place is to be taken without waiting for more.
    due: u64,
    /// Set by a full batch, until the next tick.
    linger: Option<Linger>,
    ages: Ages,
    spare: Records,
}

/// A batch in the worker's hands.
pub(crate) struct Held {
    pub(crate) batch: Batch,
    pub(crate) taint: Taint,
    /// The place of its first point in the order of acceptance.
    pub(crate) first: u64,
    /// A time by which its oldest point had been accepted.
    pub(crate) accepted_by: Instant,
}

/// The attempt in the air.
pub(crate) struct Flying {
    pub(crate) task: Id,
    /// Shares the mark of having been written with what the transport got.
    pub(crate) batch: Batch,
    pub(crate) started: Instant,
    /// Whether it is of lines sent at once, not of the first batch held.
    pub(crate) is_now: bool,
}

/// The rest of a burst: too little to be worth a wake-up of its own, too much to wait for the tick.
#[derive(Clone, Copy)]
struct Linger {
    /// When to look whether the burst has ended.
    until: Instant,
    /// What had been accepted at the last look.
    seen: u64,
    /// Between this look and the last; each is twice as far away.
    spacing: Duration,
}

impl Lane {
    /// When to look for the first time after a full batch.
    const LINGER: Duration = Duration::from_millis(10);

    pub(crate) fn new(
        kind: LineKind,
        class: RetryClass,
        consumer: Consumer,
        limits: Limits,
        max_age: Duration,
        now: Instant,
    ) -> Self {
        Self {
            kind,
            class,
            pause: Pause::new(now),
            held: VecDeque::new(),
            flying: None,
            now: VecDeque::new(),
            turn: None,
            at_once: 0,
            splits_left: 0,
            consumer,
            limits,
            due: 0,
            linger: None,
            ages: Ages::new(max_age),
            spare: Records::new(),
        }
    }

    /// Makes everything accepted by now due.
    pub(crate) fn make_due(&mut self) {
        self.due = self.consumer.accepted();
        self.linger = None;
    }

    /// Remembers how much had been accepted at `now`, for the age of what waits.
    pub(crate) fn mark(&mut self, now: Instant) {
        self.ages.mark(self.consumer.accepted(), self.oldest(), now);
    }

    /// Takes a batch out of the ring if there is reason to and none is held; tells whether it did.
    ///
    /// A batch grows old as a whole, so old points and young ones do not share one.
    pub(crate) fn cut(&mut self, now: Instant) -> bool {
        self.look_for_end_of_burst(now);
        if !self.held.is_empty() || !(self.is_due() || self.is_rich()) {
            return false;
        }
        let first = self.consumer.taken();
        let points =
            self.ages.alike(first, now).map_or(self.limits.points, |alike| alike.min(self.limits.points));
        let records = &mut self.spare;
        let drained = self.consumer.drain(points, self.limits.bytes, |record| records.push(record));
        if drained.records == 0 {
            return false;
        }
        if drained.records >= self.limits.points || self.is_due() || self.is_rich() {
            // What is there already follows at once, what is still to come when the burst ends.
            self.make_due();
            self.linger = Some(Linger { until: now + Self::LINGER, seen: self.due, spacing: Self::LINGER });
        }
        let batch = Batch::new(self.kind, std::mem::take(&mut self.spare));
        self.splits_left = splits_for(batch.points());
        let accepted_by = self.ages.accepted_by(first).unwrap_or(now);
        self.held.push_back(Held { batch, taint: Taint::Clean, first, accepted_by });
        true
    }

    /// After a full batch, makes what came since due once nothing more comes.
    fn look_for_end_of_burst(&mut self, now: Instant) {
        let Some(linger) = self.linger.filter(|linger| linger.until <= now) else { return };
        let seen = self.consumer.accepted();
        if seen == linger.seen {
            self.due = seen;
        }
        let spacing = linger.spacing * 2;
        self.linger = Some(Linger { until: now + spacing, seen, spacing });
    }

    /// Keeps batches under a size that the endpoint found too large.
    pub(crate) fn shrink(&mut self, too_large: &Batch) {
        self.limits.points = self.limits.points.min((too_large.points() - 1).max(1));
        self.limits.bytes = self.limits.bytes.min((too_large.bytes().len() - 1).max(1));
    }

    /// Takes the first batch away, keeping its memory for the next.
    pub(crate) fn finish_first(&mut self) {
        if let Some(held) = self.held.pop_front() {
            if let Some(records) = held.batch.recycle() {
                self.spare = records;
            }
        }
    }

    /// Replaces the first batch by its halves.
    pub(crate) fn split_first(&mut self) {
        let Some(whole) = self.held.pop_front() else { return };
        let (batch, rest) = whole.batch.split();
        let place = whole.first + batch.points() as u64;
        if let Some(rest) = rest {
            self.held.push_front(Held { batch: rest, first: place, ..whole });
        }
        self.held.push_front(Held { batch, ..whole });
    }

    /// Returns the cells that are measured rather than counted.
    pub(crate) fn measure(&self, cells: &mut LaneCells) {
        cells.taken = self.taken();
        cells.at_once = self.at_once;
        let held: u64 = self.held.iter().map(|held| held.batch.points() as u64).sum();
        cells.held = held + self.turn.as_ref().map_or(0, Now::points);
        cells.oldest = self.oldest();
        let doubtful: u64 =
            self.held.iter().enumerate().map(|(place, held)| self.doubtful(place, held)).sum();
        let flying_now = self.flying.as_ref().filter(|flying| flying.is_now);
        cells.doubtful = doubtful + flying_now.map_or(0, |flying| flying.batch.points() as u64);
    }

    /// Returns when this lane has something to do by itself; `None` if only the outside can tell.
    pub(crate) fn wakes_at(&self, ready_at: Instant, now: Instant, max_age: Duration) -> Option<Instant> {
        if self.flying.is_some() {
            return None;
        }
        match self.held.front() {
            Some(held) => Some(ready_at.min(held.accepted_by + max_age)),
            // The ring has a record that its producer has not finished: look again soon.
            None if self.is_due() || self.is_rich() => Some(now + Duration::from_millis(1)),
            None => self.linger.map(|linger| linger.until),
        }
    }

    /// Returns the points that are accepted and in no batch.
    pub(crate) fn waiting(&self) -> u64 {
        self.consumer.accepted() - self.taken()
    }

    /// What a panic left on its way from the ring into a batch still counts as waiting.
    fn taken(&self) -> u64 {
        self.consumer.taken() - self.spare.len() as u64
    }

    pub(crate) fn is_done(&self) -> bool {
        self.now.is_empty() && self.turn.is_none() && self.held.is_empty() && self.consumer.is_empty()
    }

    /// Returns the next batch to be sent at once, and begins the turn that it belongs to.
    pub(crate) fn next_now(&mut self, now: std::time::Instant) -> Option<Batch> {
        while self.turn.is_none() {
            let next = self.now.pop_front()?;
            let points = next.points();
            let is_in_time = next.deadline.is_none_or(|deadline| now <= deadline);
            if is_in_time && next.turn.begin(points) {
                self.at_once += points;
                self.turn = Some(next);
            }
        }
        self.turn.as_ref().and_then(|turn| turn.batches.front()).map(Batch::again)
    }

    /// Takes the first batch of the turn away; returns the number of its points, and who waits for their end.
    pub(crate) fn finish_now(&mut self) -> Option<(u64, Arc<Turn>)> {
        let now = self.turn.as_mut()?;
        let points = now.batches.pop_front().map_or(0, |batch| batch.points() as u64);
        let turn = Arc::clone(&now.turn);
        if now.batches.is_empty() {
            self.turn = None;
        }
        Some((points, turn))
    }

    /// Whether lines are in the middle of their turn.
    pub(crate) fn has_turn(&self) -> bool {
        self.turn.is_some()
    }

    /// Whether the first batch may have arrived, as far as is known while it is in the air.
    pub(crate) fn first_is_doubtful(&self) -> bool {
        self.held.front().is_some_and(|held| held.taint != Taint::Clean)
            || self.flying.as_ref().is_some_and(|flying| !flying.is_now && flying.batch.was_written())
    }

    fn doubtful(&self, place: usize, held: &Held) -> u64 {
        let doubtful = held.taint != Taint::Clean
            || (place == 0 && self.flying.as_ref().is_some_and(|flying| !flying.is_now));
        if doubtful { held.batch.points() as u64 } else { 0 }
    }

    fn oldest(&self) -> u64 {
        self.held.front().map_or_else(|| self.consumer.taken(), |held| held.first)
    }

    fn is_due(&self) -> bool {
        self.consumer.taken() < self.due
    }

    /// Whether the ring holds a full batch, or is half full.
    fn is_rich(&self) -> bool {
        let (records, bytes) = (self.consumer.len(), self.consumer.bytes());
        records > 0
            && (records >= self.limits.points || bytes >= self.limits.bytes || self.consumer.is_over_half())
    }
}

/// When points were accepted, to within a thirty-second of the age that matters: marks of how many had been by then.
struct Ages {
    marks: VecDeque<(u64, Instant)>,
    spacing: Duration,
}

impl Ages {
    fn new(max_age: Duration) -> Self {
        Self { marks: VecDeque::new(), spacing: max_age / 32 }
    }

    fn mark(&mut self, accepted: u64, oldest: u64, now: Instant) {
        while self.marks.front().is_some_and(|(earlier, _)| *earlier <= oldest) {
            self.marks.pop_front();
        }
        let is_new = match self.marks.back() {
            Some((earlier, at)) => accepted > *earlier && now >= *at + self.spacing,
            None => accepted > oldest,
        };
        if is_new {
            self.marks.push_back((accepted, now));
        }
    }

    /// Returns how many points from `place` on were accepted within one spacing, if that is over; else all are young.
    fn alike(&self, place: u64, now: Instant) -> Option<usize> {
        let (accepted, at) = self.marks.iter().find(|(accepted, _)| *accepted > place)?;
        (now.saturating_duration_since(*at) >= self.spacing)
            .then(|| usize::try_from(accepted - place).unwrap_or(usize::MAX))
    }

    /// Returns a time by which the point at `place` had been accepted; it may have been a little earlier.
    fn accepted_by(&self, place: u64) -> Option<Instant> {
        self.marks.iter().find(|(accepted, _)| *accepted > place).map(|(_, at)| *at)
    }
}
