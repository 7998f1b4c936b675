//! Three faults, five seeds each, and the books afterwards: nothing unaccounted, every replaceable point there, no
//! additive point twice.

use std::{thread, time::Duration};

use wf_receiver::{Answer, Kind, Receiver};
use wf_sdk::{Centroid, DeltaCounter, Granularity, Histogram, LineKind, Metric, RetryClass, Sender, Span};
use wf_testkit::{Class, Fault, Oracle, Relay, Rng, Seen, Totals, for_each_seed};

const LONG: Duration = Duration::from_secs(60);
/// Of each class.
const POINTS: u64 = 3_000;

/// A receiver behind a relay, and what was said about each point.
struct Scene {
    receiver: Receiver,
    relay: Relay,
    sender: Sender,
    rng: Rng,
    replaceable: Oracle,
    additive: Oracle,
}

impl Scene {
    fn new(seed: u64) -> Self {
        let receiver = Receiver::start().unwrap();
        let relay = Relay::start(receiver.addr());
        let sender = wf_sdk::connect(&format!("proxy://{}", relay.addr()))
            .unwrap()
            .source("web-1")
            .flush_interval(Duration::from_millis(20))
            .batch_size(200)
            .backoff(Duration::from_millis(60), Duration::from_millis(500))
            .start()
            .unwrap();
        Self {
            receiver,
            relay,
            sender,
            rng: Rng::new(seed),
            replaceable: Oracle::new(Class::Replaceable, POINTS as usize, seed),
            additive: Oracle::new(Class::Additive, POINTS as usize, seed),
        }
    }

    /// Sends the points with these ids, spread over about `duration`.
    fn send(&mut self, ids: std::ops::Range<u64>, duration: Duration) {
        let pause = duration / u32::try_from(ids.end - ids.start).unwrap() * 50;
        for id in ids {
            let text = Oracle::id(id);
            let tags = [("id", text.as_str())];
            let is_odd = self.rng.below(2) == 1;
            let replaceable = if is_odd {
                self.sender.send_timeout(&Metric::new("power.usage", value(id)).tags(&tags), LONG)
            } else {
                let span =
                    Span::new("getAllUsers", 1_700_000_000_000, 343, u128::from(id), 1u128).tags(&tags);
                self.sender.send_timeout(&span, LONG)
            };
            self.replaceable.record_result(id, &replaceable);
            let additive = if id % 2 == 1 {
                self.sender.send_timeout(&DeltaCounter::new("requests", value(id)).tags(&tags), LONG)
            } else {
                let centroids = [Centroid::new(value(id), 1)];
                let histogram = Histogram::new("latency", &centroids).granularities(&[Granularity::Minute]);
                self.sender.send_timeout(&histogram.tags(&tags), LONG)
            };
            self.additive.record_result(id, &additive);
            if id % 50 == 0 {
                thread::sleep(pause);
            }
        }
    }

    /// Waits for the end of the outage, and judges.
    fn judge(self) {
        let report = self.sender.flush(LONG);
        let stats = self.sender.stats();
        assert!(report.complete, "pending: {}", stats.total());
        assert!(LineKind::ALL.into_iter().all(|kind| stats[kind].balances()), "{stats:?}");

        let (replaceable, seen) = self.sum(RetryClass::Replaceable);
        self.replaceable.assert(&replaceable, &seen);
        assert_eq!(replaceable.delivered, POINTS, "every replaceable point is delivered");
        assert_eq!(seen.distinct(), POINTS, "and arrived");

        let (additive, seen) = self.sum(RetryClass::Additive);
        self.additive.assert(&additive, &seen);
        assert!(additive.delivered <= seen.distinct() && seen.distinct() <= additive.accepted);

        // D once more, by value: whole numbers add up exactly.
        let deltas: f64 =
            seen.iter().filter(|(id, _)| id % 2 == 1).map(|(id, times)| value(id) * f64::from(times)).sum();
        assert_eq!(self.receiver.sum_of(Kind::Delta), deltas);
        assert_eq!(self.receiver.counts().rejected.total(), 0);
    }

    /// Adds up the books and the sightings of one class.
    fn sum(&self, class: RetryClass) -> (Totals, Seen) {
        let stats = self.sender.stats();
        let mut totals = Totals::default();
        let mut seen = Seen::new(POINTS as usize);
        for kind in LineKind::ALL.into_iter().filter(|kind| RetryClass::default_for(*kind) == class) {
            let books = stats[kind];
            totals.accepted += books.accepted();
            totals.refused += books.refused();
            totals.delivered += books.delivered();
            totals.dropped += books.dropped();
            totals.unconfirmed += books.unconfirmed();
            totals.pending += books.pending();
            self.receiver.for_each_id(receiver_kind(kind), |id, times| seen.add(id, times));
        }
        (totals, seen)
    }
}

fn value(id: u64) -> f64 {
    (id % 97 + 1) as f64
}

fn receiver_kind(kind: LineKind) -> Kind {
    match kind {
        LineKind::Delta => Kind::Delta,
        LineKind::Histogram => Kind::Histogram,
        LineKind::Span => Kind::Span,
        LineKind::SpanLog => Kind::SpanLogs,
        LineKind::Event => Kind::Event,
        LineKind::SourceTag => Kind::SourceTag,
        _ => Kind::Metric,
    }
}

#[test]
fn receiver_down_for_the_first_two_seconds() {
    for_each_seed(|seed| {
        let mut scene = Scene::new(seed);
        scene.relay.refuse(true);
        scene.send(0..POINTS, Duration::from_secs(2));
        assert_eq!(scene.sender.stats().total().delivered(), 0);
        assert!(scene.sender.stats().failures() >= 2, "it was tried");
        scene.relay.refuse(false);
        let additive = scene.sum(RetryClass::Additive).0;
        assert_eq!(additive.unconfirmed, 0, "a refused connection proves that nothing left");
        scene.judge();
    });
}

#[test]
fn connection_killed_mid_batch() {
    for_each_seed(|seed| {
        let mut scene = Scene::new(seed);
        for round in 0..10 {
            // A batch has about 15 KiB: somewhere in it, or between it and its answer.
            let within = 30_000;
            let fault = if round % 3 == 2 {
                Fault::ResetOnAnswer
            } else {
                Fault::ResetAt { seed: seed + round, within }
            };
            scene.relay.set(fault);
            scene.send(POINTS / 10 * round..POINTS / 10 * (round + 1), Duration::from_millis(60));
        }
        let deadline = std::time::Instant::now() + LONG;
        while scene.relay.reset_count() < 4 && std::time::Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(scene.relay.reset_count() >= 4, "the fault happened");
        scene.relay.set(Fault::Pass);
        scene.judge();
    });
}

#[test]
fn receiver_answers_500_for_a_while() {
    for_each_seed(|seed| {
        let mut scene = Scene::new(seed);
        let answers = (0..12).map(|_| {
            let answer = Answer::status(500);
            if scene.rng.below(2) == 1 { answer.after_storing() } else { answer }
        });
        scene.receiver.script(answers.collect::<Vec<_>>());
        scene.send(0..POINTS, Duration::from_millis(500));
        let deadline = std::time::Instant::now() + LONG;
        while scene.receiver.script_left() > 0 && std::time::Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(scene.receiver.script_left(), 0, "the fault happened");
        scene.judge();
    });
}
