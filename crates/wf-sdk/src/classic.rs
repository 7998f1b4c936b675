//! The documents' own API: the clients, calls and helpers of the vendor's SDKs under their names.
//!
//! ```no_run
//! use wf_sdk::classic::{WavefrontDirectClient, WavefrontProxyClient};
//!
//! let direct = WavefrontDirectClient::builder("https://example.wavefront.com", "my-api-token")
//!     .max_queue_size(50_000)
//!     .batch_size(10_000)
//!     .flush_interval_seconds(5)
//!     .build()?;
//! let proxy = WavefrontProxyClient::builder("proxy.example.com")
//!     .metrics_port(2878)
//!     .distribution_port(40_000)
//!     .tracing_port(30_000)
//!     .internal_flush(2)
//!     .build()?;
//! proxy.send_metric("new york.power.usage", 42422.0, Some(1533529977), Some("localhost"), &[("datacenter", "dc1")])?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Both clients are builders that end in a [`Sender`], whose methods the calls are: one handle, whatever is behind it.
//!
//! # The proxy's ports
//!
//! A port here has to be one that the proxy listens on, by its `wavefront.conf`:
//!
//! | setting | property in `wavefront.conf` | default here |
//! |---|---|---|
//! | [`metrics_port`](ProxyBuilder::metrics_port) | `pushListenerPorts=` | 2878 |
//! | [`distribution_port`](ProxyBuilder::distribution_port) | `histogramDistListenerPorts=` | 2878, where a proxy takes distributions too |
//! | [`tracing_port`](ProxyBuilder::tracing_port) | `traceListenerPorts=` | 30000 |
//!
//! # Coming from the Python SDK
//!
//! | Python | here |
//! |---|---|
//! | `WavefrontDirectClient(server, token, max_queue_size, batch_size, flush_interval_seconds)` | `WavefrontDirectClient::builder(server, token)` with `.max_queue_size()`, `.batch_size()`, `.flush_interval_seconds()`, `.build()?` |
//! | `WavefrontProxyClient(host, metrics_port, distribution_port, tracing_port, internal_flush)` | `WavefrontProxyClient::builder(host)` with `.metrics_port()`, `.distribution_port()`, `.tracing_port()`, `.internal_flush()`, `.build()?` |
//! | `WavefrontClientFactory().add_client(url)`, `.get_client()` | [`wf_sdk::connect(url)?.start()?`](crate::connect) |
//! | `send_metric(name, value, timestamp, source, tags)` | [`Sender::send_metric`] |
//! | `send_delta_counter(name, value, source, tags)` | [`Sender::send_delta_counter`] |
//! | `send_distribution(name, centroids, histogram_granularities, timestamp, source, tags)` | [`Sender::send_distribution`] |
//! | `histogram_granularity.MINUTE` / `.HOUR` / `.DAY` | [`Granularity::Minute`] / [`Hour`](Granularity::Hour) / [`Day`](Granularity::Day) |
//! | `send_span(name, start_millis, duration_millis, source, trace_id, span_id, parents, follows_from, tags, span_logs)` | [`Sender::send_span`] |
//! | `UUID("…")` | `"…".parse::<Id>()?`, or a `uuid::Uuid` |
//! | `SpanLog(timestamp, fields)` | [`SpanLog::new`] |
//! | `send_event(name, start_time, end_time, source, tags, annotations)` | [`Sender::send_event`] |
//! | `send_formatted_metric(line)`, `send_formatted_span(line)` | [`Sender::send_line`] |
//! | `send_metric_now([line])`, `send_distribution_now`, `send_span_now`, `send_span_log_now`, `send_event_now` | [`Sender::send_metric_now`] and its sisters |
//! | `metric_to_line_data`, `histogram_to_line_data`, `tracing_span_to_line_data` | [`metric_to_line_data`], [`histogram_to_line_data`], [`tracing_span_to_line_data`] |
//! | `flush_now()` | [`Sender::flush_now`] |
//! | `get_failure_count()` | [`Sender::failure_count`] |
//! | `close()` | [`Sender::close`] |
//!
//! The Java and Go names are the same in other spelling: `sendMetric`, `SendMetric`; Go's `NewSender(url)` is
//! [`connect`](crate::connect), Java's `WavefrontNoOpClient` is [`Sender::no_op`], `getFailureCount` is
//! [`Sender::failure_count`].
//!
//! ```
//! use std::time::Duration;
//!
//! use wf_sdk::{Granularity, Id, LineKind, SpanLog, WavefrontSender, classic::metric_to_line_data};
//!
//! fn report(wavefront_sender: &WavefrontSender) -> Result<(), Box<dyn std::error::Error>> {
//!     // wavefront_sender.send_metric("new york.power.usage", 42422.0, 1533529977, "localhost", {"datacenter": "dc1"})
//!     let tags = [("datacenter", "dc1")];
//!     wavefront_sender.send_metric("new york.power.usage", 42422.0, Some(1533529977), Some("localhost"), &tags)?;
//!
//!     // wavefront_sender.send_delta_counter("delta.counter", 1.0, "localhost", {"datacenter": "dc1"})
//!     wavefront_sender.send_delta_counter("delta.counter", 1.0, Some("localhost"), &tags)?;
//!
//!     // wavefront_sender.send_distribution("request.latency", [(30, 20), (5.1, 10)],
//!     //     {DAY, HOUR, MINUTE}, 1533529977, "appServer1", {"region": "us-west"})
//!     wavefront_sender.send_distribution(
//!         "request.latency",
//!         [(30.0, 20), (5.1, 10)],
//!         &[Granularity::Day, Granularity::Hour, Granularity::Minute],
//!         Some(1533529977),
//!         Some("appServer1"),
//!         &[("region", "us-west")],
//!     )?;
//!
//!     // wavefront_sender.send_span("getAllUsers", 1552949776000, 343, "localhost", UUID("7b3b…"), UUID("0313…"),
//!     //     [UUID("2f64…")], None, [("application", "Wavefront"), ("http.method", "GET")], [SpanLog(…)])
//!     let trace_id: Id = "7b3bf470-9456-11e8-9eb6-529269fb1459".parse()?;
//!     let span_id: Id = "0313bafe-9457-11e8-9eb6-529269fb1459".parse()?;
//!     let parent: Id = "2f64e538-9457-11e8-9eb6-529269fb1459".parse()?;
//!     wavefront_sender.send_span(
//!         "getAllUsers",
//!         1552949776000,
//!         343,
//!         Some("localhost"),
//!         trace_id,
//!         span_id,
//!         &[parent],
//!         &[],
//!         &[("application", "Wavefront"), ("http.method", "GET")],
//!         &[SpanLog::new(1552949776000123, &[("event", "cache miss")])],
//!     )?;
//!
//!     // wavefront_sender.send_event("event name", 1592200048000, 1592201048000, "localhost", ["env", "dev"],
//!     //     {"severity": "info", "type": "backup", "details": "broker backup"})
//!     wavefront_sender.send_event(
//!         "event name",
//!         1592200048000,
//!         Some(1592201048000),
//!         Some("localhost"),
//!         &["env", "dev"],
//!         &[("severity", "info"), ("type", "backup"), ("details", "broker backup")],
//!     )?;
//!
//!     // line = metric_to_line_data("new-york.power.usage", 42422, 1493773500, "localhost", {"datacenter": "dc1"}, "default")
//!     let source = Some("localhost");
//!     let line = metric_to_line_data("new-york.power.usage", 42422, Some(1493773500), source, &tags, "default")?;
//!
//!     // wavefront_sender.send_formatted_metric(line); wavefront_sender.send_metric_now([line, line])
//!     wavefront_sender.send_line(LineKind::Point, &line)?;
//!     wavefront_sender.send_metric_now(&[&line, &line], Duration::from_secs(5))?;
//!
//!     // wavefront_sender.flush_now(); wavefront_sender.get_failure_count(); wavefront_sender.close()
//!     let complete = wavefront_sender.flush_now().complete;
//!     println!("complete: {complete}, failures: {}", wavefront_sender.failure_count());
//!     wavefront_sender.close(Duration::from_secs(5));
//!     Ok(())
//! }
//!
//! report(&WavefrontSender::no_op())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::time::Duration;

