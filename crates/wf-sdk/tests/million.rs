//! A million distinct points of every kind from four threads, through every layer and every path, each accounted for by its id.

mod paths;

use std::{thread, time::Duration};

use wf_receiver::Receiver;
use wf_sdk::{
    Centroid, DeltaCounter, Event, Granularity, Histogram, LineKind, Metric, Point, Refused, SendError,
    Sender, SourceTag, Span, SpanLog, SpanLogs, Unconfirmed,
};
use wf_testkit::{Class, Oracle, Seen, Totals};

use self::paths::{Path, receiver_kind};

const POINTS: u64 = 1_000_000;
const THREADS: u64 = 4;
const LONG: Duration = Duration::from_secs(120);

/// What a million points are judged by: the sender's books and the receiver's ids.
struct Run {
    receiver: Receiver,
    sender: Sender,
    oracle: Oracle,
}

impl Run {
    /// Sends every point once from four threads, `how` being a way to send, and waits until they have arrived.
    fn new(path: Path, how: fn(&Sender, &dyn Point) -> Result<(), SendError>) -> Self {
        let receiver = path.receiver();
        // An attempt may take long on a machine that is busy with other tests; a second copy would not be exactly once.
        let builder = path.straight(&receiver).attempt_timeout(LONG);
        let sender = builder.start().unwrap();
        let oracle = Oracle::new(Class::Additive, POINTS as usize, 0);
        thread::scope(|scope| {
            for first in 0..THREADS {
                let (sender, oracle) = (sender.clone(), &oracle);
                scope.spawn(move || {
                    for id in (first..POINTS).step_by(THREADS as usize) {
                        oracle.record_result(id, &send(path, id, |point| how(&sender, point)));
                    }
                });
            }
        });
        assert!(sender.flush(LONG).complete, "{}", sender.stats().total());
        let run = Self { receiver, sender, oracle };
        if path == Path::ProxyStream {
            // What is written need not have been read yet.
            let accepted = run.sender.stats().total().accepted();
            let arrived = run.receiver.wait_until(LONG, |counts| {
                let histograms = counts.accepted.of(wf_receiver::Kind::Histogram);
                counts.accepted.total() - histograms / 2 >= accepted
            });
            assert!(arrived, "{:?}", run.receiver.counts());
        }
        run
    }

    /// Checks that every id went where the API said, and returns how many were seen.
    fn check(&self) -> u64 {
        let stats = self.sender.stats();
        let books = stats.total();
        let mut seen = Seen::new(POINTS as usize);
        let mut total = 0;
        for kind in LineKind::ALL {
            self.receiver.for_each_id(receiver_kind(kind), |id, times| seen.add(id, times));
            let seen = self.receiver.seen(receiver_kind(kind));
            assert_eq!(seen, stats[kind].accepted(), "{kind}");
            total += seen;
        }
        let totals = Totals {
            accepted: books.accepted(),
            refused: books.refused(),
            delivered: books.delivered(),
            dropped: books.dropped(),
            unconfirmed: books.unconfirmed(),
            pending: books.pending(),
        };
        self.oracle.assert(&totals, &seen);
        assert_eq!(self.receiver.counts().rejected.total(), 0, "{:?}", self.receiver.rejected().first());
        assert_eq!((books.offered(), total), (POINTS, books.accepted()));
        total
    }
}

/// Sends one point of the kind that its id has.
fn send(path: Path, id: u64, send: impl Fn(&dyn Point) -> Result<(), SendError>) -> Result<(), SendError> {
    let text = Oracle::id(id);
    let tags = [("id", text.as_str()), ("datacenter", "dc1")];
    let value = (id % 1000) as f64 + 0.25;
    let number = id / THREADS;
    match number % 8 {
        1 => send(&DeltaCounter::new("requests", value).tags(&tags)),
        2 => {
            let centroids = [Centroid::new(value, 3), Centroid::new(value + 1.0, 4)];
            let granularities = [Granularity::Minute, Granularity::Hour];
            send(&Histogram::new("latency", &centroids).granularities(&granularities).tags(&tags))
        }
        3 => send(&Span::new("getAllUsers", 1_700_000_000_000, 343, u128::from(id), 1u128).tags(&tags)),
        4 => {
            let fields = [("id", text.as_str()), ("event", "cache \"miss\"")];
            send(&SpanLogs::new(u128::from(id), 1u128, &[SpanLog::new(1_700_000_000_000_123, &fields)]))
        }
        // The service takes events one by one: a thousand of them are enough there.
        5 if path != Path::Direct || number % 1000 == 5 => {
            send(&Event::new("deploy", 1_700_000_000_000).annotations(&tags))
        }
        // The service has another API for source tags.
        6 if path != Path::Direct => send(&SourceTag::save(&["env-prod"]).source(&text)),
        _ => send(&Metric::new("power.usage", value).tags(&tags)),
    }
}

fn waiting(sender: &Sender, point: &dyn Point) -> Result<(), SendError> {
    sender.send_timeout(point, LONG)
}

#[test]
fn a_million_points_that_wait_for_room_arrive_exactly_once_over_http() {
    let run = Run::new(Path::ProxyHttp, waiting);
    assert_eq!(run.check(), POINTS);
    let stats = run.sender.stats();
    assert_eq!(stats.total().delivered(), POINTS);
    for kind in LineKind::ALL {
        let eighths = if kind == LineKind::Point { 2 } else { 1 };
        assert_eq!(stats[kind].delivered(), POINTS / 8 * eighths, "{kind}");
    }
}

#[test]
fn a_million_points_that_wait_for_room_arrive_exactly_once_over_raw_tcp() {
    let run = Run::new(Path::ProxyStream, waiting);
    assert_eq!(run.check(), POINTS);
    assert_eq!(run.sender.stats().total().unconfirmed_for(Unconfirmed::NoAck), POINTS);
}

#[test]
fn a_million_points_that_wait_for_room_arrive_exactly_once_at_the_service() {
    let run = Run::new(Path::Direct, waiting);
    assert_eq!(run.check(), POINTS);
    let stats = run.sender.stats();
    assert_eq!(stats.total().delivered(), POINTS);
    assert_eq!(stats[LineKind::Event].delivered(), 1000);
}

#[test]
fn a_million_points_that_do_not_wait_are_refused_or_arrive_exactly_once() {
    let run = Run::new(Path::ProxyHttp, |sender, point| sender.send(point));
    let seen = run.check();
    let books = run.sender.stats().total();
    assert_eq!(books.accepted() + books.refused_for(Refused::QueueFull), POINTS);
    assert_eq!((seen, books.delivered()), (books.accepted(), books.accepted()));
}
