//! What one thread sees: bounds, refusals, draining in part, closing, panics, memory.
#![cfg(not(wf_loom))]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use wf_queue::{
    CapacityError, Consumer, Drained, MAX_BYTES, MAX_RECORD, MAX_RECORDS, Producer, PushError, queue,
};

const _: () = {
    const fn is_handle<T: Clone + Send + Sync + 'static>() {}
    const fn is_owned_by_a_thread<T: Send + 'static>() {}
    is_handle::<Producer>();
    is_owned_by_a_thread::<Consumer>();
};

#[test]
fn capacities_out_of_bounds_are_errors() {
    #[track_caller]
    fn check(max_records: usize, max_bytes: usize, expected: CapacityError) {
        assert_eq!(queue(max_records, max_bytes).map(drop), Err(expected));
    }
    check(0, 1024, CapacityError::Records);
    check(MAX_RECORDS + 1, 1024, CapacityError::Records);
    check(usize::MAX, 1024, CapacityError::Records);
    check(1, 0, CapacityError::Bytes);
    check(1, usize::MAX, CapacityError::Bytes);
    if let Ok(max_bytes) = usize::try_from(MAX_BYTES) {
        check(1, max_bytes + 1, CapacityError::Bytes);
    }
}

#[test]
fn bytes_are_rounded_up_to_a_power_of_two() {
    #[track_caller]
    fn check(max_bytes: usize, rounded: usize, max_record: usize) {
        let (producer, consumer) = queue(MAX_RECORDS, max_bytes).unwrap();
        assert_eq!((producer.max_records(), consumer.max_records()), (MAX_RECORDS, MAX_RECORDS));
        assert_eq!((producer.max_bytes(), consumer.max_bytes()), (rounded, rounded));
        assert_eq!(producer.max_record(), max_record);
    }
    check(1, 8, 0);
    check(8, 8, 0);
    check(9, 16, 8);
    check(1000, 1024, 1016);
    check(MAX_RECORD, MAX_RECORD, MAX_RECORD - 8);
    check(MAX_RECORD + 1, 2 * MAX_RECORD, MAX_RECORD);
}

#[test]
fn the_longest_record_fits_an_empty_ring_and_no_longer_one() {
    for max_bytes in [8, 16, 64, 1024, MAX_RECORD, 2 * MAX_RECORD] {
        let (producer, mut consumer) = queue(9, max_bytes).unwrap();
        for turn in 0..3 {
            let record = vec![turn; producer.max_record()];
            assert_eq!(producer.try_push(&record).unwrap().records, 1);
            assert_eq!(producer.try_push(&vec![0; record.len() + 1]), Err(PushError::TooLong));
            assert_eq!(drain(&mut consumer, 1, 0), [record]);
        }
    }
}

#[test]
fn a_push_is_refused_when_records_or_bytes_run_out() {
    let (producer, mut consumer) = queue(2, 1024).unwrap();
    producer.try_push(b"").unwrap();
    producer.try_push(b"x").unwrap();
    assert_eq!(producer.try_push(b""), Err(PushError::Full));
    drain(&mut consumer, 1, 0);
    producer.try_push(b"").unwrap();

    let (producer, mut consumer) = queue(100, 64).unwrap();
    producer.try_push(&[1; 24]).unwrap();
    producer.try_push(&[2; 17]).unwrap();
    assert_eq!((producer.len(), producer.bytes()), (2, 64));
    assert_eq!(producer.try_push(b""), Err(PushError::Full));
    assert_eq!((producer.len(), producer.bytes(), producer.accepted()), (2, 64, 2));
    drain(&mut consumer, 1, 0);
    assert_eq!(producer.try_push(&[3; 25]), Err(PushError::Full));
    producer.try_push(&[3; 24]).unwrap();
}

#[test]
fn refusals_are_checked_in_the_documented_order() {
    let (producer, _consumer) = queue(1, 8).unwrap();
    producer.try_push(b"").unwrap();
    assert_eq!(producer.try_push(b"long"), Err(PushError::TooLong));
    assert_eq!(producer.try_push(b""), Err(PushError::Full));
    producer.close();
    assert_eq!(producer.try_push(b"long"), Err(PushError::TooLong));
    assert_eq!(producer.try_push(b""), Err(PushError::Closed));
}

