//! Lines through a queue of 8 MiB.
//!
//! * `paced-p1`, `-p2`, `-p4`: so many threads push while another drains every 200 microseconds, as a worker does that is
//!   waked now and then; until the last push. Nothing is lost: who finds no room tries again.
//! * `solo`: one thread pushes 256 lines and drains them. `memcpy` is memcpy + one fetch_add: the least that a ring
//!   of the same size must do, each line copied in and out.
//! * `rejected`: a push that finds the queue full.
//!
//! Peers: `thingbuf` with buffers that are used again, and `mutex`, a buffer that the consumer swaps for an empty one.
//! All do the same: refuse what does not fit, keep each line's bounds, and hand the lines one by one to a taker, which
//! appends them to a batch as the sender does.

use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::ensure;
use benches::measure::{Contestant, Effort, Figures, nanos_each_pass, race};
use benches::records::{MOST, Records, Swap};
use benches::row::Row;
use thingbuf::ThingBuf;
use wf_queue::{Consumer, Producer};

use crate::format::mixed_lines;

const UNIT: &str = "ns/line";
/// What each queue may hold, in bytes.
pub(crate) const CAPACITY: usize = 8 * 1024 * 1024;
/// As many lines of 122 bytes as fit the same memory with their length.
pub(crate) const SLOTS: usize = CAPACITY / 128;
pub(crate) const PACE: Duration = Duration::from_micros(200);
/// Passes of one thread alone, each of so many batches.
const PASSES: usize = 250;
const BATCHES: usize = 16;
/// Pushed before they are drained.
const SOLO: usize = 256;

pub(crate) fn rows(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let lines = lines();
    let mut rows = Vec::new();
    for (name, producers) in [("queue/paced-p1", 1), ("queue/paced-p2", 2), ("queue/paced-p4", 4)] {
        check_contents(effort, producers)?;
        rows.extend(Row::all(name, UNIT, &paced(effort, producers, effort.of(1_000_000), &lines)?));
    }
    rows.extend(solo(effort, &lines)?);
    rows.extend(rejected(effort, &lines)?);
    Ok(rows)
}

/// Lines that stay in the first cache.
pub(crate) fn lines() -> Vec<Vec<u8>> {
    mixed_lines().into_iter().take(SOLO).map(String::into_bytes).collect()
}

/// Nanoseconds for each of `count` lines from `producers` threads.
pub(crate) fn paced(
    effort: Effort,
    producers: usize,
    count: usize,
    lines: &[Vec<u8>],
) -> anyhow::Result<Vec<Figures>> {
    let (mut ring, mut slots, mut swap) = (Ring::new(), Slots::new(lines), Swap::new(CAPACITY));
    let contestants = vec![
        Contestant::new("ours", || ring.paced(producers, count, lines)),
        Contestant::new("thingbuf", || slots.paced(producers, count, lines)),
        Contestant::new("mutex", || swap.paced(producers, count, lines)),
    ];
    race(effort.rounds_times(3), contestants)
}

fn solo(effort: Effort, lines: &[Vec<u8>]) -> anyhow::Result<Vec<Row>> {
    let (mut ring, mut slots, mut swap, mut bound) =
        (Ring::new(), Slots::new(lines), Swap::new(CAPACITY), Bound::new());
    let contestants = vec![
        Contestant::new("ours", || ring.solo(effort, lines)),
        Contestant::new("memcpy", || bound.solo(effort, lines)),
        Contestant::new("thingbuf", || slots.solo(effort, lines)),
        Contestant::new("mutex", || swap.solo(effort, lines)),
    ];
    Ok(Row::all("queue/solo", UNIT, &race(effort, contestants)?))
}

fn rejected(effort: Effort, lines: &[Vec<u8>]) -> anyhow::Result<Vec<Row>> {
    let (ring, slots, swap) = (Ring::new(), Slots::new(lines), Swap::new(CAPACITY));
    let contestants = vec![
        Contestant::new("ours", || ring.rejected(effort, lines)),
        Contestant::new("thingbuf", || slots.rejected(effort, lines)),
        Contestant::new("mutex", || swap.rejected(effort, lines)),
    ];
    Ok(Row::all("queue/rejected", UNIT, &race(effort, contestants)?))
}

/// What is asked of every queue.
trait Queue: Sized {
    type Producer: Push;

