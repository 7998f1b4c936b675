use std::{
    pin::pin,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering, fence},
    },
    time::Instant,
};

use tokio::sync::Notify;

/// Where threads and tasks wait for room in a lane.
#[derive(Debug, Default)]
pub(crate) struct Room {
    waiting: AtomicUsize,
    lock: Mutex<()>,
    freed: Condvar,
    /// Needs no runtime to wait on.
    freed_for_tasks: Notify,
}

impl Room {
    /// Calls `attempt` until it gives an answer, each time room was freed, or until `deadline`; `None` is no deadline.
    pub(crate) fn wait<T>(
        &self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let _waiting = Waiting::new(&self.waiting);
        // With the fence in `free`: either this thread's attempt sees the room, or the worker sees this thread.
        fence(Ordering::SeqCst);
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(answer) = attempt() {
                return Some(answer);
            }
            let Some(deadline) = deadline else {
                guard = self.freed.wait(guard).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            guard = self.freed.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Calls `attempt` until it gives an answer, each time room was freed.
    pub(crate) async fn wait_async<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> T {
        // Counts down even if the task gives up waiting.
        let _waiting = Waiting::new(&self.waiting);
        loop {
            let mut freed = pin!(self.freed_for_tasks.notified());
            // From here on no notice is missed, so room freed after a failed attempt ends the wait.
            freed.as_mut().enable();
            fence(Ordering::SeqCst);
            if let Some(answer) = attempt() {
                return answer;
            }
            freed.await;
        }
    }

    /// Says that there is room, or that there never will be.
    pub(crate) fn free(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::Relaxed) > 0 {
            // A waiting thread holds the lock from its failed attempt until it sleeps, so this cannot come between.
            drop(self.lock.lock().unwrap_or_else(PoisonError::into_inner));
            self.freed.notify_all();
            self.freed_for_tasks.notify_waiters();
        }
    }
}

/// One who waits, for as long as this lives.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
