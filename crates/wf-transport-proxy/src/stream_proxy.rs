use std::sync::{Mutex, PoisonError};

use tokio::time::timeout;
use wf_http::{BuildError, Client};
use wf_transport::{Batch, Cause, LineKind, Outcome, Route, Transport};

use crate::{DEFAULT_PORT, StreamTimeouts, connection::Connection};

/// A Wavefront proxy, spoken to over raw TCP: lines go in, nothing ever comes back.
///
/// A batch that was written is [`Outcome::Unacknowledged`], never more: nobody knows whether the proxy read it. Use
/// [`HttpProxy`](crate::HttpProxy) unless the proxy's HTTP side cannot be reached. The [crate docs](crate) have the table of
/// outcomes.
///
/// ```
/// use wf_transport::{LineKind, Route, Transport};
/// use wf_transport_proxy::StreamProxy;
///
/// let proxy = StreamProxy::builder("localhost").port_for(LineKind::Histogram, 40_000).build()?;
/// assert_eq!(proxy.route(LineKind::Histogram), Route::Line);
/// assert_eq!(proxy.route(LineKind::Span), Route::None);
/// # Ok::<(), wf_transport_proxy::BuildError>(())
/// ```
#[derive(Debug)]
pub struct StreamProxy {
    timeouts: StreamTimeouts,
    /// One a kind, at [`LineKind::index`]; none for a kind without a route.
    lanes: Vec<Option<Lane>>,
}

impl StreamProxy {
    /// Starts to configure the proxy at `host`: a host name or an IP address, an IPv6 address with or without brackets.
    pub fn builder(host: impl Into<String>) -> StreamBuilder {
        StreamBuilder {
            host: host.into(),
            port: DEFAULT_PORT,
            ports: [None; LineKind::ALL.len()],
            timeouts: StreamTimeouts::DEFAULT,
        }
    }
}

impl Transport for StreamProxy {
    fn route(&self, kind: LineKind) -> Route {
        if self.lanes[kind.index()].is_some() { Route::Line } else { Route::None }
    }

    /// Writes `batch` whole to the kept connection of its kind, or to a new one if that has ended or rested too long.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future closes the connection that it used, so that nothing follows half a line.
    async fn deliver(&self, batch: &Batch) -> Outcome {
        let Some(lane) = &self.lanes[batch.kind().index()] else { return Outcome::Refused(Cause::Other) };
        let mut sent = 0;
        let attempt = lane.attempt(batch, &self.timeouts, &mut sent);
        match timeout(self.timeouts.attempt, attempt).await.unwrap_or(Err(Cause::Deadline)) {
            Ok(()) => Outcome::Unacknowledged,
            Err(cause) if sent == 0 => Outcome::Unsent(cause),
            Err(cause) => Outcome::Unknown(cause),
        }
    }
}

/// Where one kind goes, with the one connection that is kept open to it.
#[derive(Debug)]
struct Lane {
    host: String,
    port: u16,
    kept: Mutex<Option<Connection>>,
}

impl Lane {
    async fn attempt(&self, batch: &Batch, timeouts: &StreamTimeouts, sent: &mut usize) -> Result<(), Cause> {
        let mut connection = self.connection(timeouts).await?;
        connection.write(batch, timeouts.write, sent).await?;
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        Ok(())
    }

    async fn connection(&self, timeouts: &StreamTimeouts) -> Result<Connection, Cause> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(connection) = kept.filter(|kept| kept.idle() < timeouts.idle) {
            match connection.look() {
                Ok(()) => return Ok(connection),
                // Whoever listens there does not read lines. Without an error nobody would ever learn that.
                Err(Cause::Protocol) => return Err(Cause::Protocol),
                Err(_) => {}
            }
        }
        Connection::open(&self.host, self.port, timeouts).await
    }
}

/// Settings of a [`StreamProxy`].
#[derive(Clone, Debug)]
#[must_use]
pub struct StreamBuilder {
    host: String,
    port: u16,
    ports: [Option<u16>; LineKind::ALL.len()],
    timeouts: StreamTimeouts,
}

impl StreamBuilder {
    /// Sets the port for every kind without one of its own, except spans and span logs. Default: [`DEFAULT_PORT`].
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets the port for one kind. Default: the common port, but [`Route::None`] for spans and, unless spans have a
    /// port, for span logs.
    ///
    /// Only a trace port of the proxy (`traceListenerPorts`, by convention 30000) takes spans as lines. It takes span
    /// logs too, so these go to the port of spans unless they have one of their own.
    pub const fn port_for(mut self, kind: LineKind, port: u16) -> Self {
        self.ports[kind.index()] = Some(port);
        self
    }

    /// Sets the time limits. Default: [`StreamTimeouts::DEFAULT`].
    pub const fn timeouts(mut self, timeouts: StreamTimeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Builds the transport. No connection is opened before the first batch.
    ///
    /// # Errors
    ///
    /// [`BuildError::Host`], [`BuildError::Port`]: no such host or port can exist.
    pub fn build(self) -> Result<StreamProxy, BuildError> {
        // The rules for hosts are those of the HTTP side.
        Client::builder(&*self.host).build()?;
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        let lane = |kind| match self.port_of(kind) {
            Some(0) => Err(BuildError::Port),
            port => Ok(port.map(|port| Lane { host: host.to_owned(), port, kept: Mutex::new(None) })),
        };
        let lanes = LineKind::ALL.into_iter().map(lane).collect::<Result<_, _>>()?;
        Ok(StreamProxy { timeouts: self.timeouts, lanes })
    }

    fn port_of(&self, kind: LineKind) -> Option<u16> {
        self.ports[kind.index()].or(match kind {
            LineKind::Span => None,
            LineKind::SpanLog => self.ports[LineKind::Span.index()],
            _ => Some(self.port),
        })
    }
}
