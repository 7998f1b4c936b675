//! Random steps, compared with a `VecDeque` that keeps the same books in the plainest way.
#![cfg(not(wf_loom))]

use std::collections::VecDeque;

use proptest::prelude::*;
use wf_queue::{Consumer, MAX_RECORD, MAX_RECORDS, Producer, PushError, queue_at};

proptest! {
    #![proptest_config(config(1_500))]

    #[test]
    fn small_rings_match_the_twin(
        ring in ring(0..7),
        steps in prop::collection::vec(step(0_usize..40), 0..if cfg!(miri) { 30 } else { 150 }),
    ) {
        run(ring, steps);
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn rings_of_long_records_match_the_twin(
        ring in ring(13..16),
        steps in prop::collection::vec(step(long_record()), 0..if cfg!(miri) { 4 } else { 24 }),
    ) {
        run(ring, steps);
    }
}

fn config(cases: u32) -> ProptestConfig {
    let cases = if cfg!(miri) { 3 } else { cases };
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

fn long_record() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..300, MAX_RECORD - 9..=MAX_RECORD + 1, 10_000_usize..70_000]
}

/// Where a ring begins and how large it is.
#[derive(Clone, Debug)]
struct Ring {
    max_records: usize,
    words: usize,
    start_records: u32,
    start_words: u32,
}

#[derive(Clone, Debug)]
enum Step {
    Push(usize),
    Drain(usize, usize),
    Close,
}

/// Rings of `2^exponent` words that begin anywhere or close before a count wraps.
fn ring(exponent: std::ops::Range<u32>) -> impl Strategy<Value = Ring> {
    let max_records = prop_oneof![1_usize..20, Just(MAX_RECORDS)];
    let start_records = prop_oneof![Just(0), any::<u32>(), MAX_RECORDS as u32 - 30..=MAX_RECORDS as u32];
    let start_words = prop_oneof![any::<u32>(), u32::MAX - 60..=u32::MAX];
    (max_records, exponent, start_records, start_words).prop_map(
        |(max_records, exponent, start_records, start_words)| Ring {
            max_records,
            words: 1 << exponent,
            start_records,
            start_words,
        },
    )
}

fn step(len: impl Strategy<Value = usize>) -> impl Strategy<Value = Step> {
    let max_bytes = prop_oneof![0_usize..100, Just(100_000), Just(usize::MAX)];
    let max_records = prop_oneof![0_usize..8, Just(usize::MAX)];
    prop_oneof![
        60 => len.prop_map(Step::Push),
        25 => (max_records, max_bytes).prop_map(|(records, bytes)| Step::Drain(records, bytes)),
        1 => Just(Step::Close),
    ]
}

fn run(ring: Ring, steps: Vec<Step>) {
    let (producer, mut consumer) =
        queue_at(ring.max_records, ring.words * 8, ring.start_records, ring.start_words).unwrap();
    let mut twin = Twin { records: VecDeque::new(), accepted: 0, closed: false, ring };
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Push(len) => {
                let record = record(number as u8, len);
                twin.push(&producer, record);
            }
            Step::Drain(max_records, max_bytes) => twin.drain(&mut consumer, max_records, max_bytes),
            Step::Close => {
                producer.close();
                twin.closed = true;
            }
        }
        twin.check(&producer, &consumer);
    }
    twin.drain(&mut consumer, usize::MAX, usize::MAX);
    twin.check(&producer, &consumer);
}

struct Twin {
    records: VecDeque<Vec<u8>>,
    accepted: u64,
    closed: bool,
    ring: Ring,
}

impl Twin {
    fn push(&mut self, producer: &Producer, record: Vec<u8>) {
        let pushed = producer.try_push(&record);
        let before = self.over_half();
        if record.len() > MAX_RECORD || words(&record) > self.ring.words {
            assert_eq!(pushed, Err(PushError::TooLong));
        } else if self.closed {
            assert_eq!(pushed, Err(PushError::Closed));
        } else if self.records.len() == self.ring.max_records
            || self.words() + words(&record) > self.ring.words
        {
            assert_eq!(pushed, Err(PushError::Full));
        } else {
            self.records.push_back(record);
            self.accepted += 1;
            let fill = pushed.unwrap();
            assert_eq!((fill.records, fill.bytes), (self.records.len(), self.words() * 8));
            assert_eq!(fill.is_over_half(), self.over_half());
            assert_eq!(fill.crossed_half(), self.over_half() && !before);
        }
    }

    fn drain(&mut self, consumer: &mut Consumer, max_records: usize, max_bytes: usize) {
        let (mut count, mut sum) = (0, 0_usize);
        let drained = consumer.drain(max_records, max_bytes, |record| {
            assert_eq!(self.records.pop_front().as_deref(), Some(record));
            assert!(count < max_records);
            count += 1;
            sum += record.len();
            assert!(count == 1 || sum <= max_bytes);
        });
        assert_eq!((drained.records, drained.bytes), (count, sum));
        // It did not stop too early either.
        if let Some(next) = self.records.front() {
            assert!(count == max_records || (count > 0 && sum + next.len() > max_bytes));
        }
    }

    fn check(&self, producer: &Producer, consumer: &Consumer) {
        let (len, bytes) = (self.records.len(), self.words() * 8);
        assert_eq!((producer.len(), producer.bytes()), (len, bytes));
        assert_eq!((consumer.len(), consumer.bytes()), (len, bytes));
        assert_eq!((producer.is_empty(), consumer.is_empty()), (len == 0, len == 0));
        assert_eq!(consumer.is_over_half(), self.over_half());
        assert_eq!((producer.is_closed(), consumer.is_closed()), (self.closed, self.closed));
        assert_eq!(consumer.is_drained(), self.closed && len == 0);
        assert_eq!(consumer.accepted(), self.accepted);
        assert_eq!(consumer.taken(), self.accepted - len as u64);
        let accepted = u64::from(self.ring.start_records) + self.accepted;
        assert_eq!(u64::from(producer.accepted()), accepted % (1 << 31));
    }

    fn words(&self) -> usize {
        self.records.iter().map(|record| words(record)).sum()
    }

    fn over_half(&self) -> bool {
        2 * self.records.len() > self.ring.max_records || 2 * self.words() > self.ring.words
    }
}

/// Bytes that depend on their place and on the step; copied by the block, for speed.
fn record(number: u8, len: usize) -> Vec<u8> {
    let block: Vec<u8> = (1..=251).map(|place: u8| place.wrapping_add(number)).collect();
    let mut record = block.repeat(len.div_ceil(block.len()));
    record.truncate(len);
    record
}

fn words(record: &[u8]) -> usize {
    1 + record.len().div_ceil(8)
}
