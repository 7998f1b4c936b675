//! A thousand producers at once, for `WF_STRESS_SECONDS`; 2 by default.
#![cfg(not(any(miri, wf_loom)))]

use std::env;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use wf_queue::{Consumer, Producer, PushError, queue};

const PRODUCERS: usize = 1000;
/// One at a time: each keeps all cores busy.
static TURN: Mutex<()> = Mutex::new(());

#[test]
fn a_thousand_producers_lose_nothing_and_keep_their_order() {
    stress(Duration::ZERO);
}

#[test]
fn a_thousand_producers_lose_nothing_while_the_consumer_stands_still() {
    stress(time());
}

fn time() -> Duration {
    let seconds = env::var("WF_STRESS_SECONDS").map_or(2, |seconds| seconds.parse().expect("whole seconds"));
    Duration::from_secs(seconds)
}

/// Every producer pushes the numbers from 0 on, each until it is accepted; the consumer looks at them for `time()`, after
/// having stood still for `still`.
fn stress(still: Duration) {
    let _turn = TURN.lock();
    let (producer, mut consumer) = queue(5_000, 1 << 18).unwrap();
    let stop = AtomicBool::new(false);
    let mut next = vec![0; PRODUCERS];
    let accepted: Vec<u32> = thread::scope(|scope| {
        let producers: Vec<_> = (0..PRODUCERS)
            .map(|who| {
                let (producer, stop) = (producer.clone(), &stop);
                let thread = thread::Builder::new().stack_size(1 << 16);
                thread.spawn_scoped(scope, move || push_until(stop, &producer, who)).unwrap()
            })
            .collect();
        thread::sleep(still);
        if !still.is_zero() {
            assert_eq!(producer.try_push(&record(0, 0)), Err(PushError::Full));
        }
        let end = Instant::now() + time();
        while Instant::now() < end {
            drain(&mut consumer, &mut next);
        }
        stop.store(true, Ordering::Relaxed);
        while !producers.iter().all(|producer| producer.is_finished()) {
            drain(&mut consumer, &mut next);
        }
        producers.into_iter().map(|producer| producer.join().unwrap()).collect()
    });
    consumer.close();
    while !consumer.is_drained() {
        drain(&mut consumer, &mut next);
    }
    assert_eq!(next, accepted);
    assert_eq!(consumer.taken(), accepted.iter().map(|&count| u64::from(count)).sum::<u64>());
}

/// Returns how many records were accepted: at least one, so that nobody is left out however busy the machine is.
fn push_until(stop: &AtomicBool, producer: &Producer, who: usize) -> u32 {
    let mut number = 0;
    while number == 0 || !stop.load(Ordering::Relaxed) {
        match producer.try_push(&record(who, number)) {
            Ok(_) => number += 1,
            Err(error) => {
                assert_eq!(error, PushError::Full);
                thread::yield_now();
            }
        }
    }
    number
}

fn drain(consumer: &mut Consumer, next: &mut [u32]) {
    let drained = consumer.drain(1_000, usize::MAX, |bytes| {
        let who = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        assert!(bytes == record(who, next[who]), "record {} of {who} is lost, late or torn", next[who]);
        next[who] += 1;
    });
    if drained.records == 0 {
        thread::yield_now();
    }
}

/// Producer, number, and a pattern of both whose length varies.
fn record(who: usize, number: u32) -> Vec<u8> {
    let mixed = (number ^ (who as u32) << 20).wrapping_mul(0x9E37_79B9).rotate_left(13);
    let pattern = (0..mixed % 200).map(|place| (mixed.wrapping_add(place)) as u8);
    (who as u16).to_le_bytes().into_iter().chain(number.to_le_bytes()).chain(pattern).collect()
}
