use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use smallvec::SmallVec;
use wf_format::Point;
use wf_transport::LineKind;

use crate::{
    error::SendError,
    ledger::{Report, Stats},
    reason::{Dropped, Refused, Unconfirmed},
    shared::{Shared, line_kind},
};

/// A handle for sending points: an `Arc` inside, cheap to clone, shared freely between threads, tasks and components.
///
/// Made by [`Builder::start`](crate::Builder::start). Nothing here needs an async runtime, and nothing minds one.
///
/// Dropping the last handle closes the sender within 500 ms, as [`close`](Self::close) does; inside a tokio runtime the
/// drop does not wait, and the worker does the same in the background. Statics are never dropped: call `close`.
/// Points cut off by the end of the process are the one loss that nobody can count.
///
/// # Forks
///
/// The worker lives in the process that started it. In a fork, `flush`, `close` and a full lane notice, refuse with
/// [`SendError::Dead`] and book what they hold as `forked`; the parent is not affected.
#[derive(Clone)]
pub struct Sender {
    inner: Option<Arc<Handle>>,
}

const _: () = {
    const fn is_handle<T: Clone + Send + Sync + 'static>() {}
    is_handle::<Sender>();
};

/// What the last handle's drop ends.
struct Handle {
    shared: Arc<Shared>,
}

/// Holds any point but the unusual, so that a send does not allocate.
type Scratch = SmallVec<[u8; 1024]>;

impl Sender {
    /// How long dropping the last handle waits for what is pending.
    pub const DROP_DEADLINE: Duration = Duration::from_millis(500);

    /// How much longer than asked a close waits for the worker to say that it is done.
    const GRACE: Duration = Duration::from_millis(200);

    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { inner: Some(Arc::new(Handle { shared })) }
    }

    /// Creates a sender that takes every point and does nothing with it: no thread, no memory, books that stay at zero.
    ///
    /// For programs whose telemetry is switched off, and for tests that do not care.
    ///
    /// ```
    /// use wf_sender::{Sender, format::Metric};
    ///
    /// let sender = Sender::no_op();
    /// sender.send(&Metric::new("cpu.load", 0.7))?;
    /// assert_eq!(sender.stats().total().offered(), 0);
    /// # Ok::<(), wf_sender::SendError>(())
    /// ```
    #[must_use]
    pub const fn no_op() -> Self {
        Self { inner: None }
    }

    /// Encodes `point`, queues it and returns at once.
    ///
    /// Never waits, and does not allocate for records up to 1,024 bytes. Lock-free: a thread stopped at the worst place
    /// delays the delivery of what was queued behind its point, but no other thread's `send`.
    ///
    /// # Errors
    ///
    /// [`SendError`] if the point is refused; the refusal is counted, and nothing of the point is kept.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use wf_sender::{Builder, format::Metric, transport::{LineKind, MemoryTransport}};
    ///
    /// let memory = MemoryTransport::new();
    /// let sender = Builder::new(memory.clone()).source("web-1").start()?;
    /// sender.send(&Metric::new("cpu.load", 0.7).timestamp(1533529977))?;
    /// assert!(sender.flush(Duration::from_secs(5)).complete);
    /// assert_eq!(memory.text(LineKind::Point), "\"cpu.load\" 0.7 1533529977 source=\"web-1\"\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send(&self, point: &(impl Point + ?Sized)) -> Result<(), SendError> {
        let Some(handle) = &self.inner else { return Ok(()) };
        let mut scratch = Scratch::new();
        let (kind, record) = handle.encode(point, &mut scratch)?;
        handle.push(kind, record).map_err(|error| handle.refuse(kind, error))
    }

    /// Does as [`send`](Self::send), but waits up to `timeout` for room in the lane; the point is encoded and stamped once.
    ///
    /// # Errors
    ///
    /// [`SendError`] as `send`; [`SendError::Full`] means that there was no room for all of `timeout`.
    pub fn send_timeout(&self, point: &(impl Point + ?Sized), timeout: Duration) -> Result<(), SendError> {
        let Some(handle) = &self.inner else { return Ok(()) };
        let mut scratch = Scratch::new();
        let (kind, record) = handle.encode(point, &mut scratch)?;
        let mut sent = handle.push(kind, record);
        if sent == Err(SendError::Full) && !timeout.is_zero() && !handle.shared.in_worker() {
            let room = &handle.shared.rooms[kind.index()];
            let answer = room.wait(deadline(timeout), || {
                let sent = handle.push(kind, record);
                (sent != Err(SendError::Full)).then_some(sent)
            });
            sent = answer.unwrap_or(sent);
        }
        sent.map_err(|error| handle.refuse(kind, error))
    }

    /// Sends what waits, and waits up to `timeout` until all that was accepted before the call is final: delivered,
    /// dropped or unconfirmed.
    ///
    /// While the sender waits after failures, a flush brings about one early attempt, however many callers flush.
    #[must_use = "the report says whether everything became final in time"]
    pub fn flush(&self, timeout: Duration) -> Report {
        self.reported(|handle| {
            let shared = &handle.shared;
            if shared.gone().is_some() || shared.is_fork() || shared.in_worker() {
                return false;
            }
            shared.flush_asked.store(true, Ordering::Release);
            shared.wake.notify_one();
            shared.books.wait_until_final(&shared.producers, deadline(timeout))
        })
    }

    /// Refuses what comes from now on, and delivers what is pending within `timeout`; what is left then is booked as
    /// `dropped{shutdown}` if it never left, else as `unconfirmed{shutdown}`.
    ///
    /// Nothing stays pending. Returns at `timeout` plus a few milliseconds at the latest, up to 200 ms more if the worker
    /// hangs in a transport that blocks its thread. Calling it again, or from several threads, has no further effect and
    /// returns the report of the first call; the earliest deadline counts.
    pub fn close(&self, timeout: Duration) -> Report {
        let Some(handle) = &self.inner else { return NOTHING_DONE };
        handle.shared.books.closed(|_| self.reported(|handle| handle.close(timeout, true)))
    }

    /// Returns the books of this instant: every cell of every kind.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.as_ref().map_or_else(Stats::default, |handle| handle.shared.stats())
    }

    /// Calls `work` and reports what the books changed by meanwhile.
    fn reported(&self, work: impl FnOnce(&Handle) -> bool) -> Report {
        let Some(handle) = &self.inner else { return NOTHING_DONE };
        let before = handle.shared.stats();
        let complete = work(handle);
        Report { complete, delta: handle.shared.stats() - before }
    }
}

