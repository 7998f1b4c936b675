//! What a user of a sender may rely on, with transports that do as they are told.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use wf_sender::{
    Builder, Dropped, Loss, Refused, RetryClass, SendError, Sender, StartError, Unconfirmed,
    format::{Centroid, DeltaCounter, Field, FormatError, Granularity, Histogram, Metric, Span},
    transport::{Batch, Cause, Limits, LineKind, MemoryTransport, Outcome, Route, Transport},
};

const LONG: Duration = Duration::from_secs(10);
const TICK: Duration = Duration::from_millis(20);
/// No tick comes in between: only a flush, a close or a full lane sends.
const NEVER: Duration = Duration::from_secs(3600);

fn quick(transport: impl Transport) -> Builder {
    Builder::new(transport).source("h").flush_interval(TICK).backoff(TICK, 4 * TICK).probe_interval(TICK)
}

fn metric(value: f64) -> Metric<'static> {
    Metric::new("m", value).timestamp(1_700_000_000)
}

/// Calls a function for every batch, counting the calls.
struct Calls<F> {
    calls: Arc<AtomicUsize>,
    answer: F,
}

impl<F: Fn(usize, &Batch) -> Outcome + Send + Sync + 'static> Transport for Calls<F> {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        (self.answer)(self.calls.fetch_add(1, Ordering::SeqCst), batch)
    }
}

fn answering(
    answer: impl Fn(usize, &Batch) -> Outcome + Send + Sync + 'static,
) -> (Arc<AtomicUsize>, impl Transport) {
    let calls = Arc::new(AtomicUsize::new(0));
    (Arc::clone(&calls), Calls { calls, answer })
}

/// Stores a batch when the gate has a permit, after it was marked as written if `writes`.
struct Gated {
    gate: Arc<Semaphore>,
    writes: bool,
}

impl Transport for Gated {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        if self.writes {
            batch.written();
        }
        self.gate.acquire().await.expect("the gate is never closed").forget();
        Outcome::Stored
    }
}

fn gated(writes: bool) -> (Arc<Semaphore>, Gated) {
    let gate = Arc::new(Semaphore::new(0));
    (Arc::clone(&gate), Gated { gate, writes })
}

/// Waits until `done`, for as long as a busy machine may need.
#[track_caller]
fn wait_until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Sends until a batch is in the air, behind a closed gate, and the lane is full: then it stays so.
fn fill(sender: &Sender, max_queue_size: u64) {
    wait_until("the lane fills", || {
        while sender.send(&metric(0.0)).is_ok() {}
        sender.stats().total().pending() > max_queue_size
    });
    while sender.send(&metric(0.0)).is_ok() {}
}

#[test]
fn every_kind_travels_in_its_own_lane() {
    let memory = MemoryTransport::new();
    let sender = quick(memory.clone()).point_tag("env", "prod").start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    sender.send(&DeltaCounter::new("d", 2.0)).unwrap();
    let centroids = [Centroid::new(30.0, 20)];
    let granularities = [Granularity::Minute, Granularity::Day];
    sender
        .send(&Histogram::new("h", &centroids).granularities(&granularities).timestamp(1_700_000_000))
        .unwrap();
    sender.send(&Span::new("s", 1_700_000_000_000, 5, 1u128, 2u128)).unwrap();
    assert!(sender.flush(LONG).complete);

    let tags = "source=\"h\" \"env\"=\"prod\"\n";
    assert_eq!(memory.text(LineKind::Point), format!("\"m\" 1.0 1700000000 {tags}"));
    assert_eq!(memory.text(LineKind::Delta), format!("\"∆d\" 2.0 {tags}"));
    let lines = format!("!M 1700000000 #20 30.0 \"h\" {tags}!D 1700000000 #20 30.0 \"h\" {tags}");
    assert_eq!(memory.text(LineKind::Histogram), lines);
    assert!(memory.text(LineKind::Span).starts_with("\"s\" source=\"h\" traceId="));
    for kind in [LineKind::Point, LineKind::Delta, LineKind::Histogram, LineKind::Span] {
        assert_eq!(sender.stats()[kind].delivered(), 1, "{kind}: a record is one point");
    }
}

