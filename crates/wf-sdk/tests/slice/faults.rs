//! Three faults on every path, five seeds each, and the books afterwards: nothing unaccounted, every replaceable point
//! there, no additive point twice. Raw TCP has no answers, so there a stalled receiver stands for the failing one, and
//! what was written before a reset may be lost, which the books say.

use std::{
    thread,
    time::{Duration, Instant},
};

use wf_receiver::{Answer, Kind, Receiver};
use wf_sdk::{
    Centroid, DeltaCounter, Granularity, Histogram, LineKind, Metric, RetryClass, Sender, Span, Unconfirmed,
};
use wf_testkit::{Class, Fault, Oracle, Relay, Rng, Seen, Totals, for_each_seed};

use crate::paths::{Path, receiver_kind};

const LONG: Duration = Duration::from_secs(60);
/// Of each class.
const POINTS: u64 = 3_000;

/// A receiver behind a relay, and what was said about each point.
struct Scene {
    path: Path,
    receiver: Receiver,
    /// One for each of the receiver's ports.
    relays: [Relay; 2],
    sender: Sender,
    rng: Rng,
    replaceable: Oracle,
    additive: Oracle,
}

impl Scene {
    fn new(path: Path, seed: u64) -> Self {
        let receiver = path.receiver();
        let relays = [receiver.addr(), receiver.traces_addr().unwrap()].map(Relay::start);
        let sender = path
            .sender(&receiver, relays[0].addr(), relays[1].addr())
            .flush_interval(Duration::from_millis(20))
            .batch_size(200)
            .backoff(Duration::from_millis(60), Duration::from_millis(500))
            .start()
            .unwrap();
        Self {
            path,
            receiver,
            relays,
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

    fn set(&self, fault: Fault) {
        self.relays.iter().for_each(|relay| relay.set(fault));
    }

    fn refuse(&self, refuse: bool) {
        self.relays.iter().for_each(|relay| relay.refuse(refuse));
    }

    fn resets(&self) -> u64 {
        self.relays.iter().map(Relay::reset_count).sum()
    }

    /// Waits until `done`, which a fault that happens brings about.
    #[track_caller]
    fn wait_for_the_fault(&self, done: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + LONG;
        while !done(self) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        assert!(done(self), "the fault happened");
    }

    /// Waits for the end of the outage, and judges.
    fn judge(self) {
        let report = self.sender.flush(LONG);
        let stats = self.sender.stats();
        assert!(report.complete, "pending: {}", stats.total());
        assert!(LineKind::ALL.into_iter().all(|kind| stats[kind].balances()), "{stats:?}");
        if self.path == Path::ProxyStream {
            // The end of every connection: what is still to come has come.
            let _ = self.sender.close(LONG);
            self.wait_until_quiet();
        }

        let (replaceable, seen) = self.sum(RetryClass::Replaceable);
        self.replaceable.assert(&replaceable, &seen);
        if self.path != Path::ProxyStream {
            assert_eq!(replaceable.delivered, POINTS, "every replaceable point is delivered");
        }
        if self.resets() == 0 || self.path != Path::ProxyStream {
            assert_eq!(seen.distinct(), POINTS, "and arrived");
        }

        let (additive, seen) = self.sum(RetryClass::Additive);
        self.additive.assert(&additive, &seen);
        assert!(additive.delivered <= seen.distinct() && seen.distinct() <= additive.accepted);

        // D once more, by value: whole numbers add up exactly.
        let deltas: f64 =
            seen.iter().filter(|(id, _)| id % 2 == 1).map(|(id, times)| value(id) * f64::from(times)).sum();
        assert_eq!(self.receiver.sum_of(Kind::Delta), deltas);
        assert_eq!(self.receiver.counts().rejected.total(), 0);
    }

    /// Waits until the receiver has counted nothing for a while.
    fn wait_until_quiet(&self) {
        let mut before = u64::MAX;
        let deadline = Instant::now() + LONG;
        while Instant::now() < deadline {
            let now = self.receiver.counts().accepted.total();
            if now == before {
                return;
            }
            before = now;
            thread::sleep(Duration::from_millis(200));
        }
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

fn down_for_two_seconds(path: Path) {
    for_each_seed(|seed| {
        let mut scene = Scene::new(path, seed);
        scene.refuse(true);
        scene.send(0..POINTS, Duration::from_secs(2));
        let books = scene.sender.stats().total();
        assert_eq!(
            (books.delivered(), books.unconfirmed()),
            (0, 0),
            "a refused connection proves that nothing left"
        );
        assert!(scene.sender.stats().failures() >= 2, "it was tried");
        scene.refuse(false);
        let sender = scene.sender.clone();
        scene.judge();
        let books = sender.stats().total();
        let expected = if path == Path::ProxyStream { (0, 2 * POINTS) } else { (2 * POINTS, 0) };
        assert_eq!((books.delivered(), books.unconfirmed_for(Unconfirmed::NoAck)), expected);
    });
}

#[test]
fn receiver_down_for_the_first_two_seconds_over_http() {
    down_for_two_seconds(Path::ProxyHttp);
}

#[test]
fn receiver_down_for_the_first_two_seconds_over_raw_tcp() {
    down_for_two_seconds(Path::ProxyStream);
}

#[test]
fn receiver_down_for_the_first_two_seconds_at_the_service() {
    down_for_two_seconds(Path::Direct);
}

fn killed_mid_batch(path: Path) {
    for_each_seed(|seed| {
        let mut scene = Scene::new(path, seed);
        for round in 0..10 {
            // A batch has about 15 KiB, a tenth of that compressed: somewhere in it, or between it and its answer.
            let within = if path == Path::Direct { 6_000 } else { 30_000 };
            let answered = round % 3 == 2 && path != Path::ProxyStream;
            let fault =
                if answered { Fault::ResetOnAnswer } else { Fault::ResetAt { seed: seed + round, within } };
            scene.set(fault);
            scene.send(POINTS / 10 * round..POINTS / 10 * (round + 1), Duration::from_millis(60));
        }
        scene.wait_for_the_fault(|scene| scene.resets() >= 4);
        scene.set(Fault::Pass);
        scene.judge();
    });
}

#[test]
fn connection_killed_mid_batch_over_http() {
    killed_mid_batch(Path::ProxyHttp);
}

#[test]
fn connection_killed_mid_batch_over_raw_tcp() {
    killed_mid_batch(Path::ProxyStream);
}

#[test]
fn connection_killed_mid_batch_at_the_service() {
    killed_mid_batch(Path::Direct);
}

fn answers_500_for_a_while(path: Path) {
    for_each_seed(|seed| {
        let mut scene = Scene::new(path, seed);
        let answers = (0..12).map(|_| {
            let answer = Answer::status(500);
            if scene.rng.below(2) == 1 { answer.after_storing() } else { answer }
        });
        scene.receiver.script(answers.collect::<Vec<_>>());
        scene.send(0..POINTS, Duration::from_millis(500));
        scene.wait_for_the_fault(|scene| scene.receiver.script_left() == 0);
        scene.judge();
    });
}

#[test]
fn receiver_answers_500_for_a_while_over_http() {
    answers_500_for_a_while(Path::ProxyHttp);
}

#[test]
fn receiver_answers_500_for_a_while_at_the_service() {
    answers_500_for_a_while(Path::Direct);
}

#[test]
fn receiver_stalls_for_a_while_over_raw_tcp() {
    for_each_seed(|seed| {
        let mut scene = Scene::new(Path::ProxyStream, seed);
        scene.set(Fault::Stall);
        scene.send(0..POINTS, Duration::from_millis(500));
        scene.set(Fault::Pass);
        scene.judge();
    });
}
