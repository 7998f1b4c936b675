//! Many producers at once: contents, order and books.
#![cfg(not(wf_loom))]

use std::sync::Barrier;
use std::thread;

use wf_queue::{Consumer, MAX_RECORDS, Producer, PushError, queue_at};

const PUSHES: u32 = if cfg!(miri) { 25 } else { 60_000 };
const PRODUCERS: u8 = 3;

#[test]
fn nothing_is_lost_torn_or_reordered_in_a_tiny_ring() {
    check(100, 512, 120);
}

#[test]
fn nothing_is_lost_torn_or_reordered_when_records_are_bounded() {
    check(3, 1 << 16, 60);
}

#[test]
fn nothing_is_lost_torn_or_reordered_when_records_fill_the_ring() {
    check(100, 256, 248);
}

#[test]
fn nothing_is_lost_torn_or_reordered_in_a_roomy_ring() {
    check(10_000, 1 << 20, 300);
}

#[test]
fn a_push_racing_with_close_is_drained_or_refused() {
    for round in 0..if cfg!(miri) { 2 } else { 3_000 } {
        let (producer, mut consumer) = queue_at(16, 256, round, u32::MAX - round).unwrap();
        let start = Barrier::new(3);
        let (accepted, taken) = thread::scope(|scope| {
            let pushers = [0, 1].map(|who| {
                let (producer, start) = (producer.clone(), &start);
                scope.spawn(move || {
                    start.wait();
                    let mut accepted = 0;
                    loop {
                        match producer.try_push(&[who; 9]) {
                            Ok(_) => accepted += 1,
                            Err(PushError::Full) => thread::yield_now(),
                            Err(_) => return accepted,
                        }
                    }
                })
            });
            start.wait();
            let mut taken = 0;
            for _ in 0..round % 50 {
                taken += consumer.drain(4, usize::MAX, |_| ()).records;
            }
            consumer.close();
            while !consumer.is_drained() {
                taken += consumer.drain(4, usize::MAX, |_| ()).records;
            }
            (pushers.map(|pusher| pusher.join().unwrap()).iter().sum::<usize>(), taken)
        });
        assert_eq!(accepted, taken);
        assert_eq!(consumer.taken(), taken as u64);
    }
}

#[test]
fn each_crossing_follows_a_drain() {
    // Without a consumer at work exactly one push of a filling crosses, however many threads fill.
    for round in 0..if cfg!(miri) { 2 } else { 2_000 } {
        let (producer, mut consumer) = queue_at(100, 1024, 0, round).unwrap();
        for _ in 0..2 {
            let crossings = thread::scope(|scope| {
                let fillers = [5, 20].map(|len| {
                    let producer = producer.clone();
                    scope.spawn(move || {
                        let pushes = std::iter::from_fn(|| producer.try_push(&vec![0; len]).ok());
                        pushes.filter(|fill| fill.crossed_half()).count()
                    })
                });
                fillers.map(|filler| filler.join().unwrap()).iter().sum::<usize>()
            });
            assert_eq!(crossings, 1);
            consumer.drain(usize::MAX, usize::MAX, |_| ());
        }
    }
}

/// Offers `PUSHES` records per producer once each; those refused are left out.
fn check(max_records: usize, max_bytes: usize, max_len: usize) {
    let start = (MAX_RECORDS as u32 - PUSHES / 2, u32::MAX - PUSHES);
    let (producer, mut consumer) = queue_at(max_records, max_bytes, start.0, start.1).unwrap();
    let offered = u64::from(PUSHES) * u64::from(PRODUCERS);
    let (sent, seen) = thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|who| {
                let producer = producer.clone();
                scope.spawn(move || offer(&producer, who, max_len))
            })
            .collect();
        let consumer = &mut consumer;
        let seen = scope.spawn(move || collect(consumer, max_len));
        let sent: Vec<_> = producers.into_iter().map(|producer| producer.join().unwrap()).collect();
        producer.close();
        (sent, seen.join().unwrap())
    });
    let accepted: u64 = sent.iter().map(|tally| tally.accepted).sum();
    let refused: u64 = sent.iter().map(|tally| tally.refused).sum();
    assert_eq!(accepted + refused, offered);
    assert_eq!((consumer.accepted(), consumer.taken(), consumer.len()), (accepted, accepted, 0));
    assert_eq!((u64::from(start.0) + accepted) as u32 & MAX_RECORDS as u32, producer.accepted());
    for (sent, seen) in sent.iter().zip(seen) {
        assert_eq!((sent.accepted, sent.sum), (seen.accepted, seen.sum));
    }
}

/// What one producer sent, or what was seen of it.
#[derive(Default)]
struct Tally {
    accepted: u64,
    refused: u64,
    /// Sum of the accepted numbers, so that one record seen twice does not make up for one lost.
    sum: u64,
}

fn offer(producer: &Producer, who: u8, max_len: usize) -> Tally {
    let mut tally = Tally::default();
    for number in 0..PUSHES {
        match producer.try_push(&record(who, number, max_len)) {
            Ok(fill) => {
                assert!(fill.records <= producer.max_records() && fill.bytes <= producer.max_bytes());
                tally.accepted += 1;
                tally.sum += u64::from(number);
            }
            Err(PushError::Full) => {
                tally.refused += 1;
                thread::yield_now();
            }
            Err(error) => panic!("{error}"),
        }
    }
    tally
}

fn collect(consumer: &mut Consumer, max_len: usize) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = (0..PRODUCERS).map(|_| Tally::default()).collect();
    let mut next = [0; PRODUCERS as usize];
    while !consumer.is_drained() {
        let drained = consumer.drain(64, 4096, |bytes| {
            let who = bytes[0];
            let number = u32::from_le_bytes(bytes[1..5].try_into().unwrap());
            assert!(bytes == record(who, number, max_len), "record {number} of {who} is torn");
            assert!(number >= next[usize::from(who)], "record {number} of {who} is late");
            next[usize::from(who)] = number + 1;
            let tally = &mut tallies[usize::from(who)];
            tally.accepted += 1;
            tally.sum += u64::from(number);
        });
        if drained.records == 0 {
            thread::yield_now();
        }
    }
    tallies
}

/// Producer, number, and a pattern of both; the length varies with both, too.
fn record(who: u8, number: u32, max_len: usize) -> Vec<u8> {
    let mixed = (number ^ u32::from(who) << 24).wrapping_mul(0x9E37_79B9).rotate_left(13);
    let len = 5 + mixed as usize % (max_len - 4);
    let pattern = (0..len - 5).map(|place| (mixed as usize + place) as u8);
    [who].into_iter().chain(number.to_le_bytes()).chain(pattern).collect()
}