#[test]
fn a_delta_name_makes_a_delta_whoever_sends_it() {
    let memory = MemoryTransport::new();
    let sender = quick(memory.clone()).start().unwrap();
    sender.send(&Metric::new("\u{394}requests", 3.0)).unwrap();
    assert!(sender.flush(LONG).complete);
    assert_eq!(
        memory.text(LineKind::Delta),
        "\"\u{394}requests\" 3.0 source=\"h\"\n",
        "and is never stamped"
    );
    assert_eq!(sender.stats()[LineKind::Delta].delivered(), 1);
}

#[test]
fn points_are_stamped_at_acceptance_unless_told_otherwise() {
    let send = |stamp| {
        let memory = MemoryTransport::new();
        let sender = quick(memory.clone()).stamp(stamp).start().unwrap();
        sender.send(&Metric::new("m", 1.0)).unwrap();
        assert!(sender.close(LONG).complete);
        memory.text(LineKind::Point)
    };
    assert_eq!(send(false), "\"m\" 1.0 source=\"h\"\n");
    let stamped = send(true);
    let stamp: u64 = stamped.split(' ').nth(2).unwrap().parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(stamp) <= 60, "{stamped}");
}

#[test]
fn unstamped_points_are_additive_unless_told_otherwise() {
    let lose_one = |builder: fn(Builder) -> Builder| {
        let (_, transport) = answering(|call, _| match call {
            0 => Outcome::Unknown(Cause::Reset),
            _ => Outcome::Stored,
        });
        let sender = builder(quick(transport)).start().unwrap();
        sender.send(&metric(1.0)).unwrap();
        let books = sender.close(LONG).delta.total();
        (books.delivered(), books.unconfirmed_for(Unconfirmed::Reset))
    };
    assert_eq!(lose_one(|b| b), (1, 0));
    assert_eq!(lose_one(|b| b.stamp(false)), (0, 1));
    let replaceable = |b: Builder| b.stamp(false).retry_class(LineKind::Point, RetryClass::Replaceable);
    assert_eq!(lose_one(replaceable), (1, 0));
}

#[test]
fn refusals_are_typed_and_counted() {
    struct PointsOnly(MemoryTransport);
    impl Transport for PointsOnly {
        fn route(&self, kind: LineKind) -> Route {
            if kind == LineKind::Point { Route::Line } else { Route::None }
        }
        async fn deliver(&self, batch: &Batch) -> Outcome {
            self.0.deliver(batch).await
        }
    }
    let sender = quick(PointsOnly(MemoryTransport::new())).start().unwrap();
    assert!(matches!(sender.send(&Metric::new(" ", 1.0)), Err(SendError::Invalid(_))));
    assert!(matches!(sender.send(&Metric::new("m", f64::NAN)), Err(SendError::Invalid(_))));
    assert!(matches!(sender.send(&DeltaCounter::new("d", 0.0)), Err(SendError::Invalid(_))));
    assert_eq!(sender.send(&DeltaCounter::new("d", 1.0)), Err(SendError::NoRoute));
    sender.send(&metric(1.0)).unwrap();
    let report = sender.close(LONG);
    assert_eq!(sender.send(&metric(1.0)), Err(SendError::Closed));
    assert_eq!(sender.send_timeout(&metric(1.0), LONG), Err(SendError::Closed));

    assert!(report.complete);
    let stats = sender.stats();
    assert_eq!(stats[LineKind::Point].refused_for(Refused::Invalid), 2);
    assert_eq!(stats[LineKind::Delta].refused_for(Refused::Invalid), 1);
    assert_eq!(stats[LineKind::Delta].refused_for(Refused::NoRoute), 1);
    assert_eq!(stats[LineKind::Point].refused_for(Refused::Closed), 2);
    assert_eq!((stats.total().offered(), stats.total().accepted()), (7, 1));
}

#[test]
fn a_full_lane_refuses_and_counts() {
    let (gate, transport) = gated(true);
    let sender = quick(transport).max_queue_size(100).start().unwrap();
    let sent = (0..1000).map(|i| sender.send(&metric(f64::from(i))));
    let full = sent.filter(|sent| sent.is_err_and(|error| error.is_full())).count() as u64;
    assert!(full >= 700, "the ring holds 100 and a batch no more than what was in it: {full}");
    gate.add_permits(1000);
    assert!(sender.close(LONG).complete);
    let books = sender.stats().total();
    assert_eq!(books.refused_for(Refused::QueueFull), full);
    assert_eq!(books.delivered(), 1000 - full);
    assert!(books.balances());
}

