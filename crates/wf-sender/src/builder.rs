use std::{
    fmt,
    io::Write,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use tokio::{runtime, task::JoinSet, time::Instant};
use wf_format::{EventForm, Limits, Metric, NamePolicy, Strictness};
use wf_queue::queue;
use wf_transport::{LineKind, Route, Transport};

use crate::{
    backoff::Backoff,
    books::PerLane,
    dry_run::DryRun,
    erased::Erased,
    error::StartError,
    lane::Lane,
    pause::Pause,
    policy::{Policy, RetryClass},
    reason::Loss,
    sender::Sender,
    shared::{Formatting, Shared},
    worker::{OnLoss, Worker},
};

/// The settings of a [`Sender`], complete from the start; every setter takes and returns it by value.
///
/// ```
/// use std::time::Duration;
///
/// use wf_sender::{Builder, format::Metric, transport::MemoryTransport};
///
/// let sender = Builder::new(MemoryTransport::new())
///     .source("web-1")
///     .point_tag("env", "prod")
///     .flush_interval(Duration::from_millis(200))
///     .start()?;
/// sender.send(&Metric::new("cpu.load", 0.7))?;
/// assert_eq!(sender.close(Duration::from_secs(5)).delta.total().delivered(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    transport: Arc<dyn Erased>,
    source: Option<String>,
    tags: Vec<(String, String)>,
    limits: Limits,
    strictness: Strictness,
    names: NamePolicy,
    stamp: bool,
    max_queue_size: usize,
    batch_size: usize,
    flush_interval: Duration,
    attempt_timeout: Duration,
    policy: Policy,
    classes: PerLane<Option<RetryClass>>,
    on_loss: Option<OnLoss>,
}

impl Builder {
    /// Points that may wait in each lane unless said otherwise, as in the vendor's SDKs.
    pub const DEFAULT_MAX_QUEUE_SIZE: usize = 50_000;
    /// Points in one batch unless said otherwise, as in the vendor's SDKs.
    pub const DEFAULT_BATCH_SIZE: usize = 10_000;
    /// The time between flushes unless said otherwise, as in the vendor's direct clients.
    pub const DEFAULT_FLUSH_INTERVAL: Duration = Duration::from_secs(1);
    /// The longest that one attempt may take unless said otherwise.
    pub const DEFAULT_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(30);

    /// The most points that the receiver's clients are told to put in one batch.
    const MAX_BATCH_SIZE: usize = 40_000;
    const MAX_BATCH_BYTES: usize = 4 << 20;
    const MIN_QUEUE_BYTES: usize = 8 << 20;
    /// A line of 122 bytes, the mean of what we measured with, takes 136 in the ring.
    const QUEUE_BYTES_PER_POINT: usize = 160;
    const LONGEST_INTERVAL: Duration = Duration::from_secs(24 * 3600);
    /// Name lookups block; a few hung ones must not stop the others.
    const BLOCKING_THREADS: usize = 8;

    /// Creates the settings of a sender that delivers through `transport`.
    pub fn new(transport: impl Transport) -> Self {
        Self {
            transport: Arc::new(transport),
            source: None,
            tags: Vec::new(),
            limits: Limits::DEFAULT,
            strictness: Strictness::Sanitize,
            names: NamePolicy::Receiver,
            stamp: true,
            max_queue_size: Self::DEFAULT_MAX_QUEUE_SIZE,
            batch_size: Self::DEFAULT_BATCH_SIZE,
            flush_interval: Self::DEFAULT_FLUSH_INTERVAL,
            attempt_timeout: Self::DEFAULT_ATTEMPT_TIMEOUT,
            policy: Policy::default(),
            classes: [None; LineKind::ALL.len()],
            on_loss: None,
        }
    }

