//! The one thread that takes points out of the lanes, has them delivered and keeps the books.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    runtime::Runtime,
    task::{Id, JoinError, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use wf_transport::{Batch, Cause, LineKind, Outcome};

use crate::{
    erased::Erased,
    lane::{Flying, Lane},
    ledger::Ledger,
    pause::Pause,
    policy::{Attempt, Decision, Fate, Policy, RetryClass, Scope, Taint, expired},
    reason::{Dropped, Loss, Unconfirmed},
    shared::Shared,
};

/// Called with every loss: kind, reason, points.
pub(crate) type OnLoss = Box<dyn Fn(LineKind, Loss, u64) + Send>;

pub(crate) struct Worker {
    pub(crate) shared: Arc<Shared>,
    pub(crate) transport: Arc<dyn Erased>,
    pub(crate) policy: Policy,
    pub(crate) flush_interval: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) on_loss: Option<OnLoss>,
    /// In the order of the kinds, without those that have no route.
    pub(crate) lanes: Vec<Lane>,
    pub(crate) target: Pause,
    /// Whose turn it is to look whether the target still fails.
    pub(crate) prober: usize,
    pub(crate) tasks: JoinSet<Outcome>,
}

impl Worker {
    /// Works until the sender is closed, or a panic; then nothing is pending. The runtime was made at `start`.
    pub(crate) fn run(mut self, runtime: Runtime, start: Instant) {
        let worked = catch_unwind(AssertUnwindSafe(|| runtime.block_on(self.work(start))));
        let (dropped, unconfirmed) = match worked {
            Ok(()) => {
                // What has ended by now is known, although nobody looked yet.
                while let Some(ended) = self.tasks.try_join_next_with_id() {
                    self.ended(ended);
                }
                (Dropped::Shutdown, Unconfirmed::Shutdown)
            }
            Err(_) => {
                self.shared.died();
                (Dropped::Worker, Unconfirmed::Worker)
            }
        };
        // Drops what is in the air, which may write until it is gone. Not `drop`: that would wait for a hung name lookup.
        runtime.shutdown_background();
        self.book_the_rest(dropped, unconfirmed);
        let Self { shared, transport, tasks, lanes, .. } = self;
        drop((tasks, lanes));
        // A transport's drop is user code.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(transport)));
        shared.books.end();
    }

    /// Works until nothing is left to do after a close, or its deadline.
    pub(crate) async fn work(&mut self, start: Instant) {
        let mut tick = Instant::now() + self.flush_interval;
        loop {
            let now = Instant::now();
            #[cfg(test)]
            assert!(!self.shared.worker_shall_panic.load(Ordering::Relaxed), "told to");
            let closing = self.shared.closing.load(Ordering::Acquire);
            let close_at = closing.then(|| self.shared.books.close_at()).flatten().map(Instant::from_std);
            if close_at.is_some_and(|deadline| deadline <= now) {
                return;
            }
            for now in self.shared.now.take() {
                match self.lanes.iter_mut().find(|lane| lane.kind == now.kind) {
                    Some(lane) => lane.now.push_back(now),
                    None => now.turn.end(),
                }
            }
            let flush = self.shared.flush_asked.swap(false, Ordering::AcqRel);
            if flush {
                self.target.hasten();
                self.lanes.iter_mut().for_each(|lane| lane.pause.hasten());
            }
            let ticks = now >= tick;
            if ticks {
                tick = now + self.flush_interval;
            }
            for lane in &mut self.lanes {
                if ticks || flush || closing {
                    lane.make_due();
                    lane.mark(now);
                }
            }
            self.step(now, closing);
            if closing && self.lanes.iter().all(Lane::is_done) {
                return;
            }
            if self.tasks.is_empty() && self.lanes.iter().all(Lane::is_done) {
                tick = cheapest_moment(start, now, tick);
            }
            let wake_at = self.wakes_at(now, closing).into_iter().chain(close_at).fold(tick, Instant::min);
            tokio::select! {
                biased;
                Some(ended) = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => self.ended(ended),
                () = self.shared.wake.notified() => {}
                () = sleep_until(wake_at) => {}
            }
        }
    }

