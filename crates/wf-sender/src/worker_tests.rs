//! The worker's reactions to time and to disasters, on a clock that the tests move.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    time::Duration,
};

use tokio::time::{Instant, advance, sleep};
use wf_format::{DeltaCounter, Metric, Span};
use wf_transport::{Batch, Cause, LineKind, MemoryTransport, Outcome, Transport};

use crate::{
    Builder, Dropped, Refused, SendError, Sender, Unconfirmed,
    books::Producers,
    shared::{Formatting, Shared},
    worker::cheapest_moment,
};

const SECOND: Duration = Duration::from_secs(1);

/// Runs the worker of a sender inside the test's runtime, so that the test's clock is the worker's.
async fn with_worker<F: Future<Output = ()>>(builder: Builder, test: impl FnOnce(Sender) -> F) {
    let (sender, mut worker) = builder.source("h").assemble().unwrap();
    tokio::select! {
        () = worker.work(Instant::now()) => panic!("the worker ended"),
        () = test(sender) => {}
    }
}

fn metric(value: f64) -> Metric<'static> {
    Metric::new("m", value).timestamp(1_700_000_000)
}

/// Answers as a function of the seconds since the start.
struct At<F>(Instant, F);

impl<F: Fn(u64) -> Outcome + Send + Sync + 'static> Transport for At<F> {
    async fn deliver(&self, _: &Batch) -> Outcome {
        self.1(self.0.elapsed().as_secs())
    }
}

#[tokio::test(start_paused = true)]
async fn a_lone_point_waits_for_the_tick_and_no_longer() {
    let memory = MemoryTransport::new();
    with_worker(Builder::new(memory.clone()), |sender| async move {
        sleep(Duration::from_millis(10)).await;
        sender.send(&metric(1.0)).unwrap();
        sleep(Duration::from_millis(900)).await;
        assert_eq!(memory.attempts(), 0);
        sleep(Duration::from_millis(100)).await;
        assert_eq!(memory.attempts(), 1);
    })
    .await;
}

#[test]
fn an_idle_worker_wakes_where_the_timer_sleeps_through() {
    #[track_caller]
    fn check(now: u64, interval: u64, moment: u64) {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(cheapest_moment(start, at(now), at(now + interval)), at(moment));
    }
    // The timer's own count is one more.
    check(0, 1000, 959);
    check(959, 1000, 1919);
    check(3839, 1000, 4095);
    check(0, 5000, 4095);
    check(4095, 5000, 8191);
    check(0, 126, 63);
    // It stays where it is.
    check(0, 959, 959);
    // Nothing to gain.
    check(0, 63, 63);
    check(0, 1, 1);
    check(63, 1, 64);
}

#[tokio::test(start_paused = true)]
async fn an_idle_worker_makes_no_attempts() {
    let memory = MemoryTransport::new();
    with_worker(Builder::new(memory.clone()), |sender| async move {
        sleep(1000 * SECOND).await;
        assert_eq!(memory.attempts(), 0);
        drop(sender);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn attempts_during_an_outage_are_few_and_delivery_follows_its_end() {
    for outage in [10, 60, 600] {
        let down = move |now| if now < outage { Outcome::Unsent(Cause::Connect) } else { Outcome::Stored };
        let transport = At(Instant::now(), down);
        with_worker(Builder::new(transport), |sender| async move {
            sender.send(&metric(1.0)).unwrap();
            sleep(Duration::from_secs(outage)).await;
            let attempts = sender.stats().failures();
            assert!(attempts <= 12 + outage / 10, "{attempts} attempts in {outage} s");
            sleep(32 * SECOND).await;
            assert_eq!(sender.stats().total().delivered(), 1, "the longest wait is 30 s");
        })
        .await;
    }
}

/// Answers by kind, counting the attempts with points.
struct ByKind<F>(F, Arc<AtomicU64>);

impl<F: Fn(LineKind) -> Outcome + Send + Sync + 'static> Transport for ByKind<F> {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        if batch.kind() == LineKind::Point {
            self.1.fetch_add(1, Ordering::Relaxed);
        }
        self.0(batch.kind())
    }
}