use wf_format::{
    Centroid, Format, FormatError, Granularity, Histogram, Id, Metric, Point, Span, SpanLog, Tags,
};
use wf_http::{Timeouts, Tls, Token};
use wf_sender::{Sender, StartError};
use wf_transport::LineKind;
use wf_transport_direct::Direct;
use wf_transport_proxy::HttpProxy;

use crate::connect::Server;

/// The handle under the name that the documents give it.
pub use wf_sender::Sender as WavefrontSender;

/// The client for the service itself, under its name in Java and C#.
pub use self::WavefrontDirectClient as WavefrontDirectIngestionClient;

/// The client for the service itself.
///
/// [`builder`](Self::builder) is where it begins; what it ends in is a [`Sender`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WavefrontDirectClient;

impl WavefrontDirectClient {
    /// Starts to configure a client of the service at `server`, an `https://` URL or a host name, with an API token.
    pub fn builder(server: impl Into<String>, token: impl Into<Token>) -> DirectBuilder {
        DirectBuilder {
            server: server.into(),
            token: token.into(),
            tls: Tls::native_roots(),
            timeouts: Timeouts::DEFAULT,
            max_queue_size: 50_000,
            batch_size: 10_000,
            flush_interval_seconds: 1,
            source: None,
        }
    }
}

