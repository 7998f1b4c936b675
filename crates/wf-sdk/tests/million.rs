//! A million distinct points of every kind from four threads, through every layer, each accounted for by its id.

use std::{thread, time::Duration};

use wf_receiver::{Kind, Receiver};
use wf_sdk::{
    Centroid, DeltaCounter, Granularity, Histogram, LineKind, Metric, Refused, SendError, Sender, Span,
};
use wf_testkit::{Class, Oracle, Seen, Totals};

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
    /// Sends every point once from four threads, `how` being a way to send.
    fn new(how: impl Fn(&Sender, u64) -> Result<(), SendError> + Sync) -> Self {
        let receiver = Receiver::start().unwrap();
        let sender = wf_sdk::connect(&receiver.url()).unwrap().source("web-1").start().unwrap();
        let oracle = Oracle::new(Class::Additive, POINTS as usize, 0);
        thread::scope(|scope| {
            for first in 0..THREADS {
                let (sender, oracle, how) = (sender.clone(), &oracle, &how);
                scope.spawn(move || {
                    for id in (first..POINTS).step_by(THREADS as usize) {
                        oracle.record_result(id, &how(&sender, id));
                    }
                });
            }
        });
        assert!(sender.flush(LONG).complete, "{}", sender.stats().total());
        Self { receiver, sender, oracle }
    }

    /// Checks that every id went where the API said, and returns how many were seen.
    fn check(&self) -> u64 {
        let books = self.sender.stats().total();
        let mut seen = Seen::new(POINTS as usize);
        let mut total = 0;
        for kind in [Kind::Metric, Kind::Delta, Kind::Histogram, Kind::Span] {
            self.receiver.for_each_id(kind, |id, times| seen.add(id, times));
            total += self.receiver.seen(kind);
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
        assert_eq!((books.offered(), books.delivered(), total), (POINTS, books.accepted(), books.accepted()));
        total
    }
}

/// Sends one point of the kind that its id has.
fn send(id: u64, send: impl Fn(Point<'_>) -> Result<(), SendError>) -> Result<(), SendError> {
    let text = Oracle::id(id);
    let tags = [("id", text.as_str()), ("datacenter", "dc1")];
    let value = (id % 1000) as f64 + 0.25;
    match id / THREADS % 4 {
        0 => send(&Metric::new("power.usage", value).tags(&tags)),
        1 => send(&DeltaCounter::new("requests", value).tags(&tags)),
        2 => {
            let centroids = [Centroid::new(value, 3), Centroid::new(value + 1.0, 4)];
            let granularities = [Granularity::Minute, Granularity::Hour];
            send(&Histogram::new("latency", &centroids).granularities(&granularities).tags(&tags))
        }
        _ => send(&Span::new("getAllUsers", 1_700_000_000_000, 343, u128::from(id), 1u128).tags(&tags)),
    }
}

type Point<'a> = &'a dyn wf_sdk::Point;

#[test]
fn a_million_points_that_wait_for_room_arrive_exactly_once() {
    let run = Run::new(|sender, id| send(id, |point| sender.send_timeout(point, LONG)));
    assert_eq!(run.check(), POINTS);
    for kind in [LineKind::Point, LineKind::Delta, LineKind::Histogram, LineKind::Span] {
        assert_eq!(run.sender.stats()[kind].delivered(), POINTS / 4, "{kind}");
    }
}

#[test]
fn a_million_points_that_do_not_wait_are_refused_or_arrive_exactly_once() {
    let run = Run::new(|sender, id| send(id, |point| sender.send(point)));
    let seen = run.check();
    let books = run.sender.stats().total();
    assert_eq!(books.accepted() + books.refused_for(Refused::QueueFull), POINTS);
    assert_eq!(seen, books.accepted());
}