#[tokio::test(start_paused = true)]
async fn a_lane_that_fails_does_not_stop_the_others_nor_tries_as_often_as_they() {
    let failures = [
        Outcome::status(500),
        Outcome::status(404),
        Outcome::Unsent(Cause::Connect),
        Outcome::Unknown(Cause::Protocol),
    ];
    for failure in failures {
        let answer = move |kind| if kind == LineKind::Point { failure } else { Outcome::Stored };
        let attempts = Arc::new(AtomicU64::new(0));
        let transport = ByKind(answer, Arc::clone(&attempts));
        with_worker(Builder::new(transport), |sender| async move {
            sender.send(&metric(1.0)).unwrap();
            for _ in 0..600 {
                sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
                sleep(SECOND).await;
            }
            sleep(5 * SECOND).await;
            let deltas = sender.stats()[LineKind::Delta];
            assert_eq!(deltas.delivered(), 600, "{failure:?}");
            let attempts = attempts.load(Ordering::Relaxed);
            // One early attempt a wait comes on top of those that a lone lane makes.
            assert!((5..=2 * (12 + 60)).contains(&attempts), "{failure:?}: {attempts}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_lane_is_tried_soon_after_an_outage() {
    for outage in [10, 60, 600] {
        let down = move |now| if now < outage { Outcome::Unsent(Cause::Connect) } else { Outcome::Stored };
        with_worker(Builder::new(At(Instant::now(), down)), |sender| async move {
            sender.send(&metric(1.0)).unwrap();
            sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
            sender.send(&Span::new("s", 1_700_000_000_000, 5, 1u128, 2u128)).unwrap();
            sleep(Duration::from_secs(outage)).await;
            let attempts = sender.stats().failures();
            assert!(
                attempts <= 2 + 12 + outage / 10,
                "{attempts} attempts in {outage} s: one target, one backoff"
            );
            sleep(32 * SECOND).await;
            let books = sender.stats().total();
            assert_eq!(books.delivered() + books.dropped_for(Dropped::Expired), 3, "{books}");
        })
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn deltas_expire_after_ten_minutes_and_points_after_an_hour() {
    let transport = At(Instant::now(), |_| Outcome::Unsent(Cause::Connect));
    with_worker(Builder::new(transport), |sender| async move {
        sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
        sender.send(&metric(1.0)).unwrap();
        let expired = |kind| sender.stats()[kind].dropped_for(Dropped::Expired);
        sleep(599 * SECOND).await;
        assert_eq!(expired(LineKind::Delta), 0);
        sleep(25 * SECOND).await;
        assert_eq!((expired(LineKind::Delta), expired(LineKind::Point)), (1, 0));
        sleep(2970 * SECOND).await;
        assert_eq!(expired(LineKind::Point), 0);
        sleep(200 * SECOND).await;
        assert_eq!(expired(LineKind::Point), 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_waits_in_the_ring_ages_too() {
    let down = |now| if now < 580 { Outcome::Unsent(Cause::Connect) } else { Outcome::status(403) };
    let transport = At(Instant::now(), down);
    with_worker(Builder::new(transport).batch_size(1), |sender| async move {
        for _ in 0..10 {
            sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
            sleep(10 * SECOND).await;
        }
        // The oldest is 600 s old, the youngest 510 s: each goes at its own time, a thirty-second of ten minutes late at most.
        sleep(500 * SECOND + 21 * SECOND).await;
        let early = sender.stats().total().dropped_for(Dropped::Expired);
        assert!((1..=4).contains(&early), "{early}");
        sleep(100 * SECOND).await;
        assert_eq!(sender.stats().total().dropped_for(Dropped::Expired), 10);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn young_points_do_not_expire_with_old_ones() {
    let down = |now| if now < 900 { Outcome::Unsent(Cause::Connect) } else { Outcome::Stored };
    let transport = At(Instant::now(), down);
    with_worker(Builder::new(transport), |sender| async move {
        for _ in 0..90 {
            sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
            sleep(10 * SECOND).await;
        }
        // Too old at the next attempt, half a minute later at most, are those of the first 300 to 330 s; an age is known to
        // within a thirty-second part, 19 s.
        sleep(60 * SECOND).await;
        let books = sender.stats().total();
        assert_eq!((books.delivered() + books.dropped_for(Dropped::Expired), books.pending()), (90, 0));
        assert!((56..=62).contains(&books.delivered()), "{books}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_the_clock_brings_no_burst_of_attempts() {
    let transport = At(Instant::now(), |_| Outcome::Unsent(Cause::Connect));
    with_worker(Builder::new(transport).max_age(LineKind::Point, 24 * 3600 * SECOND), |sender| async move {
        sender.send(&metric(1.0)).unwrap();
        sleep(60 * SECOND).await;
        let before = sender.stats().failures();
        advance(3600 * SECOND).await;
        sleep(Duration::from_millis(40)).await;
        assert!(sender.stats().failures() - before <= 1);
    })
    .await;
}

#[test]
fn a_dead_worker_is_booked_and_refuses() {
    let (sender, worker) = Builder::new(MemoryTransport::new()).source("h").assemble().unwrap();
    sender.send(&metric(1.0)).unwrap();
    worker.shared.worker_shall_panic.store(true, Ordering::Relaxed);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    worker.run(runtime, Instant::now());

    assert_eq!(sender.send(&metric(2.0)), Err(SendError::Dead));
    assert!(sender.flush(SECOND).complete, "all is final, though not delivered");
    let report = sender.close(SECOND);
    assert!(report.complete);
    let books = sender.stats().total();
    assert_eq!(books.dropped_for(Dropped::Worker), 1);
    assert_eq!((books.refused_for(Refused::Dead), books.pending()), (1, 0));
    assert!(books.balances());
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_was_given_up_sends_nothing_more() {
    let memory = MemoryTransport::new();
    let (sender, mut worker) = Builder::new(memory.clone()).source("h").assemble().unwrap();
    let shared = Arc::clone(&worker.shared);
    sender.send(&metric(1.0)).unwrap();
    shared.books.give_up(&shared.producers, Dropped::Shutdown, Unconfirmed::Shutdown);
    tokio::select! {
        () = worker.work(Instant::now()) => panic!("the worker ended"),
        () = sleep(10 * SECOND) => {}
    }
    assert_eq!(memory.attempts(), 0, "they are booked as never sent");
    assert_eq!(sender.stats().total().dropped_for(Dropped::Shutdown), 1);
    assert!(sender.stats().total().balances());
}

/// Runs the worker of a closing sender on this thread until `timeout`.
fn run_and_close(sender: &Sender, worker: super::Worker, timeout: Duration) {
    let shared = Arc::clone(&worker.shared);
    shared.close_lanes();
    shared.books.ask_to_close(std::time::Instant::now().checked_add(timeout));
    shared.closing.store(true, Ordering::Release);
    worker.run(tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(), Instant::now());
    let books = sender.stats().total();
    assert!(books.balances() && books.pending() == 0, "{books}");
}

#[test]
fn attempts_that_end_together_at_the_deadline_all_count() {
    struct Slow;
    impl Transport for Slow {
        async fn deliver(&self, _: &Batch) -> Outcome {
            std::thread::sleep(Duration::from_millis(30));
            Outcome::Stored
        }
    }
    let (sender, worker) = Builder::new(Slow).source("h").assemble().unwrap();
    sender.send(&metric(1.0)).unwrap();
    sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
    run_and_close(&sender, worker, Duration::from_millis(20));
    assert_eq!(sender.stats().total().delivered(), 2);
}

#[test]
fn what_an_attempt_writes_until_it_is_gone_is_unconfirmed() {
    struct Last(Batch);
    impl Drop for Last {
        fn drop(&mut self) {
            self.0.written();
        }
    }
    struct WritesAtTheEnd;
    impl Transport for WritesAtTheEnd {
        async fn deliver(&self, batch: &Batch) -> Outcome {
            let _last = Last(batch.clone());
            std::future::pending().await
        }
    }
    let (sender, worker) = Builder::new(WritesAtTheEnd).source("h").assemble().unwrap();
    sender.send(&metric(1.0)).unwrap();
    run_and_close(&sender, worker, Duration::from_millis(20));
    assert_eq!(sender.stats().total().unconfirmed_for(Unconfirmed::Shutdown), 1);
}

/// A sender as a fork sees it: the worker is in another process.
fn fork() -> (Sender, wf_queue::Consumer) {
    let (shared, consumer) = shared_in_fork();
    (Sender::new(shared), consumer)
}

fn shared_in_fork() -> (Arc<Shared>, wf_queue::Consumer) {
    let (producer, consumer) = wf_queue::queue(2, 1024).unwrap();
    let mut producers = Producers::default();
    producers[LineKind::Point.index()] = Some(producer);
    let formatting = Formatting {
        source: "h".to_owned(),
        tags: Vec::new(),
        limits: wf_format::Limits::DEFAULT,
        strictness: wf_format::Strictness::Sanitize,
        names: wf_format::NamePolicy::Receiver,
        events: wf_format::EventForm::Line,
        stamp: true,
    };
    let mut shared = Shared::new(producers, formatting, [wf_transport::Limits::DEFAULT; LineKind::ALL.len()]);
    shared.pretend_fork();
    (shared.into(), consumer)
}

#[test]
fn in_a_fork_flush_and_close_end_at_once() {
    for flushes in [true, false] {
        let (sender, _consumer) = fork();
        sender.send(&metric(1.0)).unwrap();
        if flushes {
            assert!(sender.flush(Duration::MAX).complete, "all is final, though not delivered");
        } else {
            assert!(sender.close(Duration::MAX).complete);
        }
        assert_eq!(sender.send(&metric(2.0)), Err(SendError::Dead));
        let books = sender.stats().total();
        assert_eq!((books.dropped_for(Dropped::Forked), books.pending()), (1, 0));
        assert_eq!(books.refused_for(Refused::Forked), 1);
        assert!(books.balances());
    }
}

#[test]
fn a_fork_notices_when_its_lane_is_full() {
    let (sender, _consumer) = fork();
    sender.send(&metric(1.0)).unwrap();
    sender.send(&metric(2.0)).unwrap();
    let deadline = std::time::Instant::now() + 10 * SECOND;
    while sender.send(&metric(3.0)) != Err(SendError::Dead) {
        assert!(std::time::Instant::now() < deadline, "looks at the process id once a second");
        std::thread::sleep(Duration::from_millis(20));
    }
    let books = sender.stats().total();
    assert_eq!((books.dropped_for(Dropped::Forked), books.pending()), (2, 0));
    assert_eq!(books.refused_for(Refused::Forked), 1);
}

#[test]
fn a_fork_does_not_wait_for_room_that_nobody_makes() {
    let (sender, _consumer) = fork();
    sender.send(&metric(1.0)).unwrap();
    sender.send(&metric(2.0)).unwrap();
    assert_eq!(sender.send_timeout(&metric(3.0), Duration::MAX), Err(SendError::Dead));
    assert_eq!(sender.stats().total().refused_for(Refused::Forked), 1);
}

#[tokio::test]
async fn a_fork_does_not_wait_for_room_that_nobody_makes_in_a_task() {
    let (sender, _consumer) = fork();
    sender.send(&metric(1.0)).unwrap();
    sender.send(&metric(2.0)).unwrap();
    assert_eq!(sender.send_async(&metric(3.0)).await, Err(SendError::Dead));
}

#[test]
fn a_fork_made_while_a_lock_was_held_ends_at_once_too() {
    let hold_books = |shared: &Shared, hold: &mut dyn FnMut()| {
        shared.books.publish(|_| hold());
    };
    let hold_room = |shared: &Shared, hold: &mut dyn FnMut()| {
        shared.rooms[LineKind::Point.index()].wait(None, || {
            hold();
            Some(())
        });
    };
    for hold in [hold_books as fn(&Shared, &mut dyn FnMut()), hold_room] {
        let (shared, _consumer) = shared_in_fork();
        let (locked, is_locked) = mpsc::channel();
        let (release, is_released) = mpsc::channel::<()>();
        let theirs = Arc::clone(&shared);
        let holder = std::thread::spawn(move || {
            hold(&theirs, &mut || {
                locked.send(()).unwrap();
                let _ = is_released.recv();
            });
        });
        is_locked.recv().unwrap();
        let (done, is_done) = mpsc::channel();
        std::thread::spawn(move || {
            let sender = Sender::new(shared);
            sender.send(&metric(1.0)).unwrap();
            // What became of the points cannot be known; that it ends is what counts.
            let _ = sender.flush(Duration::MAX);
            let _ = (sender.close(Duration::MAX), sender.stats());
            assert_eq!(sender.send(&metric(2.0)), Err(SendError::Dead));
            drop(sender);
            done.send(()).unwrap();
        });
        assert_eq!(is_done.recv_timeout(10 * SECOND), Ok(()), "nobody will ever release the lock");
        drop(release);
        holder.join().unwrap();
    }
}
