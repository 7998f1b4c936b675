//! Lines through a queue: ours beside a buffer behind a mutex that the consumer swaps for an empty one.
//!
//! * `solo`: one thread pushes 256 lines and drains them.
//! * `handover`: two threads push as fast as they can while a third drains until all has arrived.
//! * `rejected`: a push that finds the queue full.
//!
//! One element is one line.

use std::hint::black_box;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use benches::records::{MOST, Records, Swap};
use benches::time;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wf_queue::{Consumer, Producer};

criterion_group!(benches, solo, handover, rejected);
criterion_main!(benches);

const LINE: &[u8] = b"\"disk.sda1.read.bytes.7\" 42422.5 1533529977 source=\"web-1\" \"env\"=\"production\" \"region\"=\"eu-west-1\" \"shard\"=\"17\"\n";
const LINES: usize = 256;
const CAPACITY: usize = 8 * 1024 * 1024;

/// The least that both do.
trait Queue: Sync {
    /// Tells whether there was room.
    fn push(&self, line: &[u8]) -> bool;
}

impl Queue for Producer {
    fn push(&self, line: &[u8]) -> bool {
        self.try_push(line).is_ok()
    }
}

impl Queue for Mutex<Records> {
    fn push(&self, line: &[u8]) -> bool {
        self.lock().expect("no panic under the lock").push(line)
    }
}

fn ours(capacity: usize) -> (Producer, Consumer) {
    wf_queue::queue(MOST, capacity).expect("a capacity in range")
}

fn drain(consumer: &mut Consumer, out: &mut Vec<u8>) {
    consumer.drain(usize::MAX, usize::MAX, |line| out.extend_from_slice(line));
}

fn push_all(queue: &impl Queue, count: usize) {
    for _ in 0..count {
        while !queue.push(black_box(LINE)) {
            thread::yield_now();
        }
    }
}

fn check(out: &mut Vec<u8>, count: usize) {
    assert_eq!(out.len(), count * LINE.len());
    assert!(out.chunks_exact(LINE.len()).all(|line| line == LINE));
    out.clear();
}

fn solo(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("queue/solo");
    group.throughput(Throughput::Elements(LINES as u64));
    group.bench_function("ours", |bencher| {
        let (producer, consumer) = ours(CAPACITY);
        let mut state = (consumer, Vec::with_capacity(CAPACITY));
        bencher.iter_custom(|iters| {
            time(
                iters,
                &mut state,
                |(consumer, out)| {
                    push_all(&producer, LINES);
                    drain(consumer, out);
                },
                |(_, out)| check(out, LINES),
            )
        });
    });
    group.bench_function("mutex swap", |bencher| {
        let mut queue = Swap::new(CAPACITY);
        let (waiting, drain) = queue.ends();
        let mut state = (drain, Vec::with_capacity(CAPACITY));
        bencher.iter_custom(|iters| {
            time(
                iters,
                &mut state,
                |(drain, out)| {
                    push_all(waiting, LINES);
                    drain.append_to(out);
                },
                |(_, out)| check(out, LINES),
            )
        });
    });
    group.finish();
}

fn handover(criterion: &mut Criterion) {
    const PRODUCERS: usize = 2;
    const EACH: usize = 20_000;

    /// Ends when everything has arrived; the time to start the threads is part of it, the same for both.
    fn round(queue: &impl Queue, out: &mut Vec<u8>, mut drain: impl FnMut(&mut Vec<u8>)) {
        thread::scope(|scope| {
            for _ in 0..PRODUCERS {
                scope.spawn(|| push_all(queue, EACH));
            }
            while out.len() < PRODUCERS * EACH * LINE.len() {
                drain(out);
            }
        });
    }

    let mut group = criterion.benchmark_group("queue/handover");
    group.throughput(Throughput::Elements((PRODUCERS * EACH) as u64)).sample_size(10);
    group.bench_function("ours", |bencher| {
        let (producer, consumer) = ours(CAPACITY);
        let mut state = (consumer, Vec::with_capacity(PRODUCERS * EACH * LINE.len()));
        bencher.iter_custom(|iters| {
            time(
                iters,
                &mut state,
                |(consumer, out)| round(&producer, out, |out| drain(consumer, out)),
                |(_, out)| check(out, PRODUCERS * EACH),
            )
        });
    });
    group.bench_function("mutex swap", |bencher| {
        let mut queue = Swap::new(CAPACITY);
        let (waiting, drain) = queue.ends();
        let mut state = (drain, Vec::with_capacity(PRODUCERS * EACH * LINE.len()));
        bencher.iter_custom(|iters| {
            time(
                iters,
                &mut state,
                |(drain, out)| round(waiting, out, |out| drain.append_to(out)),
                |(_, out)| check(out, PRODUCERS * EACH),
            )
        });
    });
    group.finish();
}

fn rejected(criterion: &mut Criterion) {
    fn measure(queue: &impl Queue, iters: u64) -> std::time::Duration {
        while queue.push(LINE) {}
        let start = Instant::now();
        for _ in 0..iters {
            assert!(!queue.push(black_box(LINE)));
        }
        start.elapsed()
    }

    let mut group = criterion.benchmark_group("queue/rejected");
    group.throughput(Throughput::Elements(1));
    group.bench_function("ours", |bencher| {
        let (producer, _consumer) = ours(64 * 1024);
        bencher.iter_custom(|iters| measure(&producer, iters));
    });
    group.bench_function("mutex swap", |bencher| {
        let queue = Swap::new(64 * 1024);
        bencher.iter_custom(|iters| measure(queue.waiting(), iters));
    });
    group.finish();
}
