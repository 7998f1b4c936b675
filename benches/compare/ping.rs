//! How long a cache line takes from one core to another.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use benches::measure::{Effort, nanos_each_pass};

/// Nanoseconds of one way, the median of many short rallies in the best of a few matches.
///
/// Machines with the same name differ here, and one machine from one hour to the next: without it no figure of a queue can
/// be held against another run's. On a busy machine the two threads have two cores now and then; what happens in between is
/// few rallies, however long they take, or a match lost.
pub(crate) fn nanos(effort: Effort) -> f64 {
    (0..5).map(|_| play(effort.of(1000))).fold(f64::INFINITY, f64::min)
}

fn play(rallies: usize) -> f64 {
    const HITS: usize = 20;
    let ball = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| (0..=rallies * HITS).for_each(|turn| hit(&ball, 2 * turn + 1)));
        // The other player is there.
        hit(&ball, 0);
        let mut turns = 1..;
        nanos_each_pass(rallies, 2 * HITS, || {
            turns.by_ref().take(HITS).for_each(|turn| hit(&ball, 2 * turn));
        })
    })
}

/// Waits for the ball and passes it on.
fn hit(ball: &AtomicUsize, turn: usize) {
    let mut spins = 0_u32;
    while ball.load(Ordering::Acquire) != turn {
        spins += 1;
        // Whoever has just one core must let the other thread have it.
        if spins.is_multiple_of(1000) { thread::yield_now() } else { spin_loop() }
    }
    ball.store(turn + 1, Ordering::Release);
}
