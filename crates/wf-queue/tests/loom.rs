//! The real ring under every interleaving of its atomics, over the model of its memory:
//! `RUSTFLAGS="--cfg wf_loom" cargo test -p wf-queue --test loom --release`.
//!
//! Rings are a few words and records two or three, so that every model wraps, runs into the slack and ends within seconds
//! without a bound on preemptions. Two record sizes: with one, a record never meets another one's middle.
#![cfg(wf_loom)]

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::Arc;
use loom::sync::atomic::AtomicBool;
use loom::thread::{self, JoinHandle};

use wf_queue::{Consumer, Fill, Producer, PushError, queue_at};

#[test]
fn records_arrive_whole_and_in_order_in_a_ring_that_wraps() {
    explore("wrap", || {
        // Four words from index 3 on, two of them taken: room for a short one, and for a long one once those are given back.
        let (producer, mut consumer) = queue_at(8, 32, RECORDS, u32::MAX).unwrap();
        push(&producer, 0, &[SHORT]);
        let first = spawn(&producer, |producer| push(producer, 1, &[LONG]));
        let second = spawn(&producer, |producer| push(producer, 2, &[SHORT]));
        let mut seen = take(&mut consumer, 2);
        let accepted = 1 + first.join().unwrap().len() + second.join().unwrap().len();
        seen.extend(take(&mut consumer, ALL));
        assert_eq!(seen.len(), accepted);
        assert_eq!((consumer.accepted(), consumer.len()), (accepted as u64, 0));
        assert_order(&seen);
    });
}

#[test]
fn space_is_used_again_only_after_it_was_given_back() {
    explore("reuse", || {
        // A ring of four words holds one record.
        let (producer, mut consumer) = queue_at(8, 32, RECORDS, u32::MAX - 1).unwrap();
        push(&producer, 0, &[LONG]);
        let other = spawn(&producer, |producer| push(producer, 1, &[LONG, SHORT, LONG]));
        let mut seen = take(&mut consumer, ALL);
        seen.extend(take(&mut consumer, ALL));
        let accepted = 1 + other.join().unwrap().len();
        seen.extend(take(&mut consumer, ALL));
        assert_eq!(seen.len(), accepted);
        assert_order(&seen);
    });
}

#[test]
fn the_record_bound_holds_for_racing_producers() {
    explore("records", || {
        let (producer, mut consumer) = queue_at(2, 1024, RECORDS, u32::MAX).unwrap();
        push(&producer, 0, &[SHORT]);
        let first = spawn(&producer, |producer| push(producer, 1, &[LONG]));
        let second = spawn(&producer, |producer| push(producer, 2, &[SHORT]));
        assert_eq!(first.join().unwrap().len() + second.join().unwrap().len(), 1);
        assert_eq!(take(&mut consumer, ALL).len(), 2);
    });
}

#[test]
fn a_push_racing_with_close_is_drained_or_refused() {
    explore("close", || {
        let (producer, mut consumer) = queue_at(8, 64, RECORDS, u32::MAX - 3).unwrap();
        let wrote = Arc::new(AtomicBool::new(false));
        let pusher = spawn(&producer, |producer| {
            let accepted = push(producer, 1, &[LONG]).len();
            assert!(accepted == 1 || producer.is_closed());
            accepted
        });
        let closer = thread::spawn({
            let wrote = Arc::clone(&wrote);
            move || {
                let accepted = push(&producer, 2, &[SHORT]).len();
                wrote.store(true, Ordering::Relaxed);
                producer.close();
                assert_eq!(producer.try_push(b""), Err(PushError::Closed));
                accepted
            }
        });
        let mut seen = take(&mut consumer, 1);
        let drained = consumer.is_drained().then_some(seen.len());
        // What was done before the close is visible, although nothing was joined.
        assert!(drained.is_none() || wrote.load(Ordering::Relaxed));
        let accepted = pusher.join().unwrap() + closer.join().unwrap();
        seen.extend(take(&mut consumer, ALL));
        assert!(consumer.is_drained());
        assert_eq!(seen.len(), accepted);
        assert!(drained.is_none_or(|then| then == accepted));
    });
}

#[test]
fn exactly_one_push_crosses_half() {
    for (name, max_records, max_bytes) in [("half, records", 4, 1024), ("half, bytes", 100, 64)] {
        explore(name, move || {
            let (producer, _consumer) = queue_at(max_records, max_bytes, RECORDS, u32::MAX - 1).unwrap();
            push(&producer, 0, &[SHORT]);
            let first = spawn(&producer, |producer| push(producer, 1, &[LONG]));
            let second = spawn(&producer, |producer| push(producer, 2, &[SHORT]));
            let fills = [first.join().unwrap(), second.join().unwrap()].concat();
            assert_eq!(fills.len(), 2);
            assert_eq!(fills.iter().filter(|(_, fill)| fill.crossed_half()).count(), 1);
        });
    }
}