/// Settings of a [`WavefrontDirectClient`].
#[derive(Clone, Debug)]
#[must_use]
pub struct DirectBuilder {
    server: String,
    token: Token,
    tls: Tls,
    timeouts: Timeouts,
    max_queue_size: usize,
    batch_size: usize,
    flush_interval_seconds: u64,
    source: Option<String>,
}

impl DirectBuilder {
    /// Sets how many points of each kind may wait. Default: 50,000.
    pub const fn max_queue_size(mut self, points: usize) -> Self {
        self.max_queue_size = points;
        self
    }

    /// Sets how many points one request may carry: 1 to 40,000. Default: 10,000.
    pub const fn batch_size(mut self, points: usize) -> Self {
        self.batch_size = points;
        self
    }

    /// Sets the seconds between flushes: 1 to 86,400. Default: 1.
    pub const fn flush_interval_seconds(mut self, seconds: u64) -> Self {
        self.flush_interval_seconds = seconds;
        self
    }

    /// Sets whom to trust. Default: the system's root certificates.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = tls;
        self
    }

    /// Sets the time limits of an attempt. Default: [`Timeouts::DEFAULT`].
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the source of points that name none. Default: `WAVEFRONT_SOURCE`, else the host name.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Starts the sender.
    ///
    /// # Errors
    ///
    /// [`StartError::Transport`] if the server or the token cannot be used; other [`StartError`]s as
    /// [`Builder::start`](wf_sender::Builder::start).
    pub fn build(self) -> Result<Sender, StartError> {
        let server = Server::parse(&self.server).map_err(transport)?;
        let mut direct = Direct::builder(server.host, self.token)
            .base_path(server.path)
            .tls(self.tls)
            .timeouts(self.timeouts);
        if let Some(port) = server.port {
            direct = direct.port(port);
        }
        if !server.is_tls {
            direct = direct.plain_http();
        }
        let mut builder = wf_sender::Builder::new(direct.build().map_err(transport)?)
            .max_queue_size(self.max_queue_size)
            .batch_size(self.batch_size)
            .flush_interval(Duration::from_secs(self.flush_interval_seconds));
        if let Some(source) = self.source {
            builder = builder.source(source);
        }
        builder.start()
    }
}

/// The client for a Wavefront proxy, over HTTP.
///
/// [`builder`](Self::builder) is where it begins; what it ends in is a [`Sender`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WavefrontProxyClient;

impl WavefrontProxyClient {
    /// Starts to configure a client of the proxy at `host`, a host name or an IP address.
    pub fn builder(host: impl Into<String>) -> ProxyBuilder {
        ProxyBuilder {
            host: host.into(),
            metrics_port: 2878,
            distribution_port: 2878,
            tracing_port: 30_000,
            internal_flush: 5,
            timeouts: Timeouts::DEFAULT,
            source: None,
        }
    }
}