    /// Lets every lane do what can be done now.
    fn step(&mut self, now: Instant, closing: bool) {
        let lanes = self.lanes.len();
        for lane in (self.prober..lanes).chain(0..self.prober) {
            loop {
                if self.lanes[lane].cut(now) {
                    self.shared.rooms[self.lanes[lane].kind.index()].free();
                    self.publish(lane, |_| {});
                }
                if !self.expire(lane, now) {
                    break;
                }
            }
            if self.lanes[lane].flying.is_some() {
                continue;
            }
            if let Some(batch) = self.lanes[lane].next_now(now.into_std()) {
                self.fly(lane, batch, true, now);
            } else if now >= self.ready_at(lane, closing) {
                self.start(lane, now);
            }
        }
    }

    /// Gives up the first batch of a lane if it has waited too long; tells whether it did.
    fn expire(&mut self, place: usize, now: Instant) -> bool {
        let lane = &mut self.lanes[place];
        let Some(held) = lane.held.front() else { return false };
        if lane.flying.is_some() || now < held.accepted_by + self.policy.max_age[lane.kind.index()] {
            return false;
        }
        let loss = expired(held.taint);
        self.lose_first(place, loss);
        true
    }

    /// Returns when the lane may next make an attempt.
    fn ready_at(&self, place: usize, closing: bool) -> Instant {
        self.lanes[place].pause.ready_at(closing).max(self.target.ready_at(closing))
    }

    /// Begins an attempt with the first batch of a lane, if there is one and nothing speaks against it.
    fn start(&mut self, place: usize, now: Instant) {
        // While the target fails, one lane at a time looks whether it still does.
        if self.target.failures() > 0 && self.lanes.iter().any(|lane| lane.flying.is_some()) {
            return;
        }
        if let Some(held) = self.lanes[place].held.front() {
            let batch = held.batch.again();
            self.fly(place, batch, false, now);
        }
    }

    /// Begins an attempt with a batch.
    fn fly(&mut self, place: usize, batch: Batch, is_now: bool, now: Instant) {
        let attempt = Arc::clone(&self.transport).attempt(batch.clone());
        let (limit, mark) = (self.attempt_timeout, batch.clone());
        let task = self.tasks.spawn(async move {
            match timeout(limit, attempt).await {
                Ok(outcome) => outcome,
                Err(_) => cut_off(mark.was_written(), Cause::Deadline),
            }
        });
        if self.target.failures() > 0 {
            self.prober = (place + 1) % self.lanes.len();
        }
        let lane = &mut self.lanes[place];
        lane.flying = Some(Flying { task: task.id(), batch, started: now, is_now });
        lane.pause.begins(now);
        self.target.begins(now);
        if !self.publish(place, |_| {}) {
            // Whoever gave this worker up has promised that the batch never left.
            task.abort();
        }
    }

    /// Decides about the batch of an attempt that ended.
    fn ended(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let flies = |lane: &Lane| lane.flying.as_ref().is_some_and(|flying| flying.task == id);
        let Some(place) = self.lanes.iter().position(flies) else { return };
        let lane = &mut self.lanes[place];
        let Some(flying) = lane.flying.take() else { return };
        let now = Instant::now();
        let outcome = match ended {
            Ok((_, outcome)) => outcome,
            Err(_) => cut_off(flying.batch.was_written(), Cause::Panic),
        };
        // One attempt is all that lines sent at once get, so nothing of them may go twice.
        let (class, taint, age) = match lane.held.front() {
            Some(held) if !flying.is_now => {
                (lane.class, held.taint, now.saturating_duration_since(held.accepted_by))
            }
            _ => (RetryClass::Additive, Taint::Clean, Duration::ZERO),
        };
        let attempt = Attempt {
            outcome,
            kind: lane.kind,
            class,
            points: flying.batch.points(),
            lane_failures: lane.pause.failures(),
            target_failures: self.target.failures(),
            taint,
            splits_left: lane.splits_left,
            age,
        };
        let jitter = fastrand::f64();
        let decision = self.policy.decide(&attempt, jitter, now.into_std());
        self.pause(place, flying.started, outcome, decision, jitter, now);
        if flying.is_now {
            self.settle_now(place, decision.fate);
        } else {
            self.settle(place, flying.batch, decision);
        }
    }