    /// A handle to push with, and the one end that drains: it appends the lines that wait when it begins, one after the
    /// other.
    fn ends(&mut self) -> (&Self::Producer, impl FnMut(&mut Vec<u8>) + Send);

    fn producer(&self) -> &Self::Producer;

    fn paced(&mut self, producers: usize, count: usize, lines: &[Vec<u8>]) -> f64 {
        let (producer, mut drain) = self.ends();
        let each = count / producers;
        let (gate, done) = (Barrier::new(producers), AtomicBool::new(false));
        let push = |from: usize| {
            gate.wait();
            let start = Instant::now();
            (from..from + each).for_each(|i| producer.push_patiently(&lines[i % SOLO]));
            (start, Instant::now())
        };
        thread::scope(|scope| {
            let consumer = scope.spawn(|| {
                let mut out = Vec::with_capacity(2 * CAPACITY);
                loop {
                    // Asked first, so that the last drain comes after the last push.
                    let last = done.load(Ordering::Acquire);
                    out.clear();
                    drain(&mut out);
                    black_box(&out);
                    if last {
                        return;
                    }
                    thread::sleep(PACE);
                }
            });
            let push = &push;
            let threads: Vec<_> = (0..producers).map(|from| scope.spawn(move || push(from * 17))).collect();
            let pushed = threads.into_iter().map(|thread| thread.join().expect("a producer does not panic"));
            let (starts, ends): (Vec<_>, Vec<_>) = pushed.unzip();
            // Of the first to start and the last to end: this thread may get its turn long after either.
            let took = ends.into_iter().max().zip(starts.into_iter().min()).map(|(end, start)| end - start);
            let took = took.unwrap_or_default();
            done.store(true, Ordering::Release);
            consumer.join().expect("the consumer does not panic");
            took.as_nanos() as f64 / (each * producers) as f64
        })
    }

    fn solo(&mut self, effort: Effort, lines: &[Vec<u8>]) -> f64 {
        let (producer, mut drain) = self.ends();
        let mut out = Vec::with_capacity(2 * CAPACITY);
        nanos_each_pass(effort.of(PASSES), BATCHES * lines.len(), || {
            for _ in 0..BATCHES {
                for line in lines {
                    assert!(producer.push(black_box(line)));
                }
                out.clear();
                drain(&mut out);
                black_box(&out);
            }
        })
    }

    fn rejected(&self, effort: Effort, lines: &[Vec<u8>]) -> f64 {
        let producer = self.producer();
        while producer.push(&lines[0]) {}
        nanos_each_pass(effort.of(PASSES), BATCHES * lines.len(), || {
            for _ in 0..BATCHES {
                for line in lines {
                    black_box(producer.push(black_box(line)));
                }
            }
        })
    }
}

/// Tells whether there was room.
trait Push: Sync {
    fn push(&self, line: &[u8]) -> bool;

    fn push_patiently(&self, line: &[u8]) {
        let mut tries = 0_u32;
        while !self.push(black_box(line)) {
            tries += 1;
            if tries.is_multiple_of(100) { thread::yield_now() } else { spin_loop() }
        }
    }
}

struct Ring(Producer, Consumer);

impl Ring {
    fn new() -> Self {
        let (producer, consumer) = wf_queue::queue(MOST, CAPACITY).expect("a capacity in range");
        Self(producer, consumer)
    }
}

impl Push for Producer {
    fn push(&self, line: &[u8]) -> bool {
        self.try_push(line).is_ok()
    }
}

impl Queue for Ring {
    type Producer = Producer;

    fn ends(&mut self) -> (&Producer, impl FnMut(&mut Vec<u8>) + Send) {
        let Self(producer, consumer) = self;
        let drain = |out: &mut Vec<u8>| {
            consumer.drain(usize::MAX, usize::MAX, |line| out.extend_from_slice(line));
        };
        (producer, drain)
    }

    fn producer(&self) -> &Producer {
        &self.0
    }
}

pub(crate) struct Slots(pub(crate) ThingBuf<Vec<u8>>);

impl Slots {
    /// With every slot as large as the longest line, and no larger: a queue that fits the caches better is faster.
    pub(crate) fn new(lines: &[Vec<u8>]) -> Self {
        let longest = lines.iter().map(Vec::len).max().unwrap_or_default();
        let queue = ThingBuf::<Vec<u8>>::new(SLOTS);
        while let Ok(mut slot) = queue.push_ref() {
            slot.reserve_exact(longest);
            slot.resize(longest, 1);
        }
        while queue.pop_ref().is_some() {}
        Self(queue)
    }
}

