//! How long a cache line takes from one core to another.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use benches::measure::Effort;

/// Nanoseconds of one way, the lower quartile of many bursts: in the others the players may have shared one core.
///
/// Machines with the same name differ here, and one machine from one hour to the next: without it no figure of a queue can
/// be held against another run's.
pub(crate) fn nanos(effort: Effort) -> f64 {
    const BURSTS: usize = 41;
    let rallies = effort.of(1000);
    let mut bursts: Vec<_> = (0..BURSTS).map(|_| burst(rallies)).collect();
    bursts.sort_by(f64::total_cmp);
    bursts[BURSTS / 4]
}

fn burst(rallies: usize) -> f64 {
    let ball = AtomicUsize::new(0);
    thread::scope(|scope| {
        scope.spawn(|| (0..rallies).for_each(|rally| hit(&ball, 2 * rally + 1)));
        // The other player is there.
        hit(&ball, 0);
        let start = Instant::now();
        (1..rallies).for_each(|rally| hit(&ball, 2 * rally));
        start.elapsed().as_nanos() as f64 / (2 * rallies.max(2) - 2) as f64
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
