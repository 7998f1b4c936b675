use std::{
    mem,
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::{Duration, Instant},
};

use wf_sdk::Centroid;

/// How much later than asked a sleeping thread wakes, in microseconds: measured on a thread of its own for as long as
/// this lives.
pub(crate) struct Jitter(Arc<Mutex<Vec<f64>>>);

impl Jitter {
    const SLEEP: Duration = Duration::from_millis(5);
    /// A distribution takes at most 100 centroids.
    const MOST: usize = 100;

    pub(crate) fn start() -> Self {
        let samples = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::downgrade(&samples);
        thread::spawn(move || measure(&theirs));
        Self(samples)
    }

    /// Takes what was measured since the last call, one centroid a sample.
    pub(crate) fn take(&self) -> Vec<Centroid> {
        let mut samples = mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        samples.truncate(Self::MOST);
        samples.into_iter().map(|micros| Centroid::new(micros, 1)).collect()
    }
}

fn measure(samples: &Weak<Mutex<Vec<f64>>>) {
    while let Some(samples) = samples.upgrade() {
        let before = Instant::now();
        thread::sleep(Jitter::SLEEP);
        let late = before.elapsed().saturating_sub(Jitter::SLEEP);
        let micros = late.as_nanos() as f64 / 1000.0;
        samples.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
    }
}