#[test]
fn send_timeout_waits_for_room() {
    let (gate, transport) = gated(true);
    let sender = quick(transport).max_queue_size(10).start().unwrap();
    fill(&sender, 10);
    let before = Instant::now();
    assert_eq!(sender.send_timeout(&metric(1.0), TICK), Err(SendError::Full));
    assert!(before.elapsed() >= TICK);

    thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..4).map(|_| scope.spawn(|| sender.send_timeout(&metric(2.0), LONG))).collect();
        gate.add_permits(100);
        for sent in waiting {
            assert_eq!(sent.join().unwrap(), Ok(()));
        }
    });
    assert!(sender.close(LONG).complete);
    assert!(sender.stats().total().balances());
}

#[test]
fn send_line_timeout_waits_for_room() {
    const LINE: &str = "m 1 source=h";
    let (gate, transport) = gated(true);
    let sender = quick(transport).max_queue_size(10).start().unwrap();
    fill(&sender, 10);
    let refused = || sender.stats()[LineKind::Point].refused_for(Refused::QueueFull);
    let (before, refused_before) = (Instant::now(), refused());
    assert_eq!(sender.send_line_timeout(LineKind::Point, LINE, TICK), Err(SendError::Full));
    assert!(before.elapsed() >= TICK);
    assert_eq!(refused() - refused_before, 1, "once for all its tries");

    thread::scope(|scope| {
        let waiting = scope.spawn(|| sender.send_line_timeout(LineKind::Point, LINE, LONG));
        gate.add_permits(100);
        assert_eq!(waiting.join().unwrap(), Ok(()));
    });
    assert!(sender.close(LONG).complete);
    assert_eq!(sender.send_line_timeout(LineKind::Point, LINE, LONG), Err(SendError::Closed));
    assert!(sender.stats().total().balances());
}

#[test]
fn closing_wakes_whoever_waits_for_room() {
    let (_gate, transport) = gated(true);
    let sender = quick(transport).max_queue_size(1).start().unwrap();
    fill(&sender, 1);
    thread::scope(|scope| {
        let waiting = scope.spawn(|| sender.send_timeout(&metric(1.0), Duration::MAX));
        thread::sleep(TICK);
        let _ = sender.close(TICK);
        assert_eq!(waiting.join().unwrap(), Err(SendError::Closed));
    });
}

#[test]
fn a_batch_holds_no_more_than_it_may() {
    struct Small(MemoryTransport, Mutex<Vec<(usize, usize)>>);
    impl Transport for Small {
        fn limits(&self, _: LineKind) -> Limits {
            Limits { points: 7, bytes: 1000 }
        }
        async fn deliver(&self, batch: &Batch) -> Outcome {
            self.1.lock().unwrap().push((batch.points(), batch.bytes().len()));
            self.0.deliver(batch).await
        }
    }
    let small = Arc::new(Small(MemoryTransport::new(), Mutex::default()));
    let sender = quick(Arc::clone(&small)).start().unwrap();
    let long = "v".repeat(200);
    for i in 0..200 {
        sender.send(&metric(f64::from(i))).unwrap();
        sender.send(&metric(f64::from(i)).tags(&[("k", long.as_str())])).unwrap();
    }
    assert!(sender.close(LONG).complete);
    let sizes = small.1.lock().unwrap();
    assert_eq!(sizes.iter().map(|(points, _)| points).sum::<usize>(), 400);
    assert!(sizes.iter().all(|(points, bytes)| *points <= 7 && *bytes <= 1000), "{sizes:?}");
}

#[test]
fn order_within_a_lane_survives_failures_and_splits() {
    let (calls, transport) = answering(|call, batch| match (call, batch.points()) {
        (0, _) => Outcome::Unsent(Cause::Connect),
        (1, _) => Outcome::Unknown(Cause::Reset),
        (_, 30..) => Outcome::status(413),
        _ => Outcome::Stored,
    });
    let lines = Arc::new(Mutex::new(Vec::new()));
    struct Recording<T>(T, Arc<Mutex<Vec<u8>>>);
    impl<T: Transport> Transport for Recording<T> {
        async fn deliver(&self, batch: &Batch) -> Outcome {
            let outcome = self.0.deliver(batch).await;
            if outcome == Outcome::Stored {
                self.1.lock().unwrap().extend_from_slice(batch.bytes());
            }
            outcome
        }
    }
    let sender = quick(Recording(transport, Arc::clone(&lines))).flush_interval(NEVER).start().unwrap();
    for i in 0..100 {
        sender.send(&metric(f64::from(i))).unwrap();
    }
    assert!(sender.flush(LONG).complete);
    let expected: String = (0..100).map(|i| format!("\"m\" {i}.0 1700000000 source=\"h\"\n")).collect();
    assert_eq!(String::from_utf8(lines.lock().unwrap().clone()).unwrap(), expected);
    // 2 failures, then 100 → 50+50 → 25+25+50 → …: the size that was too large is remembered.
    assert!(calls.load(Ordering::SeqCst) <= 2 + 3 + 4 + 2, "{calls:?}");
    assert_eq!(sender.stats().total().delivered(), 100);
}