#[test]
fn each_run_over_half_follows_a_crossing_while_a_consumer_drains() {
    explore("half, drained", || {
        // There is room for all, so that `Full` would be untrue however the loads fall.
        let (producer, mut consumer) = queue_at(4, 1024, RECORDS, u32::MAX - 1).unwrap();
        let mut fills = push(&producer, 0, &[SHORT, LONG]);
        let first = spawn(&producer, |producer| push(producer, 1, &[LONG]));
        let second = spawn(&producer, |producer| push(producer, 2, &[SHORT]));
        let mut seen = take(&mut consumer, 2);
        fills.extend(first.join().unwrap());
        fills.extend(second.join().unwrap());
        seen.extend(take(&mut consumer, ALL));
        assert_eq!((fills.len(), seen.len()), (4, 4));
        let fill = |key: &Key| fills.iter().find(|(pushed, _)| pushed == key).unwrap().1;
        for pair in seen.windows(2) {
            let (earlier, later) = (fill(&pair[0]), fill(&pair[1]));
            assert!(!later.is_over_half() || later.crossed_half() || earlier.is_over_half());
        }
    });
}

#[test]
fn a_producer_never_sees_more_than_was_pushed() {
    explore("len", || {
        let (producer, mut consumer) = queue_at(8, 1024, RECORDS, u32::MAX).unwrap();
        push(&producer, 0, &[SHORT]);
        let other = spawn(&producer, |producer| push(producer, 1, &[SHORT]));
        let reader = spawn(&producer, |producer| (producer.len(), producer.bytes()));
        take(&mut consumer, ALL);
        other.join().unwrap();
        let (len, bytes) = reader.join().unwrap();
        assert!(len <= 2 && bytes <= 32, "{len} records, {bytes} bytes");
    });
}

#[test]
fn either_end_may_go_first_with_records_left() {
    explore("drop", || {
        let (producer, mut consumer) = queue_at(8, 64, RECORDS, u32::MAX).unwrap();
        push(&producer, 0, &[SHORT]);
        let other = spawn(&producer, |producer| push(producer, 1, &[SHORT, LONG]));
        drop(producer);
        consumer.drain(1, usize::MAX, |_| ());
        drop(consumer);
        other.join().unwrap();
    });
}

/// Runs `model` under every interleaving and prints how many there were.
fn explore(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let runs = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = std::sync::Arc::clone(&runs);
    loom::model(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let runs = runs.load(Ordering::Relaxed);
    assert!(runs > 1, "nothing was interleaved");
    // Not through `eprintln!`, which the test harness would swallow.
    writeln!(std::io::stderr().lock(), "loom: {name}: {runs} interleavings").unwrap();
}

/// Who pushed a record, and as which.
type Key = (u8, u8);

/// Tries to push a record for each length; returns the fills of those accepted.
fn push(producer: &Producer, who: u8, lens: &[usize]) -> Vec<(Key, Fill)> {
    let keys = (0..).map(|number| (who, number));
    let pushes = keys.zip(lens).map(|(key, &len)| Some((key, producer.try_push(&record(key, len)).ok()?)));
    pushes.flatten().collect()
}

fn spawn<T: 'static>(producer: &Producer, work: impl FnOnce(&Producer) -> T + 'static) -> JoinHandle<T> {
    let producer = producer.clone();
    thread::spawn(move || work(&producer))
}

/// Drains until nothing waits or `max_records` records were taken, and checks that they are whole.
///
/// More than once, since a drain takes no more than waited when it began, which it learns from a plain load of the tail:
/// loom moves that to before or after a push only where the header was looked at before.
fn take(consumer: &mut Consumer, max_records: usize) -> Vec<Key> {
    let mut keys = Vec::new();
    while keys.len() < max_records {
        let drained = consumer.drain(max_records - keys.len(), usize::MAX, |bytes| {
            let key = (bytes[0], bytes[1]);
            assert_eq!(bytes, record(key, bytes.len()));
            assert!([SHORT, LONG].contains(&bytes.len()));
            keys.push(key);
        });
        if drained.records == 0 {
            break;
        }
    }
    keys
}

#[track_caller]
fn assert_order(seen: &[Key]) {
    for who in 0..3 {
        assert!(seen.iter().filter(|key| key.0 == who).is_sorted());
    }
}

/// The key, then bytes that depend on it, the place and the length.
fn record((who, number): Key, len: usize) -> Vec<u8> {
    let pattern = (2..len).map(|place| 1 + who * 64 + number * 32 + place as u8 + (len == LONG) as u8);
    [who, number].into_iter().chain(pattern).collect()
}

const ALL: usize = usize::MAX;
/// Two words with the header.
const SHORT: usize = 8;
/// Three words with the header.
const LONG: usize = 16;
/// Both counts wrap within the first records of every model.
const RECORDS: u32 = (1 << 31) - 2;
