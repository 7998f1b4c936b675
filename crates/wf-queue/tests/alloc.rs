//! Pushing and draining allocate nothing, full or not. A binary of its own, because the counter is the global allocator.
#![cfg(not(wf_loom))]

use allocation_counter::measure;

use wf_queue::{PushError, queue};

#[test]
fn no_allocation_per_push_or_drain() {
    let (producer, mut consumer) = queue(200, 1 << 14).unwrap();
    let record = [7; 122];
    let mut seen = 0;
    let counts = measure(|| {
        for _ in 0..if cfg!(miri) { 1 } else { 10 } {
            while producer.try_push(&record).is_ok() {}
            assert_eq!(producer.try_push(&record), Err(PushError::Full));
            seen += consumer.drain(usize::MAX, usize::MAX, |_| ()).records;
        }
        producer.close();
        assert_eq!(producer.try_push(&record), Err(PushError::Closed));
    });
    assert!(seen > 100);
    assert_eq!(counts.count_total, 0);
}

#[test]
fn a_queue_allocates_twice_and_frees_all() {
    let counts = measure(|| {
        let (producer, consumer) = queue(1_000, 1 << 20).unwrap();
        producer.try_push(b"left behind").unwrap();
        drop(consumer);
        drop(producer);
    });
    assert_eq!((counts.count_total, counts.count_current, counts.bytes_current), (2, 0, 0));
}

#[test]
#[cfg(not(miri))]
fn a_full_queue_takes_at_most_115_percent_of_its_text() {
    let (max_bytes, line) = (8 << 20, [7; 122]);
    let mut text = 0;
    let counts = measure(|| {
        let (producer, _consumer) = queue(1 << 20, max_bytes).unwrap();
        while producer.try_push(&line).is_ok() {
            text += line.len();
        }
    });
    // All there is: the ring, its slack, and what both ends share.
    assert!(counts.bytes_max as usize >= max_bytes + wf_queue::MAX_RECORD);
    assert!(counts.bytes_max as usize * 100 <= text * 115, "{} bytes for {text}", counts.bytes_max);
}
