use std::{
    cell::LazyCell,
    collections::VecDeque,
    fmt,
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use wf_format::Point;
use wf_transport::{Batch, LineKind};

use crate::{
    error::{NowError, SendError},
    ledger::{Report, Stats},
    now::{self, Now, Turn, Waited},
    ready,
    reason::{Dropped, Refused, Unconfirmed},
    scratch::Scratch,
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
/// [`SendError::Dead`] and book what they hold as `forked`; the parent is not affected. If another thread was at the
/// books as the process forked, the fork has none: its [`Stats`] stay empty.
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
    /// Never waits, and allocates only for a line longer than any that the thread has sent, or than 128 KiB. Lock-free: a thread stopped at the worst place
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
        handle.send(point, |kind, record| handle.push(kind, record))
    }

    /// Does as [`send`](Self::send), but waits up to `timeout` for room in the lane; the point is encoded and stamped once.
    ///
    /// # Errors
    ///
    /// [`SendError`] as `send`; [`SendError::Full`] means that there was no room for all of `timeout`.
    pub fn send_timeout(&self, point: &(impl Point + ?Sized), timeout: Duration) -> Result<(), SendError> {
        let Some(handle) = &self.inner else { return Ok(()) };
        // Read only if there is something to wait for: the clock costs as much as the rest.
        let deadline = LazyCell::new(|| deadline(timeout));
        handle.send(point, |kind, record| handle.push_until(kind, record, timeout, || *deadline))
    }

    /// Does as [`send`](Self::send), but waits for room in the lane, for as long as it takes; on any executor.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped before it is ready has not sent the point, but may have sent its span logs.
    ///
    /// # Errors
    ///
    /// [`SendError`] as `send`, but never [`SendError::Full`].
    pub async fn send_async(&self, point: &(impl Point + ?Sized + Sync)) -> Result<(), SendError> {
        let Some(handle) = &self.inner else { return Ok(()) };
        let mut scratch = Scratch::new();
        let mut marked = true;
        // The logs themselves must not live across the wait: they need not be `Send`.
        let logs = point.logs().map(|logs| handle.encode(&logs, true, &mut scratch).map(|(kind, _)| kind));
        if let Some(encoded) = logs {
            let sent = match encoded {
                Ok(kind) => {
                    handle.push_async(kind, &scratch).await.map_err(|error| handle.refuse(kind, error))
                }
                Err(error) => Err(error),
            };
            marked = sent.is_ok();
            scratch.clear();
        }
        let (kind, record) = handle.encode(point, marked, &mut scratch)?;
        handle.push_async(kind, record).await.map_err(|error| handle.refuse(kind, error))
    }

    /// Queues a line that is ready-made, as it is given; a missing final line feed is added.
    ///
    /// What a point line's name makes a delta counter (`∆` or `Δ` first) is one, whatever `kind` says. The line is not
    /// validated: the receiver may reject it without telling. A point line without a timestamp is dated on its
    /// arrival, so one that is sent again may land in another minute. Where events travel as JSON, an event's line is
    /// one JSON object.
    ///
    /// # Errors
    ///
    /// [`SendError`] as [`send`](Self::send); [`SendError::Invalid`] for a blank line, or one with a control character
    /// other than tab (a line feed between two lines included).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use wf_sender::{Builder, transport::{LineKind, MemoryTransport}};
    ///
    /// let memory = MemoryTransport::new();
    /// let sender = Builder::new(memory.clone()).start()?;
    /// sender.send_line(LineKind::Point, "cpu.load 0.7 1533529977 source=web-1")?;
    /// assert!(sender.close(Duration::from_secs(5)).complete);
    /// assert_eq!(memory.text(LineKind::Point), "cpu.load 0.7 1533529977 source=web-1\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_line(&self, kind: LineKind, line: &str) -> Result<(), SendError> {
        let Some(handle) = &self.inner else { return Ok(()) };
        handle.send_line(kind, line, |kind, record| handle.push(kind, record))
    }

    /// Does as [`send_line`](Self::send_line), but waits up to `timeout` for room in the lane.
    ///
    /// # Errors
    ///
    /// [`SendError`] as `send_line`; [`SendError::Full`] means that there was no room for all of `timeout`. A close
    /// meanwhile ends the wait with [`SendError::Closed`].
    pub fn send_line_timeout(&self, kind: LineKind, line: &str, timeout: Duration) -> Result<(), SendError> {
        let Some(handle) = &self.inner else { return Ok(()) };
        handle.send_line(kind, line, |kind, record| {
            handle.push_until(kind, record, timeout, || deadline(timeout))
        })
    }

    /// Sends ready-made lines at once, ahead of what is queued: one attempt, no retry.
    ///
    /// Each element is one point: one or more lines, of which each ends in a line feed; a missing last one is added. What a
    /// point line's name makes a delta counter is one. Waits up to `timeout` for the attempt of the same kind that is in the
    /// air, then makes one attempt (one for each batch that the transport's limits make of the lines), and waits for its
    /// end until `timeout`. The points are in the books like any: refused by the endpoint or never sent they are
    /// `dropped{not_retried}`, after an unknown outcome `unconfirmed`. The report's `delta` is about these points alone;
    /// it is not `complete` if the end did not come in time.
    ///
    /// # Errors
    ///
    /// [`NowError`]; [`NowError::Timeout`] means that nothing was sent and nothing is in the books. Lines that are refused
    /// for another reason are counted as refused, all of them.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use wf_sender::{Builder, transport::{LineKind, MemoryTransport}};
    ///
    /// let sender = Builder::new(MemoryTransport::new()).start()?;
    /// let lines = ["cpu.load 0.7 source=web-1\n", "cpu.load 0.9 source=web-2\n"];
    /// let report = sender.send_lines_now(LineKind::Point, &lines, Duration::from_secs(5))?;
    /// assert_eq!(report.delta[LineKind::Point].delivered(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_lines_now(
        &self,
        kind: LineKind,
        lines: &[impl AsRef<str>],
        timeout: Duration,
    ) -> Result<Report, NowError> {
        let Some(handle) = &self.inner else { return Ok(NOTHING_DONE) };
        handle.send_now(kind, lines, deadline(timeout))
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
                return shared.stats().total().pending() == 0;
            }
            // Counted before the worker is asked: what others send meanwhile may wait for the tick.
            let queued = shared.books.queued(&shared.producers);
            shared.flush_asked.store(true, Ordering::Release);
            shared.wake.notify_one();
            shared.books.wait_until_final(&queued, deadline(timeout))
        })
    }

    /// Refuses what comes from now on, and delivers what is pending within `timeout`; what is left then is booked as
    /// `dropped{shutdown}` if it never left, else as `unconfirmed{shutdown}`.
    ///
    /// Nothing stays pending. Returns at `timeout` plus a few milliseconds at the latest, up to 200 ms more if the worker
    /// hangs in a transport that blocks its thread. Calling it again, or from several threads, has no further effect and
    /// returns the report of the first call; the earliest deadline counts. Called by the worker itself, as by
    /// [`on_loss`](crate::Builder::on_loss), it does not wait, and its report is not complete.
    pub fn close(&self, timeout: Duration) -> Report {
        let Some(handle) = &self.inner else { return NOTHING_DONE };
        handle.shared.books.closed(|| self.reported(|handle| handle.close(timeout, true)))
    }

    /// Does as [`flush`](Self::flush) without blocking the task; on any executor.
    ///
    /// A thread of its own waits meanwhile, so this is for now and then, not for every point.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has asked for the flush all the same.
    pub async fn flush_async(&self, timeout: Duration) -> Report {
        self.on_a_thread(move |sender| sender.flush(timeout)).await
    }

    /// Does as [`close`](Self::close) without blocking the task; on any executor.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has closed the sender all the same.
    pub async fn close_async(&self, timeout: Duration) -> Report {
        self.on_a_thread(move |sender| sender.close(timeout)).await
    }

    /// Returns a guard that closes the sender when it is dropped, and waits for that: for `main`.
    ///
    /// ```
    /// use wf_sender::{Builder, format::Metric, transport::MemoryTransport};
    ///
    /// let sender = Builder::new(MemoryTransport::new()).start()?;
    /// let _guard = sender.close_on_drop();
    /// sender.send(&Metric::new("cpu.load", 0.7))?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use = "the sender is closed at once if the guard is not kept"]
    pub fn close_on_drop(&self) -> CloseOnDrop {
        CloseOnDrop { sender: self.clone(), timeout: CloseOnDrop::DEFAULT_TIMEOUT }
    }

    /// Returns the books of this instant: every cell of every kind.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.as_ref().map_or_else(Stats::default, |handle| handle.shared.stats())
    }

    /// Runs what blocks on a thread of its own; if there is none to be had, here.
    async fn on_a_thread(&self, work: impl FnOnce(Self) -> Report + Clone + Send + 'static) -> Report {
        let (done, is_done) = oneshot::channel();
        let (sender, theirs) = (self.clone(), work.clone());
        let thread = thread::Builder::new().name("wf-sender-wait".to_owned());
        let spawned = thread.spawn(move || {
            let _ = done.send(theirs(sender));
        });
        match (spawned, is_done.await) {
            (Ok(_), Ok(report)) => report,
            _ => work(self.clone()),
        }
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
    /// Encodes a point and pushes it, after its logs if it is a span that has any; counts what is refused.
    fn send(
        &self,
        point: &(impl Point + ?Sized),
        push: impl Fn(LineKind, &[u8]) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let mut scratch = Scratch::new();
        let mut marked = true;
        if let Some(logs) = point.logs() {
            let sent = self.encode(&logs, true, &mut scratch);
            let sent =
                sent.and_then(|(kind, record)| push(kind, record).map_err(|error| self.refuse(kind, error)));
            marked = sent.is_ok();
            scratch.clear();
        }
        let (kind, record) = self.encode(point, marked, &mut scratch)?;
        push(kind, record).map_err(|error| self.refuse(kind, error))
    }

    /// Pushes a ready-made line; counts what is refused.
    fn send_line(
        &self,
        kind: LineKind,
        line: &str,
        push: impl FnOnce(LineKind, &[u8]) -> Result<(), SendError>,
    ) -> Result<(), SendError> {
        let line = line.strip_suffix('\n').unwrap_or(line);
        let kind = ready::kind(kind, line);
        let mut record = Scratch::new();
        record.extend_from_slice(line.as_bytes());
        record.push(b'\n');
        let sent = ready::check(line).map_err(SendError::from).and_then(|()| push(kind, &record));
        sent.map_err(|error| self.refuse(kind, error))
    }

    /// Encodes a point, or counts why not; `marked` says whether a span with logs may announce them.
    fn encode<'s>(
        &self,
        point: &(impl Point + ?Sized),
        marked: bool,
        scratch: &'s mut Scratch,
    ) -> Result<(LineKind, &'s [u8]), SendError> {
        match self.shared.formatting.format().mark_span_logs(marked).encode_into(point, &mut **scratch) {
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

    fn push_until(
        &self,
        kind: LineKind,
        record: &[u8],
        timeout: Duration,
        deadline: impl FnOnce() -> Option<Instant>,
    ) -> Result<(), SendError> {
        let sent = self.push(kind, record);
        if sent != Err(SendError::Full)
            || timeout.is_zero()
            || self.shared.in_worker()
            || self.shared.is_fork()
        {
            return sent;
        }
        let answer =
            self.shared.rooms[kind.index()].wait(deadline(), || unless_full(self.push(kind, record)));
        answer.unwrap_or(sent)
    }

    async fn push_async(&self, kind: LineKind, record: &[u8]) -> Result<(), SendError> {
        let sent = self.push(kind, record);
        if sent != Err(SendError::Full) || self.shared.is_fork() {
            return sent;
        }
        self.shared.rooms[kind.index()].wait_async(|| unless_full(self.push(kind, record))).await
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

    fn send_now(
        &self,
        kind: LineKind,
        lines: &[impl AsRef<str>],
        deadline: Option<Instant>,
    ) -> Result<Report, NowError> {
        let shared = &self.shared;
        let texts = || lines.iter().map(AsRef::as_ref);
        let refuse = |reason, error| {
            texts().for_each(|text| shared.books.refuse(ready::kind(kind, text), reason));
            Err(error)
        };
        if let Err(error) = texts().try_for_each(ready::check_lines) {
            return refuse(Refused::Invalid, NowError::Invalid(error));
        }
        let mut report = NOTHING_DONE;
        let mut begun = false;
        for part in [kind, LineKind::Delta] {
            let records = texts().filter(|text| ready::kind(kind, text) == part);
            let batches = now::batches(part, records, shared.limits[part.index()]);
            if batches.is_empty() {
                continue;
            }
            let waited = match self.take_turn(part, batches, deadline) {
                Ok(waited) => waited,
                Err((reason, error)) if !begun => return refuse(reason, error),
                Err(_) => Waited::Missed,
            };
            match waited {
                Waited::Done(ledger) => report.delta.kinds[part.index()] += &ledger,
                Waited::Begun(ledger) => {
                    report.delta.kinds[part.index()] += &ledger;
                    report.complete = false;
                }
                Waited::Ended | Waited::Missed if begun => report.complete = false,
                Waited::Ended => return Err(self.closed_now()),
                Waited::Missed => return Err(NowError::Timeout),
            }
            begun = true;
            if kind == LineKind::Delta {
                break;
            }
        }
        Ok(report)
    }

    /// Hands batches to the worker and waits for what becomes of them.
    fn take_turn(
        &self,
        kind: LineKind,
        batches: VecDeque<Batch>,
        deadline: Option<Instant>,
    ) -> Result<Waited, (Refused, NowError)> {
        let shared = &self.shared;
        let producer =
            shared.producers[kind.index()].as_ref().ok_or((Refused::NoRoute, NowError::NoRoute))?;
        if shared.is_fork() || shared.gone().is_some() {
            return Err((shared.gone().unwrap_or(Refused::Dead), NowError::Dead));
        }
        if producer.is_closed() {
            return Err((Refused::Closed, NowError::Closed));
        }
        // The worker cannot wait for itself.
        if shared.in_worker() {
            return Ok(Waited::Missed);
        }
        let turn = Arc::new(Turn::default());
        if !shared.now.push(Now { kind, batches, deadline, turn: Arc::clone(&turn) }) {
            return Ok(Waited::Ended);
        }
        shared.wake.notify_one();
        Ok(turn.wait(deadline))
    }

    fn closed_now(&self) -> NowError {
        if self.shared.gone().is_some() { NowError::Dead } else { NowError::Closed }
    }

    /// Closes within `timeout`; waits for it if `waits` and the calling thread may. Tells whether nothing is pending.
    fn close(&self, timeout: Duration, waits: bool) -> bool {
        let shared = &self.shared;
        if shared.is_fork() {
            return true;
        }
        shared.close_lanes();
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

fn unless_full(sent: Result<(), SendError>) -> Option<Result<(), SendError>> {
    (sent != Err(SendError::Full)).then_some(sent)
}

/// A guard that closes a [`Sender`] when it is dropped; made by [`Sender::close_on_drop`].
///
/// Unlike the drop of the last handle, it waits inside an async runtime too.
#[derive(Debug)]
#[must_use = "the sender is closed at once if the guard is not kept"]
pub struct CloseOnDrop {
    sender: Sender,
    timeout: Duration,
}

impl CloseOnDrop {
    /// How long the close may take unless said otherwise.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

    /// Sets how long the close may take. Default: 5 seconds.
    pub const fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        let _ = self.sender.close(self.timeout);
    }
}

/// Returns the end of `timeout`, or `None` if that is beyond what the clock can say.
fn deadline(timeout: Duration) -> Option<Instant> {
    Instant::now().checked_add(timeout)
}