const NOTHING_DONE: Report = Report { complete: true, delta: Stats::ZERO };

impl Handle {
    /// Encodes a point, or counts why not.
    fn encode<'s>(
        &self,
        point: &(impl Point + ?Sized),
        scratch: &'s mut Scratch,
    ) -> Result<(LineKind, &'s [u8]), SendError> {
        match self.shared.formatting.format().encode_into(point, scratch) {
            Ok(encoded) => Ok((line_kind(encoded.kind), encoded.line)),
            Err(error) => Err(self.refuse(line_kind(point.kind()), error.into())),
        }
    }

    fn push(&self, kind: LineKind, record: &[u8]) -> Result<(), SendError> {
        let Some(producer) = &self.shared.producers[kind.index()] else { return Err(SendError::NoRoute) };
        match producer.try_push(record) {
            Ok(fill) => {
                if fill.crossed_half() {
                    self.shared.wake.notify_one();
                }
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Counts a refusal and says what the caller gets to see.
    #[cold]
    fn refuse(&self, kind: LineKind, error: SendError) -> SendError {
        let gone = match error {
            SendError::Full if self.shared.full_because_fork() => Some(Refused::Forked),
            SendError::Full | SendError::Closed => self.shared.gone(),
            _ => None,
        };
        self.shared.books.refuse(kind, gone.unwrap_or_else(|| error.reason()));
        if gone.is_some() { SendError::Dead } else { error }
    }

    /// Closes within `timeout`; waits for it if `waits` and the calling thread may. Tells whether nothing is pending.
    fn close(&self, timeout: Duration, waits: bool) -> bool {
        let shared = &self.shared;
        shared.close_lanes();
        if shared.is_fork() {
            return true;
        }
        let deadline = deadline(timeout);
        shared.books.ask_to_close(deadline);
        shared.closing.store(true, Ordering::Release);
        shared.wake.notify_one();
        if !waits || shared.in_worker() {
            return false;
        }
        let grace = deadline.and_then(|deadline| deadline.checked_add(Sender::GRACE));
        if !shared.books.wait_until_ended(grace) {
            shared.books.give_up(&shared.producers, Dropped::Shutdown, Unconfirmed::Shutdown);
        }
        true
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Waiting would stop the runtime's other tasks; the worker has its own thread.
        self.close(Sender::DROP_DEADLINE, tokio::runtime::Handle::try_current().is_err());
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// Returns the end of `timeout`, or `None` if that is beyond what the clock can say.
fn deadline(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
