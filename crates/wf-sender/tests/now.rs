//! Lines sent at once: one attempt ahead of the queue, in the books like any point.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;
use wf_sender::{
    Builder, Dropped, NowError, Refused, Report, Sender, Unconfirmed,
    format::{Field, FormatError, Metric},
    transport::{Batch, Cause, Limits, LineKind, MemoryTransport, Outcome, Route, Transport},
};

const LONG: Duration = Duration::from_secs(10);
const NEVER: Duration = Duration::from_secs(3600);
const LINE: &str =
    "\"new-york.power.usage\" 42422.0 1493773500 source=\"localhost\" \"datacenter\"=\"dc1\"\n";

fn start(transport: impl Transport) -> Sender {
    Builder::new(transport).source("h").flush_interval(NEVER).start().unwrap()
}

type Call = fn(&Sender, &[&str], Duration) -> Result<Report, NowError>;

#[test]
fn two_lines_through_each_call() {
    let span = "\"s\" source=\"h\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 spanId=0313bafe-9457-11e8-9eb6-529269fb1459 1 2\n";
    let calls: [(LineKind, &str, Call); 5] = [
        (LineKind::Point, LINE, |sender, lines, timeout| sender.send_metric_now(lines, timeout)),
        (
            LineKind::Histogram,
            "!M #20 30.0 \"h\" source=\"h\"\n!H #20 30.0 \"h\" source=\"h\"\n",
            |s, l, t| s.send_distribution_now(l, t),
        ),
        (LineKind::Span, span, |sender, lines, timeout| sender.send_span_now(lines, timeout)),
        (LineKind::SpanLog, "{\"traceId\":\"t\"}\n", |sender, lines, timeout| {
            sender.send_span_log_now(lines, timeout)
        }),
        (LineKind::Event, "@Event 1 2 \"e\"\n", |sender, lines, timeout| {
            sender.send_event_now(lines, timeout)
        }),
    ];
    for (kind, line, call) in calls {
        let memory = MemoryTransport::new();
        let sender = start(memory.clone());
        let report = call(&sender, &[line, line.trim_end()], LONG).unwrap();
        assert!(report.complete);
        assert_eq!((report.delta[kind].accepted(), report.delta[kind].delivered()), (2, 2), "{kind}");
        assert_eq!(memory.text(kind), [line, line].concat());
        assert_eq!(memory.attempts(), 1, "one request");
        let stats = sender.stats();
        assert!(stats[kind].balances() && stats[kind].delivered() == 2, "{kind}: {}", stats[kind]);
    }
}

#[test]
fn the_name_decides_which_are_deltas() {
    let memory = MemoryTransport::new();
    let sender = start(memory.clone());
    let report = sender.send_metric_now(&["a 1", "∆d 2", "\"Δd\" 3"], LONG).unwrap();
    assert_eq!(
        (report.delta[LineKind::Point].delivered(), report.delta[LineKind::Delta].delivered()),
        (1, 2)
    );
    assert_eq!(memory.text(LineKind::Delta), "∆d 2\n\"Δd\" 3\n");
}

#[test]
fn one_attempt_and_no_retry() {
    let table = [
        (Outcome::status(503), (0, 1)),
        (Outcome::status(429), (1, 0)),
        (Outcome::status(401), (1, 0)),
        (Outcome::status(413), (1, 0)),
        (Outcome::status(400), (1, 0)),
        (Outcome::Unsent(Cause::Connect), (1, 0)),
        (Outcome::Unsent(Cause::Closed), (1, 0)),
        (Outcome::Unknown(Cause::Reset), (0, 1)),
        (Outcome::Unacknowledged, (0, 1)),
    ];
    for (outcome, (not_retried, unconfirmed)) in table {
        let memory = MemoryTransport::new().then(outcome);
        let sender = start(memory.clone());
        let books = sender.send_metric_now(&[LINE], LONG).unwrap().delta.total();
        assert_eq!(books.dropped_for(Dropped::NotRetried), not_retried, "{outcome:?}");
        assert_eq!(books.unconfirmed(), unconfirmed, "{outcome:?}");
        assert_eq!(memory.attempts(), 1, "{outcome:?}");
        assert!(sender.stats().total().balances());
    }
}

#[test]
fn lines_beyond_the_limits_make_several_attempts() {
    struct OneByOne(MemoryTransport);
    impl Transport for OneByOne {
        fn limits(&self, _: LineKind) -> Limits {
            Limits { points: 1, ..Limits::DEFAULT }
        }
        async fn deliver(&self, batch: &Batch) -> Outcome {
            assert_eq!(batch.points(), 1);
            self.0.deliver(batch).await
        }
    }
    let memory = MemoryTransport::new().then(Outcome::Stored).then(Outcome::status(429));
    let sender = start(OneByOne(memory.clone()));
    let books = sender.send_event_now(&["{}", "{}", "{}"], LONG).unwrap().delta.total();
    assert_eq!((books.delivered(), books.dropped_for(Dropped::NotRetried)), (2, 1));
    assert_eq!(memory.attempts(), 3);
}

/// Delivers when the gate lets it, and remembers what came.
struct Gated(Arc<Semaphore>, Arc<Mutex<Vec<String>>>);

impl Transport for Gated {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        batch.written();
        self.1.lock().unwrap().push(String::from_utf8_lossy(batch.bytes()).into_owned());
        self.0.acquire().await.expect("the gate is never closed").forget();
        Outcome::Stored
    }
}