/// Settings of a [`WavefrontProxyClient`].
#[derive(Clone, Debug)]
#[must_use]
pub struct ProxyBuilder {
    host: String,
    metrics_port: u16,
    distribution_port: u16,
    tracing_port: u16,
    internal_flush: u64,
    timeouts: Timeouts,
    source: Option<String>,
}

impl ProxyBuilder {
    /// Sets the port for points, delta counters, events and source tags. Default: 2878.
    pub const fn metrics_port(mut self, port: u16) -> Self {
        self.metrics_port = port;
        self
    }

    /// Sets the port for distributions. Default: 2878; proxies that aggregate often have 40000.
    pub const fn distribution_port(mut self, port: u16) -> Self {
        self.distribution_port = port;
        self
    }

    /// Sets the port for spans and span logs. Default: 30000.
    pub const fn tracing_port(mut self, port: u16) -> Self {
        self.tracing_port = port;
        self
    }

    /// Sets the seconds between flushes: 1 to 86,400. Default: 5.
    pub const fn internal_flush(mut self, seconds: u64) -> Self {
        self.internal_flush = seconds;
        self
    }

    /// Sets the time limits of an attempt. Default: [`Timeouts::DEFAULT`].
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets the source of points that name none. Default: `WAVEFRONT_SOURCE`, else the host name.
    pub fn source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Starts the sender.
    ///
    /// # Errors
    ///
    /// [`StartError::Transport`] if the host or a port cannot be used; other [`StartError`]s as
    /// [`Builder::start`](wf_sender::Builder::start).
    pub fn build(self) -> Result<Sender, StartError> {
        let proxy = HttpProxy::builder(self.host)
            .port(self.metrics_port)
            .port_for(LineKind::Histogram, self.distribution_port)
            .port_for(LineKind::Span, self.tracing_port)
            .port_for(LineKind::SpanLog, self.tracing_port)
            .timeouts(self.timeouts)
            .build()
            .map_err(transport)?;
        let mut builder =
            wf_sender::Builder::new(proxy).flush_interval(Duration::from_secs(self.internal_flush));
        if let Some(source) = self.source {
            builder = builder.source(source);
        }
        builder.start()
    }
}

/// Returns the line of a metric, with its final line feed.
///
/// # Errors
///
/// [`FormatError`] if the point cannot be written as a valid line.
///
/// # Examples
///
/// ```
/// use wf_sdk::classic::metric_to_line_data;
///
/// let tags = [("datacenter", "dc1")];
/// let line = metric_to_line_data("new-york.power.usage", 42422, Some(1493773500), Some("localhost"), &tags, "default")?;
/// assert_eq!(line, "\"new-york.power.usage\" 42422.0 1493773500 source=\"localhost\" \"datacenter\"=\"dc1\"\n");
/// # Ok::<(), wf_sdk::FormatError>(())
/// ```
pub fn metric_to_line_data(
    name: &str,
    value: impl Into<f64>,
    timestamp: Option<i64>,
    source: Option<&str>,
    tags: &(impl Tags + ?Sized),
    default_source: &str,
) -> Result<String, FormatError> {
    let metric = Metric::new(name, value).source(source.unwrap_or_default()).tags(tags);
    match timestamp {
        Some(timestamp) => line(&metric.timestamp(timestamp), default_source),
        None => line(&metric, default_source),
    }
}

