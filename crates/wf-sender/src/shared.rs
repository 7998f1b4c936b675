use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    thread::ThreadId,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use tokio::sync::Notify;
use wf_format::{EventForm, Format, Limits, NamePolicy, Strictness};
use wf_queue::Producer;
use wf_transport::{Limits as BatchLimits, LineKind};

use crate::{
    books::{Books, PerLane, Producers},
    ledger::Stats,
    now::NowQueue,
    reason::{Dropped, Refused, Unconfirmed},
    room::Room,
};

/// What the handles and the worker of one sender share.
pub(crate) struct Shared {
    pub(crate) books: Books,
    pub(crate) producers: Producers,
    pub(crate) rooms: PerLane<Room>,
    pub(crate) wake: Notify,
    pub(crate) flush_asked: AtomicBool,
    pub(crate) closing: AtomicBool,
    pub(crate) now: NowQueue,
    pub(crate) formatting: Formatting,
    /// The most that one attempt carries.
    pub(crate) limits: PerLane<BatchLimits>,
    pub(crate) worker: OnceLock<ThreadId>,
    state: AtomicU8,
    created: Instant,
    /// Milliseconds after `created` at which a full lane last looked at the process id.
    fork_checked: AtomicU64,
    #[cfg(test)]
    pub(crate) worker_shall_panic: AtomicBool,
}

/// How points become lines.
#[derive(Clone, Debug)]
pub(crate) struct Formatting {
    pub(crate) source: String,
    pub(crate) tags: Vec<(String, String)>,
    pub(crate) limits: Limits,
    pub(crate) strictness: Strictness,
    pub(crate) names: NamePolicy,
    pub(crate) events: EventForm,
    pub(crate) stamp: bool,
}

impl Formatting {
    /// Returns the format of a point that is accepted now.
    pub(crate) fn format(&self) -> Format<'_> {
        let format = Format::DEFAULT
            .default_source(&self.source)
            .tags(&self.tags)
            .limits(self.limits)
            .strictness(self.strictness)
            .names(self.names)
            .event_form(self.events);
        if self.stamp { format.stamp(seconds_since_epoch()) } else { format }
    }
}

/// A clock before 1970 stamps 0.
fn seconds_since_epoch() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

const OPEN: u8 = 0;
const DEAD: u8 = 1;
const FORKED: u8 = 2;

impl Shared {
    pub(crate) fn new(producers: Producers, formatting: Formatting, limits: PerLane<BatchLimits>) -> Self {
        Self {
            books: Books::new(),
            producers,
            rooms: Default::default(),
            wake: Notify::new(),
            flush_asked: AtomicBool::new(false),
            closing: AtomicBool::new(false),
            now: NowQueue::default(),
            formatting,
            limits,
            worker: OnceLock::new(),
            state: AtomicU8::new(OPEN),
            created: Instant::now(),
            fork_checked: AtomicU64::new(0),
            #[cfg(test)]
            worker_shall_panic: AtomicBool::new(false),
        }
    }

    pub(crate) fn stats(&self) -> Stats {
        self.books.stats(&self.producers)
    }

    /// Returns the reason why nothing is accepted any more, if that is so: the worker panicked, or is in another process.
    pub(crate) fn gone(&self) -> Option<Refused> {
        match self.state.load(Ordering::Acquire) {
            DEAD => Some(Refused::Dead),
            FORKED => Some(Refused::Forked),
            _ => None,
        }
    }

    /// Notes that the worker panicked.
    pub(crate) fn died(&self) {
        self.state.store(DEAD, Ordering::Release);
        self.close_lanes();
    }

    /// Refuses whatever comes from now on, for every kind.
    pub(crate) fn close_lanes(&self) {
        for (producer, room) in self.producers.iter().zip(&self.rooms) {
            if let Some(producer) = producer {
                producer.close();
            }
            room.free();
        }
    }

    /// Tells whether this process is a fork of the one with the worker; if so, books what the fork holds a copy of.
    pub(crate) fn is_fork(&self) -> bool {
        if self.gone() == Some(Refused::Forked) {
            return true;
        }
        self.books.in_fork() && {
            self.state.store(FORKED, Ordering::Release);
            // Nobody waits for room here, and a lock of the rooms may be held for ever.
            self.producers.iter().flatten().for_each(Producer::close);
            // The parent sends what was accepted before the fork; what the child added reaches nobody.
            self.books.give_up(&self.producers, Dropped::Forked, Unconfirmed::Forked);
            true
        }
    }

    /// The same question, asked at most once a second: a full lane may be one that nobody will ever drain.
    pub(crate) fn full_because_fork(&self) -> bool {
        let now = u64::try_from(self.created.elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.fork_checked.load(Ordering::Relaxed);
        now.saturating_sub(last) >= 1000
            && self.fork_checked.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            && self.is_fork()
    }

    /// Tells whether the calling thread is the worker's, which must not wait for itself.
    pub(crate) fn in_worker(&self) -> bool {
        self.worker.get() == Some(&std::thread::current().id())
    }

    #[cfg(test)]
    pub(crate) fn pretend_fork(&mut self) {
        self.books.pretend_fork();
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// Returns the lane of a kind of line.
pub(crate) const fn line_kind(kind: wf_format::Kind) -> LineKind {
    match kind {
        wf_format::Kind::Delta => LineKind::Delta,
        wf_format::Kind::Histogram => LineKind::Histogram,
        wf_format::Kind::Span => LineKind::Span,
        wf_format::Kind::SpanLog => LineKind::SpanLog,
        wf_format::Kind::Event => LineKind::Event,
        wf_format::Kind::SourceTag | wf_format::Kind::SourceDescription => LineKind::SourceTag,
        _ => LineKind::Point,
    }
}