    /// Sets the source of points that name none. Default: the environment variable `WAVEFRONT_SOURCE`, else the host name.
    ///
    /// A blank one counts as none.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds a tag to every point, delta counter, distribution and span; the point's own tag of that key wins.
    ///
    /// Costs its encoding with every point, and counts towards the limit on tags.
    pub fn point_tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }

    /// Sets how long and how many the parts of a point may be. Default: [`Limits::DEFAULT`], the smaller of the proxy's
    /// and a tenant's.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether input that the receiver would refuse is changed or refused. Default: [`Strictness::Sanitize`].
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Sets which characters names and tag keys keep. Default: [`NamePolicy::Receiver`], all that the receiver takes.
    pub fn names(mut self, names: NamePolicy) -> Self {
        self.names = names;
        self
    }

    /// Sets whether points and distributions without a timestamp get that of their acceptance, in seconds. Default: true.
    ///
    /// Costs one clock read a send. Switched off, the receiver dates them when they arrive, so points become
    /// [`RetryClass::Additive`] unless [`retry_class`](Self::retry_class) says otherwise: a late second copy would be another
    /// point. Delta counters are never stamped.
    pub fn stamp(mut self, stamp: bool) -> Self {
        self.stamp = stamp;
        self
    }

    /// Sets how many points may wait in each lane: 1 to 107,374,182 (16 GiB a lane), default 50,000. Further ones are
    /// refused with [`SendError::Full`](crate::SendError::Full).
    ///
    /// Each lane reserves the larger of 8 MiB and 160 bytes a point, rounded up to a power of two; pages that no point
    /// ever touched cost address space only. Longer lines fill it before that many points do. With the defaults and all
    /// seven lanes full, that is 56 MiB of queues and up to 4 MiB of batch a lane: 84 MiB.
    pub fn max_queue_size(mut self, points: usize) -> Self {
        self.max_queue_size = points;
        self
    }

    /// Sets how many points one batch may hold: 1 to 40,000, default 10,000. Fewer mean more requests; the transport may
    /// allow less.
    pub fn batch_size(mut self, points: usize) -> Self {
        self.batch_size = points;
        self
    }

    /// Sets the time after which points are sent even if they are few: 1 ms to 24 h, default 1 s. It is the longest delay
    /// of a lone point. An idle worker wakes at least as often; by default five times in 4.1 s, at moments that its timer
    /// reaches without waking before.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval;
        self
    }

    /// Sets the longest that one attempt may take, 1 ms to 24 h, default 30 s. An attempt cut off after its first byte has
    /// an unknown outcome.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets the waits after failures: uniformly spread between 50 ms and `base` doubled with every failure in a row, at
    /// most `cap`. Default: 500 ms and 30 s; both 1 ms to 24 h.
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.policy.backoff = Backoff { base, cap };
        self
    }

    /// Sets the time between attempts while the endpoint's answers mean a wrong configuration (a redirect, 404, not HTTP):
    /// 1 ms to 24 h, default 60 s.
    pub fn probe_interval(mut self, interval: Duration) -> Self {
        self.policy.slow_probe = interval;
        self
    }

    /// Sets how old points of `kind` may grow before they are given up as `expired`: 1 ms to 24 h, default 10 minutes for
    /// delta counters and 1 hour for all else.
    ///
    /// The age is known to a thirty-second part, so a point may stay that much longer. The service refuses deltas older
    /// than 15 minutes.
    pub fn max_age(mut self, kind: LineKind, age: Duration) -> Self {
        self.policy.max_age[kind.index()] = age;
        self
    }

    /// Sets whether points of `kind` may be sent again after an unknown outcome. Default: delta counters and
    /// distributions are additive, points and spans replaceable.
    ///
    /// Choose additive for spans if the proxy derives metrics from them.
    pub fn retry_class(mut self, kind: LineKind, class: RetryClass) -> Self {
        self.classes[kind.index()] = Some(class);
        self
    }

    /// Sets what is called whenever accepted points are lost: kind, reason, number of points. Default: nothing.
    ///
    /// Called by the worker, so whatever it does delays delivery. What it asks of this sender does not wait: a flush or a
    /// close there returns at once and is not complete. A handle that it owns keeps the sender open for ever.
    pub fn on_loss(mut self, on_loss: impl Fn(LineKind, Loss, u64) + Send + 'static) -> Self {
        self.on_loss = Some(Box::new(on_loss));
        self
    }

    /// Writes lines to `writer` instead of sending them, with the limits and routes of the transport; no socket is opened.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use wf_sender::{Builder, format::Metric, transport::MemoryTransport};
    ///
    /// let sender = Builder::new(MemoryTransport::new()).source("web-1").dry_run(std::io::stdout()).start()?;
    /// sender.send(&Metric::new("cpu.load", 0.7))?;
    /// assert!(sender.flush(Duration::from_secs(5)).complete);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dry_run(mut self, writer: impl Write + Send + 'static) -> Self {
        self.transport = Arc::new(DryRun::new(self.transport, writer));
        self
    }

    /// Reserves the lanes and starts the worker: one thread named `wf-sender`, with a runtime of its own.
    ///
    /// Nothing is sent yet, and no connection is opened before there is something to send.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a setting is out of its range, the default source or a tag is not valid, or the operating system
    /// gives no memory or thread.
    pub fn start(self) -> Result<Sender, StartError> {
        let (sender, worker) = self.assemble()?;
        let shared = Arc::clone(&worker.shared);
        // Without a worker, the drop of the handle has nobody to wait for.
        spawn(worker).inspect_err(|_| shared.books.end())?;
        Ok(sender)
    }

    /// Makes a sender and its worker, which nobody runs yet.
    pub(crate) fn assemble(self) -> Result<(Sender, Worker), StartError> {
        self.check_ranges()?;
        let formatting = Formatting {
            source: default_source(self.source),
            tags: self.tags,
            limits: self.limits,
            strictness: self.strictness,
            names: self.names,
            events: match self.transport.route(LineKind::Event) {
                Route::Json => EventForm::Json,
                _ => EventForm::Line,
            },
            stamp: self.stamp,
        };
        // What is wrong with the source or a tag is wrong with every point: better said once, here.
        formatting
            .format()
            .encode_into(&Metric::new("a", 1.0), &mut Vec::new())
            .map_err(StartError::Invalid)?;

        let bytes =
            Self::MIN_QUEUE_BYTES.max(self.max_queue_size.saturating_mul(Self::QUEUE_BYTES_PER_POINT));
        let now = Instant::now();
        let mut producers = PerLane::default();
        let mut lanes = Vec::new();
        let mut all_limits = [wf_transport::Limits::DEFAULT; LineKind::ALL.len()];
        for kind in LineKind::ALL {
            if self.transport.route(kind) == Route::None {
                continue;
            }
            let (producer, consumer) =
                queue(self.max_queue_size, bytes).map_err(|_| StartError::OutOfRange("max_queue_size"))?;
            producers[kind.index()] = Some(producer);
            let mut limits = self.transport.limits(kind);
            limits.points = limits.points.min(self.batch_size).max(1);
            limits.bytes = limits.bytes.min(Self::MAX_BATCH_BYTES);
            all_limits[kind.index()] = limits;
            let class = match self.classes[kind.index()] {
                Some(class) => class,
                None if kind == LineKind::Point && !self.stamp => RetryClass::Additive,
                None => RetryClass::default_for(kind),
            };
            let max_age = self.policy.max_age[kind.index()];
            lanes.push(Lane::new(kind, class, consumer, limits, max_age, now));
        }

        let shared = Arc::new(Shared::new(producers, formatting, all_limits));
        let worker = Worker {
            shared: Arc::clone(&shared),
            transport: self.transport,
            policy: self.policy,
            flush_interval: self.flush_interval,
            attempt_timeout: self.attempt_timeout,
            on_loss: self.on_loss,
            lanes,
            target: Pause::new(now),
            prober: 0,
            tasks: JoinSet::new(),
        };
        Ok((Sender::new(shared), worker))
    }

    fn check_ranges(&self) -> Result<(), StartError> {
        let interval =
            |interval: Duration| (Duration::from_millis(1)..=Self::LONGEST_INTERVAL).contains(&interval);
        let checks = [
            ("batch_size", (1..=Self::MAX_BATCH_SIZE).contains(&self.batch_size)),
            ("flush_interval", interval(self.flush_interval)),
            ("attempt_timeout", interval(self.attempt_timeout)),
            ("backoff", interval(self.policy.backoff.base) && interval(self.policy.backoff.cap)),
            ("probe_interval", interval(self.policy.slow_probe)),
            ("max_age", self.policy.max_age.into_iter().all(interval)),
        ];
        match checks.into_iter().find(|(_, is_in_range)| !is_in_range) {
            Some((setting, _)) => Err(StartError::OutOfRange(setting)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("source", &self.source)
            .field("tags", &self.tags)
            .field("max_queue_size", &self.max_queue_size)
            .field("batch_size", &self.batch_size)
            .field("flush_interval", &self.flush_interval)
            .finish_non_exhaustive()
    }
}

/// Starts the thread, and the runtime on it: a runtime must not be dropped inside another one, should the thread fail.
fn spawn(worker: Worker) -> Result<(), StartError> {
    let (ready, is_ready) = mpsc::sync_channel(1);
    let thread = move || {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(Builder::BLOCKING_THREADS)
            .thread_name("wf-sender-lookup")
            .build();
        let start = Instant::now();
        match runtime {
            Ok(runtime) => {
                let _ = worker.shared.worker.set(thread::current().id());
                let _ = ready.send(Ok(()));
                worker.run(runtime, start);
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        }
    };
    thread::Builder::new().name("wf-sender".to_owned()).spawn(thread).map_err(StartError::Thread)?;
    match is_ready.recv() {
        Ok(started) => started.map_err(StartError::Thread),
        Err(_) => Err(StartError::Thread(std::io::ErrorKind::Other.into())),
    }
}

/// Returns the first of these that is not blank: what the user set, `WAVEFRONT_SOURCE`, the host name, `unknown`.
fn default_source(set: Option<String>) -> String {
    let environment = || std::env::var("WAVEFRONT_SOURCE").ok();
    let host = || gethostname::gethostname().into_string().ok();
    let is_text = |source: &String| !source.trim().is_empty();
    set.filter(is_text)
        .or_else(|| environment().filter(is_text))
        .or_else(|| host().filter(is_text))
        .unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wf_transport::{LineKind, MemoryTransport};

    use super::Builder;
    use crate::error::StartError;

    #[test]
    fn documented_defaults() {
        let builder = Builder::new(MemoryTransport::new());
        assert_eq!(builder.max_queue_size, 50_000);
        assert_eq!(builder.batch_size, 10_000);
        assert_eq!(builder.flush_interval, Duration::from_secs(1));
        assert_eq!(builder.attempt_timeout, Duration::from_secs(30));
        assert_eq!(builder.policy.backoff.base, Duration::from_millis(500));
        assert_eq!(builder.policy.backoff.cap, Duration::from_secs(30));
        assert_eq!(builder.policy.slow_probe, Duration::from_secs(60));
        for kind in LineKind::ALL {
            let minutes = if kind == LineKind::Delta { 10 } else { 60 };
            assert_eq!(builder.policy.max_age[kind.index()], Duration::from_secs(60 * minutes));
        }
        assert!(builder.stamp);
    }

    #[track_caller]
    fn check(set: impl FnOnce(Builder) -> Builder, expected: &str) {
        let error = set(Builder::new(MemoryTransport::new()).source("h")).start().unwrap_err();
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn settings_out_of_range_are_errors() {
        let day = Duration::from_secs(24 * 3600);
        check(|b| b.max_queue_size(0), "max_queue_size is out of range");
        check(|b| b.max_queue_size(107_374_183), "max_queue_size is out of range");
        check(|b| b.max_queue_size(usize::MAX), "max_queue_size is out of range");
        check(|b| b.batch_size(0), "batch_size is out of range");
        check(|b| b.batch_size(40_001), "batch_size is out of range");
        check(|b| b.flush_interval(Duration::ZERO), "flush_interval is out of range");
        check(|b| b.attempt_timeout(day * 2), "attempt_timeout is out of range");
        check(|b| b.backoff(Duration::ZERO, day), "backoff is out of range");
        check(|b| b.probe_interval(Duration::MAX), "probe_interval is out of range");
        check(|b| b.max_age(LineKind::Span, Duration::ZERO), "max_age is out of range");
    }

    #[test]
    fn a_bad_source_or_tag_is_said_at_the_start() {
        let start = |builder: Builder| builder.start().unwrap_err();
        let builder = || Builder::new(MemoryTransport::new());
        assert!(matches!(start(builder().source("x".repeat(2000))), StartError::Invalid(_)));
        assert!(matches!(start(builder().source("h").point_tag("", "v")), StartError::Invalid(_)));
        assert!(matches!(start(builder().source("h").point_tag("k", " ")), StartError::Invalid(_)));
    }
}