#[test]
fn drain_stops_at_records_and_before_bytes() {
    #[track_caller]
    fn check(max_records: usize, max_bytes: usize, expected: &[&str]) {
        let (producer, mut consumer) = queue(100, 1024).unwrap();
        for record in ["four", "", "seven77", "xx"] {
            producer.try_push(record.as_bytes()).unwrap();
        }
        let drained = drain(&mut consumer, max_records, max_bytes);
        assert!(drained.iter().eq(expected.iter().map(|record| record.as_bytes())), "{drained:?}");
    }
    check(0, 100, &[]);
    check(1, 100, &["four"]);
    check(3, 100, &["four", "", "seven77"]);
    check(9, 0, &["four"]);
    check(9, 4, &["four", ""]);
    check(9, 10, &["four", ""]);
    check(9, 11, &["four", "", "seven77"]);
    check(9, usize::MAX, &["four", "", "seven77", "xx"]);
    check(usize::MAX, 13, &["four", "", "seven77", "xx"]);
}

#[test]
fn drain_leaves_what_is_pushed_meanwhile() {
    let (producer, mut consumer) = queue(9, 1024).unwrap();
    producer.try_push(b"one").unwrap();
    producer.try_push(b"two").unwrap();
    let drained = consumer.drain(usize::MAX, usize::MAX, |record| {
        producer.try_push(record).unwrap();
    });
    assert_eq!((drained.records, consumer.len()), (2, 2));
    assert_eq!(drain(&mut consumer, 9, 99), [b"one", b"two"]);
}

#[test]
fn a_record_over_max_bytes_is_taken_if_it_is_the_first() {
    let (producer, mut consumer) = queue(9, 1024).unwrap();
    producer.try_push(&[1; 100]).unwrap();
    producer.try_push(b"").unwrap();
    let mut lens = Vec::new();
    let drained = consumer.drain(9, 10, |record| lens.push(record.len()));
    assert_eq!((drained.records, drained.bytes), (1, 100));
    assert_eq!(lens, [100]);
}

#[test]
fn crossing_half_is_told_once_on_the_way_up() {
    #[track_caller]
    fn check(max_records: usize, max_bytes: usize, len: usize, crossing: usize) {
        let (producer, mut consumer) = queue(max_records, max_bytes).unwrap();
        for _ in 0..3 {
            for number in 1.. {
                let Ok(fill) = producer.try_push(&vec![0; len]) else { break };
                assert_eq!(fill.records, number);
                assert_eq!(fill.bytes, producer.bytes());
                assert_eq!(fill.crossed_half(), number == crossing, "{number}");
                assert_eq!(fill.is_over_half(), number >= crossing);
                assert_eq!(consumer.is_over_half(), number >= crossing);
            }
            assert!(producer.len() >= crossing);
            consumer.drain(usize::MAX, usize::MAX, |_| ());
            assert!(!consumer.is_over_half());
        }
    }
    check(1, 1024, 0, 1);
    check(2, 1024, 0, 2);
    check(3, 1024, 0, 2);
    check(10, 1024, 7, 6);
    check(100, 8, 0, 1);
    check(100, 64, 0, 5);
    check(100, 64, 16, 2);
    check(100, 128, 1, 5);
}

#[test]
fn a_closed_queue_refuses_and_drains() {
    let (producer, mut consumer) = queue(9, 1024).unwrap();
    producer.try_push(b"left").unwrap();
    assert!(!producer.is_closed() && !consumer.is_closed());
    producer.close();
    producer.close();
    assert!(producer.is_closed() && consumer.is_closed() && !consumer.is_drained());
    assert_eq!(producer.try_push(b""), Err(PushError::Closed));
    assert_eq!((producer.accepted(), producer.len(), consumer.len()), (1, 1, 1));
    assert_eq!(drain(&mut consumer, 9, 9), [b"left"]);
    assert!(consumer.is_drained());

    let (producer, consumer) = queue(9, 1024).unwrap();
    assert!(!consumer.is_drained());
    consumer.close();
    assert!(consumer.is_drained() && producer.is_closed());
}