#[test]
fn one_bad_line_is_found_and_the_others_are_delivered() {
    for partial in [false, true] {
        let (calls, transport) = answering(move |_, batch| {
            let bad = batch.records().any(|record| record.starts_with(b"\"m\" 777.0"));
            if bad { Outcome::Answered { status: 400, retry_after: None, partial } } else { Outcome::Stored }
        });
        let sender = quick(transport).flush_interval(NEVER).start().unwrap();
        for i in 0..1000 {
            sender.send(&metric(f64::from(i))).unwrap();
        }
        let books = sender.close(LONG).delta.total();
        assert_eq!((books.delivered(), books.dropped_for(Dropped::Rejected)), (999, 1));
        assert!(calls.load(Ordering::SeqCst) <= 1 + 2 * 10 + 10, "{calls:?}");
    }
}

#[test]
fn additive_points_are_not_repeated_and_replaceable_ones_are() {
    let (_, transport) = answering(|_, batch| {
        batch.written();
        if batch.kind() == LineKind::Point { Outcome::Stored } else { Outcome::Unknown(Cause::Deadline) }
    });
    let sender = quick(transport).start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
    let report = sender.close(LONG);
    assert_eq!(report.delta[LineKind::Point].delivered(), 1);
    assert_eq!(report.delta[LineKind::Delta].unconfirmed_for(Unconfirmed::Deadline), 1);
    assert_eq!(report.delta.failures(), 1);
    assert_eq!(report.delta.last_failure(), Some(Outcome::Unknown(Cause::Deadline)));
}

#[test]
fn flush_reports_what_it_achieved() {
    let (gate, transport) = gated(true);
    let sender = quick(transport).start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    let report = sender.flush(3 * TICK);
    assert!(!report.complete);
    assert_eq!((report.delta.total().delivered(), report.delta.total().pending()), (0, 1));
    gate.add_permits(1);
    let report = sender.flush(LONG);
    assert!(report.complete);
    // It may have been delivered before the flush began.
    let delivered = sender.stats().total().delivered();
    assert!(delivered == 1 && report.delta.total().delivered() <= 1 && report.delta.total().pending() == 0);
    assert!(sender.flush(Duration::ZERO).complete, "nothing was pending");
}

#[test]
fn flush_does_not_wait_for_the_tick() {
    let sender = Builder::new(MemoryTransport::new()).source("h").flush_interval(NEVER).start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    assert!(sender.flush(LONG).complete);
}

#[test]
fn flush_does_not_wait_for_what_comes_during_it() {
    let sender = Builder::new(MemoryTransport::new()).source("h").flush_interval(NEVER).start().unwrap();
    let stop = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0.. {
                if stop.load(Ordering::SeqCst) != 0 || sender.send(&metric(f64::from(i))).is_err() {
                    break;
                }
                (0..500).for_each(|_| std::hint::spin_loop());
            }
        });
        let complete = (0..300).filter(|_| {
            let accepted = sender.stats().total().accepted();
            while sender.stats().total().accepted() == accepted {
                thread::yield_now();
            }
            sender.flush(LONG).complete
        });
        let complete = complete.count();
        stop.store(1, Ordering::SeqCst);
        assert_eq!(complete, 300);
    });
}

#[test]
fn a_burst_does_not_wait_for_the_tick() {
    let sender = Builder::new(MemoryTransport::new()).source("h").flush_interval(NEVER).start().unwrap();
    // As many as fit in: none is refused, however slow the worker.
    for i in 0..50_000 {
        sender.send(&metric(f64::from(i))).unwrap();
    }
    wait_until("all is delivered", || sender.stats().total().delivered() == 50_000);
}