/// Returns the lines of a distribution, one a granularity, each with its final line feed.
///
/// # Errors
///
/// [`FormatError`] if the distribution cannot be written as valid lines.
///
/// # Examples
///
/// ```
/// use wf_sdk::{Granularity, classic::histogram_to_line_data};
///
/// let centroids = [(30.0, 20), (5.1, 10)];
/// let tags = [("region", "us-west")];
/// let granularities = [Granularity::Day];
/// let source = Some("appServer1");
/// let line =
///     histogram_to_line_data("request.latency", centroids, &granularities, Some(1493773500), source, &tags, "default")?;
/// assert_eq!(
///     line,
///     "!D 1493773500 #20 30.0 #10 5.1 \"request.latency\" source=\"appServer1\" \"region\"=\"us-west\"\n"
/// );
/// # Ok::<(), wf_sdk::FormatError>(())
/// ```
pub fn histogram_to_line_data(
    name: &str,
    centroids: impl IntoIterator<Item = impl Into<Centroid>>,
    granularities: &[Granularity],
    timestamp: Option<i64>,
    source: Option<&str>,
    tags: &(impl Tags + ?Sized),
    default_source: &str,
) -> Result<String, FormatError> {
    let centroids: Vec<Centroid> = centroids.into_iter().map(Into::into).collect();
    let histogram = Histogram::new(name, &centroids).granularities(granularities);
    let histogram = histogram.source(source.unwrap_or_default()).tags(tags);
    match timestamp {
        Some(timestamp) => line(&histogram.timestamp(timestamp), default_source),
        None => line(&histogram, default_source),
    }
}

/// Returns the line of a span, with its final line feed; one with logs announces them.
///
/// # Errors
///
/// [`FormatError`] if the span cannot be written as a valid line.
///
/// # Examples
///
/// ```
/// use wf_sdk::{Id, classic::tracing_span_to_line_data};
///
/// let trace_id: Id = "7b3bf470-9456-11e8-9eb6-529269fb1459".parse()?;
/// let span_id: Id = "0313bafe-9457-11e8-9eb6-529269fb1459".parse()?;
/// let tags = [("application", "Wavefront")];
/// let line = tracing_span_to_line_data(
///     "getAllUsers", 1552949776000, 343, Some("localhost"), trace_id, span_id, &[], &[], &tags, &[], "default",
/// )?;
/// assert_eq!(
///     line,
///     "\"getAllUsers\" source=\"localhost\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
///      spanId=0313bafe-9457-11e8-9eb6-529269fb1459 \"application\"=\"Wavefront\" 1552949776000 343\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(clippy::too_many_arguments, reason = "the documents' signature")]
pub fn tracing_span_to_line_data(
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
    default_source: &str,
) -> Result<String, FormatError> {
    let span = Span::new(name, start_millis, duration_millis, trace_id, span_id)
        .source(source.unwrap_or_default())
        .parents(parents)
        .follows_from(follows_from)
        .span_logs(span_logs);
    line(&span.tags(tags), default_source)
}

fn line(point: &impl Point, default_source: &str) -> Result<String, FormatError> {
    let mut line = Vec::new();
    Format::DEFAULT.default_source(default_source).encode_into(point, &mut line)?;
    // The encoder writes text; anything else would be its defect, and no reason to panic in somebody's program.
    Ok(String::from_utf8(line).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

fn transport(error: impl std::error::Error + Send + Sync + 'static) -> StartError {
    StartError::Transport(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::{StartError, WavefrontDirectClient, WavefrontProxyClient};

    #[test]
    fn documented_defaults() {
        let direct = WavefrontDirectClient::builder("https://example.wavefront.com", "token");
        assert_eq!(
            (direct.max_queue_size, direct.batch_size, direct.flush_interval_seconds),
            (50_000, 10_000, 1)
        );
        let proxy = WavefrontProxyClient::builder("localhost");
        assert_eq!((proxy.metrics_port, proxy.distribution_port, proxy.tracing_port), (2878, 2878, 30_000));
        assert_eq!(proxy.internal_flush, 5);
    }

    #[test]
    fn settings_that_cannot_work_are_errors() {
        let direct = |server: &str| WavefrontDirectClient::builder(server, "wf-CANARY").build().map(drop);
        for server in [
            "",
            "not a host",
            "ftp://example.com",
            "https://token@example.com",
            "https://example.com?a=b",
            "http://example.com",
        ] {
            let error = direct(server).unwrap_err();
            assert!(matches!(error, StartError::Transport(_)), "{server}: {error}");
            assert!(!format!("{error} {error:?}").contains("CANARY"));
        }
        let proxy = WavefrontProxyClient::builder("localhost");
        assert!(matches!(proxy.clone().tracing_port(0).build(), Err(StartError::Transport(_))));
        assert!(matches!(proxy.internal_flush(0).build(), Err(StartError::OutOfRange("flush_interval"))));
    }
}