#[test]
fn dropping_the_consumer_closes_the_queue() {
    let (producer, consumer) = queue(9, 1024).unwrap();
    producer.try_push(b"lost").unwrap();
    drop(consumer);
    assert_eq!(producer.try_push(b""), Err(PushError::Closed));
}

#[test]
fn dropping_the_producers_does_not_close_the_queue() {
    let (producer, mut consumer) = queue(9, 1024).unwrap();
    producer.try_push(b"kept").unwrap();
    drop(producer);
    assert!(!consumer.is_closed());
    assert_eq!(drain(&mut consumer, 9, 9), [b"kept"]);
}

#[test]
fn a_record_whose_taker_panics_is_taken_and_the_queue_goes_on() {
    let (producer, mut consumer) = queue(4, 32).unwrap();
    for turn in 0..5_u8 {
        producer.try_push(&[turn]).unwrap();
        producer.try_push(&[turn; 8]).unwrap();
        assert_eq!(producer.try_push(b""), Err(PushError::Full));
        let mut calls = 0;
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            consumer.drain(9, 99, |record| {
                calls += 1;
                if record.len() == 8 {
                    // Unlike `panic!`, prints nothing.
                    resume_unwind(Box::new(()));
                }
            });
        }));
        assert!(panicked.is_err());
        assert_eq!(calls, 2);
        assert_eq!((consumer.len(), producer.bytes(), producer.len()), (0, 0, 0));
        assert_eq!(consumer.taken(), 3 * u64::from(turn) + 2);
        producer.try_push(&[turn; 24]).unwrap();
        assert_eq!(drain(&mut consumer, 9, 99), [[turn; 24]]);
    }
}

#[test]
fn space_returns_to_producers_in_the_middle_of_a_drain() {
    let (producer, mut consumer) = queue(MAX_RECORDS, 1024).unwrap();
    while producer.try_push(&[7; 8]).is_ok() {}
    let mut pushed = 0;
    let drained = consumer.drain(64, usize::MAX, |record| {
        assert_eq!(record, [7; 8]);
        pushed += usize::from(producer.try_push(record).is_ok());
    });
    assert_eq!(drained.records, 64);
    // All but the last eighth of the ring, which is given back when the drain is over.
    assert_eq!(pushed, 56);
    assert_eq!(consumer.len(), 56);
}

#[test]
fn errors_read_after_a_colon() {
    #[track_caller]
    fn check(error: &dyn core::error::Error, expected: &str) {
        assert_eq!(error.to_string(), expected);
    }
    check(&CapacityError::Bytes, "byte capacity is zero or too large");
    check(&CapacityError::OutOfMemory, "no memory for the ring");
    check(&CapacityError::Records, "record capacity is zero or too large");
    check(&PushError::Closed, "queue is closed");
    check(&PushError::Full, "queue is full");
    check(&PushError::TooLong, "record is too long for the queue");
}

#[test]
fn debug_shows_how_full_and_no_content() {
    let (producer, consumer) = queue(9, 1024).unwrap();
    producer.try_push(b"secret").unwrap();
    assert_eq!(format!("{producer:?}"), "Producer { len: 1, bytes: 16, closed: false, .. }");
    assert_eq!(format!("{consumer:?}"), "Consumer { len: 1, bytes: 16, taken: 0, closed: false, .. }");
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn memory_is_used_only_when_touched() {
    fn resident_pages() -> usize {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').nth(1).unwrap().parse().unwrap()
    }
    let before = resident_pages();
    let (producer, _consumer) = queue(1_000, 256 << 20).unwrap();
    producer.try_push(b"one page").unwrap();
    let grown = resident_pages().saturating_sub(before);
    assert!(grown < 16 << 8, "{grown} pages");
    // 16 GiB are more than some machines lend, and that is an error like others.
    assert!(matches!(queue(1, MAX_BYTES as usize).map(drop), Ok(()) | Err(CapacityError::OutOfMemory)));
}

/// Drains, checks the sums, and returns copies.
#[track_caller]
fn drain(consumer: &mut Consumer, max_records: usize, max_bytes: usize) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let Drained { records: count, bytes, .. } =
        consumer.drain(max_records, max_bytes, |record| records.push(record.to_vec()));
    assert_eq!((count, bytes), (records.len(), records.iter().map(Vec::len).sum()));
    records
}