fn gated() -> (Arc<Semaphore>, Arc<Mutex<Vec<String>>>, Sender) {
    let (gate, came) = (Arc::new(Semaphore::new(0)), Arc::default());
    let transport = Gated(Arc::clone(&gate), Arc::clone(&came));
    let sender = Builder::new(transport).source("h").flush_interval(NEVER).batch_size(1).start().unwrap();
    (gate, came, sender)
}

#[test]
fn a_turn_comes_after_the_attempt_in_the_air_and_ahead_of_the_queue() {
    let (gate, came, sender) = gated();
    for i in 0..3 {
        sender.send(&Metric::new("queued", f64::from(i)).timestamp(1)).unwrap();
    }
    assert!(!sender.flush(Duration::from_millis(50)).complete, "the first is in the air");
    thread::scope(|scope| {
        let now = scope.spawn(|| sender.send_metric_now(&["now 1"], LONG));
        thread::sleep(Duration::from_millis(50));
        assert_eq!(came.lock().unwrap().len(), 1, "never two of a kind in the air");
        gate.add_permits(4);
        assert!(now.join().unwrap().unwrap().complete);
    });
    assert!(sender.flush(LONG).complete);
    let order: Vec<_> =
        came.lock().unwrap().iter().map(|text| text.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(order, ["\"queued\"", "now", "\"queued\"", "\"queued\""]);
}

#[test]
fn a_turn_that_does_not_come_books_nothing() {
    let (gate, came, sender) = gated();
    sender.send(&Metric::new("queued", 1.0)).unwrap();
    assert!(!sender.flush(Duration::from_millis(50)).complete);
    assert_eq!(sender.send_metric_now(&["now 1"], Duration::from_millis(50)), Err(NowError::Timeout));
    gate.add_permits(2);
    assert!(sender.flush(LONG).complete);
    assert_eq!(came.lock().unwrap().len(), 1, "and it does not come later");
    assert_eq!(sender.stats().total().offered(), 1);
}

#[test]
fn an_attempt_that_outlasts_the_call_is_reported_as_pending_and_booked_later() {
    let (gate, _, sender) = gated();
    let report = sender.send_metric_now(&["now 1", "now 2"], Duration::from_millis(50)).unwrap();
    assert!(!report.complete);
    assert_eq!((report.delta.total().accepted(), report.delta.total().pending()), (2, 2));
    assert_eq!(sender.stats().total().pending(), 2);
    gate.add_permits(2);
    assert!(sender.close(LONG).complete);
    let books = sender.stats().total();
    assert_eq!((books.delivered(), books.pending()), (2, 0));
    assert!(books.balances());
}

#[test]
fn a_close_in_the_middle_of_a_turn_says_what_may_have_arrived() {
    let (_gate, _, sender) = gated();
    let report = sender.send_metric_now(&["now 1", "now 2"], Duration::from_millis(50)).unwrap();
    assert!(!report.complete, "one batch is in the air, one waits");
    assert!(sender.close(Duration::from_millis(50)).complete);
    let books = sender.stats().total();
    assert_eq!((books.unconfirmed_for(Unconfirmed::Shutdown), books.dropped_for(Dropped::Shutdown)), (1, 1));
    assert!(books.balances() && books.pending() == 0);
}

#[test]
fn a_success_ends_the_wait_of_the_queue() {
    struct Switch(Arc<AtomicBool>);
    impl Transport for Switch {
        async fn deliver(&self, _: &Batch) -> Outcome {
            if self.0.load(Ordering::SeqCst) { Outcome::Stored } else { Outcome::Unsent(Cause::Connect) }
        }
    }
    let up = Arc::new(AtomicBool::new(false));
    let sender = Builder::new(Switch(Arc::clone(&up))).source("h").backoff(NEVER, NEVER).start().unwrap();
    sender.send(&Metric::new("m", 1.0)).unwrap();
    assert!(!sender.flush(Duration::from_millis(200)).complete);
    up.store(true, Ordering::SeqCst);
    assert_eq!(sender.send_metric_now(&["now 1"], LONG).unwrap().delta.total().delivered(), 1);
    let deadline = Instant::now() + LONG;
    while sender.stats().total().delivered() < 2 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(sender.stats().total().delivered(), 2);
}

#[test]
fn refusals_are_typed_and_counted() {
    struct NoEvents;
    impl Transport for NoEvents {
        fn route(&self, kind: LineKind) -> Route {
            if kind == LineKind::Event { Route::None } else { Route::Line }
        }
        async fn deliver(&self, _: &Batch) -> Outcome {
            Outcome::Stored
        }
    }
    let sender = start(NoEvents);
    let invalid = NowError::Invalid(FormatError::Characters(Field::Line));
    assert_eq!(sender.send_metric_now(&["a 1", "b\r 2"], LONG), Err(invalid));
    assert_eq!(sender.send_event_now(&["@Event 1 2 e"], LONG), Err(NowError::NoRoute));
    assert_eq!(sender.send_metric_now(&[] as &[&str], LONG).map(|report| report.complete), Ok(true));
    assert!(sender.close(LONG).complete);
    assert_eq!(sender.send_metric_now(&["a 1"], LONG), Err(NowError::Closed));
    let stats = sender.stats();
    assert_eq!(stats[LineKind::Point].refused_for(Refused::Invalid), 2);
    assert_eq!(stats[LineKind::Point].refused_for(Refused::Closed), 1);
    assert_eq!(stats[LineKind::Event].refused_for(Refused::NoRoute), 1);
    assert_eq!(stats.total().accepted(), 0);
}

#[test]
fn no_op_takes_lines_too() {
    let sender = Sender::no_op();
    assert!(sender.send_metric_now(&["a 1"], LONG).unwrap().complete);
}