#[test]
fn many_flushes_during_an_outage_bring_one_early_attempt() {
    let hour = Duration::from_secs(3600);
    let (calls, transport) = answering(|_, _| Outcome::Unsent(Cause::Connect));
    let sender =
        Builder::new(transport).source("h").flush_interval(TICK).backoff(hour, hour).start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    wait_until("the first attempt fails", || sender.stats().failures() == 1);
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| assert!(!sender.flush(5 * TICK).complete));
        }
    });
    wait_until("the early attempt", || calls.load(Ordering::SeqCst) >= 2);
    assert!(!sender.flush(5 * TICK).complete);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    let books = sender.close(Duration::ZERO).delta.total();
    assert_eq!(books.dropped_for(Dropped::Shutdown), 1);
}

#[test]
fn close_leaves_nothing_pending_and_says_why() {
    for (writes, reason) in
        [(false, Loss::Dropped(Dropped::Shutdown)), (true, Loss::Unconfirmed(Unconfirmed::Shutdown))]
    {
        let losses = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&losses);
        let (_gate, transport) = gated(writes);
        let sender = quick(transport)
            .flush_interval(NEVER)
            .batch_size(10)
            .on_loss(move |kind, loss, points| heard.lock().unwrap().push((kind, loss, points)))
            .start()
            .unwrap();
        for i in 0..25 {
            sender.send(&metric(f64::from(i))).unwrap();
        }
        assert!(!sender.flush(3 * TICK).complete);
        let before = Instant::now();
        let report = sender.close(3 * TICK);
        let took = before.elapsed();
        assert!(took <= 3 * TICK + Duration::from_millis(250), "{took:?}");
        assert!(report.complete);
        let books = sender.stats().total();
        assert_eq!((books.pending(), books.dropped() + books.unconfirmed()), (0, 25));
        assert!(books.balances());
        let expected =
            [(LineKind::Point, reason, 10), (LineKind::Point, Loss::Dropped(Dropped::Shutdown), 15)];
        assert_eq!(*losses.lock().unwrap(), expected);
        assert_eq!(sender.close(LONG), report, "the second close changes nothing");
    }
}

#[test]
fn a_close_by_on_loss_does_not_close_for_others() {
    let handle = Arc::new(Mutex::new(None::<Sender>));
    let results = Arc::new(Mutex::new(Vec::new()));
    let (theirs, heard) = (Arc::clone(&handle), Arc::clone(&results));
    let (gate, transport) = gated(true);
    let sender = quick(transport)
        .attempt_timeout(5 * TICK)
        .on_loss(move |_, _, _| {
            if let Some(sender) = &*theirs.lock().unwrap() {
                let sent = sender.send_timeout(&metric(1.0), LONG);
                let waited = sender.flush(LONG).complete;
                heard.lock().unwrap().push((waited, sent, sender.close(LONG).complete));
            }
        })
        .start()
        .unwrap();
    *handle.lock().unwrap() = Some(sender.clone());
    sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
    wait_until("the loss is heard", || !results.lock().unwrap().is_empty());
    assert_eq!(*results.lock().unwrap(), [(false, Ok(()), false)], "the worker cannot wait for itself");
    gate.add_permits(10);
    let report = sender.close(LONG);
    let books = sender.stats().total();
    assert!(report.complete, "{books}");
    assert_eq!((books.pending(), books.delivered()), (0, 1), "{books}");
    *handle.lock().unwrap() = None;
}