    /// Lets the lane or the target wait after a failure, and end its wait after a success.
    fn pause(
        &mut self,
        place: usize,
        started: Instant,
        outcome: Outcome,
        decision: Decision,
        jitter: f64,
        now: Instant,
    ) {
        let Decision { fate, wait, .. } = decision;
        let lane = &mut self.lanes[place];
        if let Some(wait) = wait {
            let until = Instant::from_std(wait.until);
            match wait.scope {
                Scope::Lane => lane.pause.failed(started, until, now),
                Scope::Target => {
                    self.target.failed(started, until, now);
                    // Another lane that gets through ends the target's wait, and this lane must not try as often as that.
                    let own = self.policy.backoff.wait(lane.pause.failures(), jitter);
                    lane.pause.failed(started, now + own, now);
                }
            }
        }
        let success = matches!(fate, Fate::Delivered | Fate::Lost(Loss::Unconfirmed(Unconfirmed::NoAck)));
        if success {
            lane.pause.succeeded(now);
            if self.target.failures() > 0 {
                self.target.succeeded(now);
                // The target is back: every lane may see for itself.
                self.lanes.iter_mut().for_each(|lane| lane.pause.hasten());
            }
        } else {
            self.shared.books.publish(|cells| {
                cells.failures += 1;
                cells.last_failure = Some(outcome);
            });
        }
    }

    /// Books what became of lines that were sent at once.
    fn settle_now(&mut self, place: usize, fate: Fate) {
        let loss = match fate {
            Fate::Delivered => None,
            Fate::Lost(loss @ Loss::Unconfirmed(_)) => Some(loss),
            Fate::Lost(Loss::Dropped(_)) | Fate::Retry | Fate::Split { .. } => {
                Some(Loss::Dropped(Dropped::NotRetried))
            }
        };
        match loss {
            None => {
                if let Some((points, turn)) = self.lanes[place].finish_now() {
                    self.publish(place, |ledger| ledger.delivered += points);
                    // Afterwards, so that the caller finds in the books what it is told.
                    turn.advance(points, |ledger| ledger.delivered += points);
                }
            }
            Some(loss) => self.lose_now(place, loss),
        }
    }

    /// Books the first batch of the lines sent at once as lost.
    fn lose_now(&mut self, place: usize, loss: Loss) {
        if let Some((points, turn)) = self.lanes[place].finish_now() {
            self.lose(place, loss, points);
            turn.advance(points, |ledger| ledger.lose(loss, points));
        }
    }

    /// Does what was decided with the first batch of a lane.
    fn settle(&mut self, place: usize, flown: Batch, Decision { fate, taint, .. }: Decision) {
        let lane = &mut self.lanes[place];
        let Some(held) = lane.held.front_mut() else { return };
        held.taint = taint;
        match fate {
            Fate::Delivered => {
                let points = held.batch.points() as u64;
                // Nobody else may hold the batch, or its memory cannot serve again.
                drop(flown);
                lane.finish_first();
                self.publish(place, |ledger| ledger.delivered += points);
            }
            Fate::Lost(loss) => {
                drop(flown);
                self.lose_first(place, loss);
            }
            Fate::Retry => {
                self.publish(place, |_| {});
            }
            Fate::Split { too_large: by_size } => {
                if by_size {
                    lane.shrink(&flown);
                } else {
                    lane.splits_left = lane.splits_left.saturating_sub(1);
                }
                lane.split_first();
                self.publish(place, |_| {});
            }
        }
    }

    /// Books the first batch of a lane as lost.
    fn lose_first(&mut self, place: usize, loss: Loss) {
        let points = self.lanes[place].held.front().map_or(0, |held| held.batch.points() as u64);
        self.lanes[place].finish_first();
        self.lose(place, loss, points);
    }

