//! The documents' own calls: one method a kind, positional arguments, as in the vendor's SDKs.

use std::time::Duration;

use smallvec::SmallVec;
use wf_format::{Centroid, DeltaCounter, Event, Granularity, Histogram, Id, Metric, Span, SpanLog, Tags};
use wf_transport::LineKind;

use crate::{NowError, SendError, Sender, ledger::Report};

/// How long [`Sender::flush_now`] waits.
const FLUSH_NOW: Duration = Duration::from_secs(5);

impl Sender {
    /// Sends a metric; `timestamp` in seconds since the epoch, or `None` for now; `source` `None` for the sender's own.
    ///
    /// # Errors
    ///
    /// [`SendError`] as [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = wf_sender::Sender::no_op();
    /// sender.send_metric(
    ///     "new york.power.usage",
    ///     42422.0,
    ///     Some(1533529977),
    ///     Some("localhost"),
    ///     &[("datacenter", "dc1")],
    /// )?;
    /// # Ok::<(), wf_sender::SendError>(())
    /// ```
    pub fn send_metric(
        &self,
        name: &str,
        value: impl Into<f64>,
        timestamp: Option<i64>,
        source: Option<&str>,
        tags: &(impl Tags + ?Sized),
    ) -> Result<(), SendError> {
        let metric = Metric::new(name, value).source(source.unwrap_or_default()).tags(tags);
        match timestamp {
            Some(timestamp) => self.send(&metric.timestamp(timestamp)),
            None => self.send(&metric),
        }
    }

    /// Sends an increment of a delta counter, which the service adds up; it must be positive.
    ///
    /// # Errors
    ///
    /// [`SendError`] as [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = wf_sender::Sender::no_op();
    /// sender.send_delta_counter("delta.counter", 1.0, Some("localhost"), &[("datacenter", "dc1")])?;
    /// # Ok::<(), wf_sender::SendError>(())
    /// ```
    pub fn send_delta_counter(
        &self,
        name: &str,
        value: impl Into<f64>,
        source: Option<&str>,
        tags: &(impl Tags + ?Sized),
    ) -> Result<(), SendError> {
        self.send(&DeltaCounter::new(name, value).source(source.unwrap_or_default()).tags(tags))
    }

    /// Sends a distribution: centroids of a mean and a count, for each of the granularities.
    ///
    /// # Errors
    ///
    /// [`SendError`] as [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// use wf_sender::format::Granularity;
    ///
    /// let sender = wf_sender::Sender::no_op();
    /// sender.send_distribution(
    ///     "request.latency",
    ///     [(30.0, 20), (5.1, 10)],
    ///     &[Granularity::Day, Granularity::Hour, Granularity::Minute],
    ///     Some(1533529977),
    ///     Some("appServer1"),
    ///     &[("region", "us-west")],
    /// )?;
    /// # Ok::<(), wf_sender::SendError>(())
    /// ```
    pub fn send_distribution(
        &self,
        name: &str,
        centroids: impl IntoIterator<Item = impl Into<Centroid>>,
        granularities: &[Granularity],
        timestamp: Option<i64>,
        source: Option<&str>,
        tags: &(impl Tags + ?Sized),
    ) -> Result<(), SendError> {
        let centroids: SmallVec<[Centroid; 128]> = centroids.into_iter().map(Into::into).collect();
        let histogram = Histogram::new(name, &centroids)
            .granularities(granularities)
            .source(source.unwrap_or_default())
            .tags(tags);
        match timestamp {
            Some(timestamp) => self.send(&histogram.timestamp(timestamp)),
            None => self.send(&histogram),
        }
    }