impl Push for Slots {
    fn push(&self, line: &[u8]) -> bool {
        let Ok(mut slot) = self.0.push_ref() else { return false };
        slot.extend_from_slice(line);
        true
    }
}

impl Queue for Slots {
    type Producer = Self;

    fn ends(&mut self) -> (&Self, impl FnMut(&mut Vec<u8>) + Send) {
        let queue = &self.0;
        let drain = move |out: &mut Vec<u8>| {
            // Without the bound it would run after the producers, and both be several times as slow.
            for _ in 0..queue.len() {
                let Some(slot) = queue.pop_ref() else { break };
                out.extend_from_slice(&slot);
            }
        };
        (self, drain)
    }

    fn producer(&self) -> &Self {
        self
    }
}

impl Push for Mutex<Records> {
    fn push(&self, line: &[u8]) -> bool {
        self.lock().expect("no panic under the lock").push(line)
    }
}

impl Queue for Swap {
    type Producer = Mutex<Records>;

    fn ends(&mut self) -> (&Mutex<Records>, impl FnMut(&mut Vec<u8>) + Send) {
        let (waiting, mut drain) = self.ends();
        (waiting, move |out: &mut Vec<u8>| drain.append_to(out))
    }

    fn producer(&self) -> &Mutex<Records> {
        self.waiting()
    }
}

/// What any ring of bytes must do: claim with one fetch_add, copy in, copy out.
struct Bound {
    tail: AtomicU64,
    ring: Vec<u8>,
}

impl Bound {
    fn new() -> Self {
        // The slack behind the end takes the last line of a lap.
        Self { tail: AtomicU64::new(0), ring: vec![1; CAPACITY + 64 * 1024] }
    }

    fn solo(&mut self, effort: Effort, lines: &[Vec<u8>]) -> f64 {
        let mut out = Vec::with_capacity(2 * CAPACITY);
        let place = |at: u64| (at as usize) & (CAPACITY - 1);
        nanos_each_pass(effort.of(PASSES), BATCHES * lines.len(), || {
            for _ in 0..BATCHES {
                let mut head = self.tail.load(Ordering::Acquire);
                for line in lines {
                    let line = black_box(&**line);
                    let at = place(self.tail.fetch_add(line.len() as u64, Ordering::AcqRel));
                    self.ring[at..][..line.len()].copy_from_slice(line);
                }
                out.clear();
                for line in lines {
                    out.extend_from_slice(&self.ring[place(head)..][..line.len()]);
                    head += line.len() as u64;
                }
                black_box(&out);
            }
        })
    }
}

/// Every queue hands out what was pushed: all of it, once, each producer's lines in their order.
fn check_contents(effort: Effort, producers: usize) -> anyhow::Result<()> {
    let each = effort.of(100_000);
    check_queue("ours", Ring::new(), producers, each)?;
    check_queue("thingbuf", Slots::new(&[]), producers, each)?;
    check_queue("mutex", Swap::new(CAPACITY), producers, each)
}

fn check_queue(name: &str, mut queue: impl Queue, producers: usize, each: usize) -> anyhow::Result<()> {
    let (producer, mut drain) = queue.ends();
    let mut next = vec![0; producers];
    thread::scope(|scope| {
        let threads: Vec<_> = (0..producers)
            .map(|p| {
                scope.spawn(move || {
                    for n in 0..each {
                        let pad = n * 31 % 97;
                        producer.push_patiently(format!("{p} {n} {:pad$}\n", "").as_bytes());
                    }
                })
            })
            .collect();
        let mut out = Vec::new();
        loop {
            let last = threads.iter().all(|thread| thread.is_finished());
            out.clear();
            drain(&mut out);
            for line in str::from_utf8(&out)?.lines() {
                let mut words = line.splitn(3, ' ');
                let mut word = || words.next().unwrap_or_default();
                let (p, n): (usize, usize) = (word().parse()?, word().parse()?);
                let pad = word();
                ensure!(n == next[p] && pad.trim().is_empty() && pad.len() == n * 31 % 97, "{name}: {line}");
                next[p] += 1;
            }
            if last {
                break;
            }
        }
        ensure!(next.iter().all(|&count| count == each), "{name} lost lines: {next:?} of {each}");
        Ok(())
    })
}
