//! A limit on how long a test may hang.

use std::panic;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Runs `f` on a thread of its own and gives what it gives.
///
/// For calls that must not deadlock: 10 s is far beyond any deadline of this workspace. After a failure the thread
/// is left behind.
///
/// # Panics
///
/// Panics if `f` takes longer than `limit`, or with what `f` panics with.
#[track_caller]
pub fn watchdog<T: Send + 'static>(limit: Duration, f: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, wait) = mpsc::channel();
    // The test's own name, so that a panic inside is printed under it.
    let name = thread::current().name().unwrap_or("watchdog").to_owned();
    let thread = thread::Builder::new()
        .name(name)
        .spawn(move || {
            let result = f();
            let _ = done.send(());
            result
        })
        .expect("thread");
    if wait.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
        panic!("watchdog: still running after {limit:?}");
    }
    // A dropped channel without a message is a panic, which `join` hands over.
    thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(f: impl FnOnce() + panic::UnwindSafe) -> String {
        let panic = panic::catch_unwind(f).expect_err("a panic");
        panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()))
            .unwrap()
    }

    #[test]
    fn gives_the_result() {
        assert_eq!(watchdog(Duration::from_secs(10), || 7), 7);
    }

    #[test]
    fn fails_what_hangs() {
        let hang = || watchdog(Duration::from_millis(10), || thread::sleep(Duration::from_secs(60)));
        assert_eq!(message(hang), "watchdog: still running after 10ms");
    }

    #[test]
    fn passes_a_panic_on() {
        assert_eq!(message(|| watchdog(Duration::from_secs(10), || panic!("inside"))), "inside");
    }
}