    /// Sends a span, and its logs before it if there are any; start and duration in milliseconds.
    ///
    /// # Errors
    ///
    /// [`SendError`] as [`send`](Self::send), about the span; logs that are refused are counted, and the span goes
    /// without announcing them.
    ///
    /// # Examples
    ///
    /// ```
    /// use wf_sender::format::Id;
    ///
    /// let sender = wf_sender::Sender::no_op();
    /// let trace: Id = "7b3bf470-9456-11e8-9eb6-529269fb1459".parse()?;
    /// let span: Id = "0313bafe-9457-11e8-9eb6-529269fb1459".parse()?;
    /// let parent: Id = "2f64e538-9457-11e8-9eb6-529269fb1459".parse()?;
    /// sender.send_span(
    ///     "getAllUsers",
    ///     1552949776000,
    ///     343,
    ///     Some("localhost"),
    ///     trace,
    ///     span,
    ///     &[parent],
    ///     &[],
    ///     &[("application", "Wavefront"), ("http.method", "GET")],
    ///     &[],
    /// )?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::too_many_arguments, reason = "the documents' signature")]
    pub fn send_span(
        &self,
        name: &str,
        start_millis: i64,
        duration_millis: i64,
        source: Option<&str>,
        trace_id: impl Into<Id>,
        span_id: impl Into<Id>,
        parents: &[Id],
        follows_from: &[Id],
        tags: &(impl Tags + ?Sized),
        span_logs: &[SpanLog<'_>],
    ) -> Result<(), SendError> {
        let span = Span::new(name, start_millis, duration_millis, trace_id, span_id)
            .source(source.unwrap_or_default())
            .parents(parents)
            .follows_from(follows_from)
            .span_logs(span_logs);
        self.send(&span.tags(tags))
    }

    /// Sends an event; times in milliseconds, without an end it lasts one millisecond.
    ///
    /// # Errors
    ///
    /// [`SendError`] as [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// let sender = wf_sender::Sender::no_op();
    /// sender.send_event(
    ///     "event name",
    ///     1592200048000,
    ///     Some(1592201048000),
    ///     Some("localhost"),
    ///     &["env", "dev"],
    ///     &[("severity", "info"), ("type", "backup"), ("details", "broker backup")],
    /// )?;
    /// # Ok::<(), wf_sender::SendError>(())
    /// ```
    pub fn send_event(
        &self,
        name: &str,
        start_millis: i64,
        end_millis: Option<i64>,
        source: Option<&str>,
        tags: &[&str],
        annotations: &(impl Tags + ?Sized),
    ) -> Result<(), SendError> {
        let event = Event::new(name, start_millis).tags(tags).annotations(annotations);
        let event = match end_millis {
            Some(end) => event.end(end),
            None => event,
        };
        match source {
            Some(source) if !source.trim().is_empty() => self.send(&event.hosts(&[source])),
            _ => self.send(&event),
        }
    }

    /// Sends ready-made lines of metrics and delta counters at once.
    ///
    /// # Errors
    ///
    /// [`NowError`] as [`send_lines_now`](Self::send_lines_now).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let sender = wf_sender::Sender::no_op();
    /// let line = "\"new-york.power.usage\" 42422.0 1493773500 source=\"localhost\" \"datacenter\"=\"dc1\"\n";
    /// sender.send_metric_now(&[line, line], Duration::from_secs(5))?;
    /// # Ok::<(), wf_sender::NowError>(())
    /// ```
    pub fn send_metric_now(&self, lines: &[impl AsRef<str>], timeout: Duration) -> Result<Report, NowError> {
        self.send_lines_now(LineKind::Point, lines, timeout)
    }

    /// Sends ready-made lines of distributions at once.
    ///
    /// # Errors
    ///
    /// [`NowError`] as [`send_lines_now`](Self::send_lines_now).
    pub fn send_distribution_now(
        &self,
        lines: &[impl AsRef<str>],
        timeout: Duration,
    ) -> Result<Report, NowError> {
        self.send_lines_now(LineKind::Histogram, lines, timeout)
    }

    /// Sends ready-made lines of spans at once.
    ///
    /// # Errors
    ///
    /// [`NowError`] as [`send_lines_now`](Self::send_lines_now).
    pub fn send_span_now(&self, lines: &[impl AsRef<str>], timeout: Duration) -> Result<Report, NowError> {
        self.send_lines_now(LineKind::Span, lines, timeout)
    }

    /// Sends ready-made lines of span logs at once.
    ///
    /// # Errors
    ///
    /// [`NowError`] as [`send_lines_now`](Self::send_lines_now).
    pub fn send_span_log_now(
        &self,
        lines: &[impl AsRef<str>],
        timeout: Duration,
    ) -> Result<Report, NowError> {
        self.send_lines_now(LineKind::SpanLog, lines, timeout)
    }

    /// Sends ready-made events at once: lines to a proxy, one JSON object each to the service.
    ///
    /// # Errors
    ///
    /// [`NowError`] as [`send_lines_now`](Self::send_lines_now).
    pub fn send_event_now(&self, lines: &[impl AsRef<str>], timeout: Duration) -> Result<Report, NowError> {
        self.send_lines_now(LineKind::Event, lines, timeout)
    }

    /// Flushes within 5 seconds, as [`flush`](Self::flush) does.
    #[must_use = "the report says whether everything became final in time"]
    pub fn flush_now(&self) -> Report {
        self.flush(FLUSH_NOW)
    }

    /// Returns the number of attempts that failed since the start, connects and requests alike; it never goes back.
    #[must_use]
    pub fn failure_count(&self) -> u64 {
        self.stats().failures()
    }
}