#[test]
fn close_from_many_threads_is_one_close() {
    let (_gate, transport) = gated(true);
    let sender = quick(transport).start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    let reports: Vec<_> = thread::scope(|scope| {
        let closing: Vec<_> = (0..8).map(|_| scope.spawn(|| sender.close(3 * TICK))).collect();
        closing.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(reports.iter().all(|report| *report == reports[0] && report.complete));
}

#[test]
fn sends_that_race_with_close_are_accepted_and_final_or_refused() {
    for round in 0..200 {
        let sender = quick(MemoryTransport::new()).start().unwrap();
        thread::scope(|scope| {
            let sending =
                scope.spawn(|| (0..).take_while(|i| sender.send(&metric(f64::from(*i))).is_ok()).count());
            while sender.stats().total().accepted() < round % 50 {
                thread::yield_now();
            }
            let _ = sender.close(LONG);
            let accepted = sending.join().unwrap() as u64;
            let books = sender.stats().total();
            assert_eq!((books.accepted(), books.delivered(), books.pending()), (accepted, accepted, 0));
            assert_eq!(books.refused_for(Refused::Closed), 1);
        });
    }
}

#[test]
fn dropping_the_last_handle_delivers_what_waits() {
    let memory = MemoryTransport::new();
    let sender = Builder::new(memory.clone()).source("h").start().unwrap();
    let clone = sender.clone();
    clone.send(&metric(1.0)).unwrap();
    drop(clone);
    drop(sender);
    assert_eq!(memory.text(LineKind::Point), "\"m\" 1.0 1700000000 source=\"h\"\n");
}

#[test]
fn dropping_does_not_wait_longer_than_half_a_second() {
    let (_gate, transport) = gated(true);
    let sender = quick(transport).start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    let before = Instant::now();
    drop(sender);
    let took = before.elapsed();
    assert!(took <= Sender::DROP_DEADLINE + Duration::from_millis(250), "{took:?}");
}

#[test]
fn a_transport_that_panics_ends_one_attempt() {
    let (calls, transport) = answering(|call, batch| {
        assert!(call > 1, "first before, then after the mark");
        batch.written();
        Outcome::Stored
    });
    struct Marks<T>(T);
    impl<T: Transport> Transport for Marks<T> {
        async fn deliver(&self, batch: &Batch) -> Outcome {
            if batch.bytes().starts_with(b"\"\xe2\x88\x86") {
                batch.written();
            }
            self.0.deliver(batch).await
        }
    }
    let sender = quick(Marks(transport)).start().unwrap();
    sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
    assert!(sender.flush(LONG).complete);
    assert_eq!(sender.stats().total().unconfirmed_for(Unconfirmed::Panic), 1, "written: unknown");
    sender.send(&metric(1.0)).unwrap();
    assert!(sender.flush(LONG).complete);
    assert_eq!(sender.stats().total().delivered(), 1, "not written: sent again");
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[test]
fn an_attempt_that_never_ends_is_cut_off() {
    let (_gate, transport) = gated(true);
    let sender = quick(transport).attempt_timeout(TICK).start().unwrap();
    sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
    assert!(sender.flush(LONG).complete);
    assert_eq!(sender.stats().total().unconfirmed_for(Unconfirmed::Deadline), 1);
}

#[test]
fn old_points_are_given_up_with_a_reason() {
    let (_, transport) = answering(|_, _| Outcome::Unsent(Cause::Connect));
    let sender = quick(transport).max_age(LineKind::Point, 2 * TICK).start().unwrap();
    for i in 0..10 {
        sender.send(&metric(f64::from(i))).unwrap();
    }
    assert!(sender.flush(LONG).complete);
    assert_eq!(sender.stats().total().dropped_for(Dropped::Expired), 10);
}

#[test]
fn lanes_do_not_delay_each_other() {
    let (_, transport) = answering(|_, _| Outcome::Stored);
    struct StuckSpans<T>(T);
    impl<T: Transport> Transport for StuckSpans<T> {
        async fn deliver(&self, batch: &Batch) -> Outcome {
            if batch.kind() == LineKind::Span {
                std::future::pending::<()>().await;
            }
            self.0.deliver(batch).await
        }
    }
    let sender = quick(StuckSpans(transport)).start().unwrap();
    sender.send(&Span::new("s", 1_700_000_000_000, 5, 1u128, 2u128)).unwrap();
    for _ in 0..10 {
        sender.send(&metric(1.0)).unwrap();
        assert!(!sender.flush(TICK).complete, "the span is stuck");
    }
    wait_until("the points pass it", || sender.stats()[LineKind::Point].delivered() == 10);
    assert_eq!(sender.stats()[LineKind::Span].pending(), 1);
}

#[test]
fn a_403_for_one_kind_leaves_the_others_alone() {
    let (_, transport) = answering(|_, batch| match batch.kind() {
        LineKind::Span => Outcome::status(403),
        _ => Outcome::Stored,
    });
    let sender = quick(transport).start().unwrap();
    sender.send(&Span::new("s", 1_700_000_000_000, 5, 1u128, 2u128)).unwrap();
    sender.send(&metric(1.0)).unwrap();
    assert!(!sender.flush(5 * TICK).complete);
    wait_until("the point passes it", || sender.stats()[LineKind::Point].delivered() == 1);
    let books = sender.close(Duration::ZERO).delta[LineKind::Span];
    assert_eq!(books.dropped_for(Dropped::Shutdown), 1, "403 is a refusal for sure");
}

#[test]
fn while_the_target_fails_one_lane_probes() {
    /// Notes when each attempt begins and ends.
    struct Down(Mutex<Vec<(Instant, Instant)>>);
    impl Transport for Down {
        async fn deliver(&self, _: &Batch) -> Outcome {
            let begin = Instant::now();
            tokio::time::sleep(Duration::from_millis(2)).await;
            self.0.lock().unwrap().push((begin, Instant::now()));
            Outcome::Unsent(Cause::Connect)
        }
    }
    let down = Arc::new(Down(Mutex::default()));
    let sender = quick(Arc::clone(&down)).start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
    sender.send(&Span::new("s", 1_700_000_000_000, 5, 1u128, 2u128)).unwrap();
    let _ = sender.flush(5 * TICK);
    wait_until("it is tried again and again", || down.0.lock().unwrap().len() >= 12);
    let books = sender.close(Duration::ZERO).delta.total();
    assert_eq!((books.dropped_for(Dropped::Shutdown), books.unconfirmed()), (3, 0));

    let attempts = down.0.lock().unwrap();
    for (earlier, later) in attempts.iter().zip(&attempts[1..]).skip(2) {
        let pause = later.0.saturating_duration_since(earlier.1);
        assert!(pause >= Duration::from_millis(49), "after the first round of three: {pause:?}");
    }
}

#[test]
fn dry_run_writes_lines_and_opens_nothing() {
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (calls, transport) = answering(|_, _| Outcome::Stored);
    let page = Page::default();
    let sender = quick(transport).dry_run(page.clone()).start().unwrap();
    sender.send(&metric(1.0)).unwrap();
    assert_eq!(sender.close(LONG).delta.total().delivered(), 1);
    assert_eq!(*page.0.lock().unwrap(), b"\"m\" 1.0 1700000000 source=\"h\"\n");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[test]
fn no_op_takes_everything_and_counts_nothing() {
    let sender = Sender::no_op();
    assert_eq!(sender.send(&metric(1.0)), Ok(()));
    assert_eq!(sender.send_timeout(&metric(1.0), LONG), Ok(()));
    assert!(sender.flush(LONG).complete && sender.close(LONG).complete);
    assert_eq!(sender.stats().total().offered(), 0);
}

#[test]
fn the_source_of_the_point_wins_over_the_senders() {
    let memory = MemoryTransport::new();
    let sender = quick(memory.clone()).start().unwrap();
    sender.send(&metric(1.0).source("mine")).unwrap();
    sender.send(&metric(1.0).source("  ")).unwrap();
    assert!(sender.close(LONG).complete);
    let text = memory.text(LineKind::Point);
    assert_eq!(text, "\"m\" 1.0 1700000000 source=\"mine\"\n\"m\" 1.0 1700000000 source=\"h\"\n");
}

#[test]
fn the_books_balance_at_every_instant() {
    let (_, transport) = answering(|call, batch| match call % 4 {
        0 => Outcome::Unsent(Cause::Closed),
        1 if batch.points() > 10 => Outcome::status(413),
        2 if batch.kind() == LineKind::Delta => Outcome::Unknown(Cause::Reset),
        _ => Outcome::Stored,
    });
    let sender = quick(transport).max_queue_size(1000).batch_size(50).start().unwrap();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for i in 0..5_000 {
                    let _ = sender.send(&metric(f64::from(i)));
                    let _ = sender.send(&DeltaCounter::new("d", 1.0));
                }
            });
        }
        for _ in 0..2_000 {
            let stats = sender.stats();
            assert!(LineKind::ALL.into_iter().all(|kind| stats[kind].balances()), "{stats:?}");
        }
    });
    assert!(sender.close(LONG).complete);
    let books = sender.stats().total();
    assert_eq!((books.offered(), books.pending()), (20_000, 0));
    assert!(books.balances());
}

#[test]
fn errors_say_what_to_do() {
    assert!(SendError::Full.is_full() && !SendError::Closed.is_full());
    let invalid = SendError::from(FormatError::Blank(Field::Name)).to_string();
    assert!(invalid.starts_with("invalid point: "), "{invalid}");
    assert_eq!(StartError::OutOfRange("batch_size").to_string(), "batch_size is out of range");
}