    fn lose(&self, place: usize, loss: Loss, points: u64) {
        self.publish(place, |ledger| ledger.lose(loss, points));
        self.tell(place, loss, points);
    }

    fn tell(&self, place: usize, loss: Loss, points: u64) {
        if let (Some(on_loss), 1..) = (&self.on_loss, points) {
            // User code: a panic of it must not end the worker.
            let _ = catch_unwind(AssertUnwindSafe(|| on_loss(self.lanes[place].kind, loss, points)));
        }
    }

    /// Books everything that is pending; the lanes are closed.
    fn book_the_rest(&mut self, dropped: Dropped, unconfirmed: Unconfirmed) {
        self.shared.close_lanes();
        for now in self.shared.now.end() {
            now.turn.end();
        }
        for place in 0..self.lanes.len() {
            let mut doubtful = self.lanes[place].first_is_doubtful();
            let flying = self.lanes[place].flying.take();
            let mut now_is_doubtful =
                flying.is_some_and(|flying| flying.is_now && flying.batch.was_written());
            while self.lanes[place].has_turn() {
                self.lose_now(
                    place,
                    if now_is_doubtful { Loss::Unconfirmed(unconfirmed) } else { Loss::Dropped(dropped) },
                );
                now_is_doubtful = false;
            }
            for waiting in self.lanes[place].now.drain(..) {
                waiting.turn.end();
            }
            while let Some(held) = self.lanes[place].held.front() {
                doubtful |= held.taint != Taint::Clean;
                let loss = if doubtful { Loss::Unconfirmed(unconfirmed) } else { Loss::Dropped(dropped) };
                self.lose_first(place, loss);
                doubtful = false;
            }
            let kind = self.lanes[place].kind;
            let waiting = self.lanes[place].waiting();
            if let Some(producer) = &self.shared.producers[kind.index()] {
                self.shared.books.give_up_waiting(kind, producer, dropped);
            }
            self.tell(place, Loss::Dropped(dropped), waiting);
        }
    }

    /// Publishes the cells of a lane, with a change of its books; false if they are closed.
    fn publish(&self, place: usize, change: impl FnOnce(&mut Ledger)) -> bool {
        let lane = &self.lanes[place];
        self.shared.books.publish(|cells| {
            let cells = &mut cells.lanes[lane.kind.index()];
            change(&mut cells.ledger);
            lane.measure(cells);
        })
    }

    /// Returns when there is something to do that nothing else tells of.
    fn wakes_at(&self, now: Instant, closing: bool) -> Option<Instant> {
        let probing = self.target.failures() > 0 && self.lanes.iter().any(|lane| lane.flying.is_some());
        let lanes = self.lanes.iter().enumerate().filter_map(|(place, lane)| {
            let max_age = self.policy.max_age[lane.kind.index()];
            // With a probe in the air its end is what to wait for.
            let ready_at = if probing { now + max_age } else { self.ready_at(place, closing) };
            lane.wakes_at(ready_at, now, max_age)
        });
        lanes.min()
    }
}

/// The moment up to `tick` that tokio's timer, begun just before `start`, reaches with the fewest wake-ups.
///
/// It counts milliseconds, and on the way wakes wherever the lower digits of the count, of six bits each, are all 0; but
/// between two such moments it sleeps through.
fn cheapest_moment(start: Instant, now: Instant, tick: Instant) -> Instant {
    const DIGIT: u128 = 64;
    // It rounds up, and began within the millisecond before.
    let count = |moment: Instant| moment.saturating_duration_since(start).as_millis() + 1;
    let (now, end) = (count(now), count(tick));
    let mut unit = 1;
    while end - end % (unit * DIGIT) > now {
        unit *= DIGIT;
    }
    if unit == 1 { tick } else { start + Duration::from_millis((end - end % unit) as u64 - 1) }
}

/// Returns the outcome of an attempt that was ended from outside.
const fn cut_off(written: bool, cause: Cause) -> Outcome {
    if written { Outcome::Unknown(cause) } else { Outcome::Unsent(cause) }
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
