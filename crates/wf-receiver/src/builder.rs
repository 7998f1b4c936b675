//! Settings of a receiver.

use std::sync::{Arc, Mutex};
use std::{fmt, io};

use wf_parse::Limits;

use crate::receiver::Receiver;
use crate::seen::{OnLine, Seen};

/// Settings of a [`Receiver`]; [`Receiver::builder`] begins one.
///
/// ```
/// use wf_receiver::{Limits, Receiver};
///
/// let receiver = Receiver::builder()
///     .clock_millis(1_700_000_000_000)
///     .remote_host("web-1")
///     .limits(Limits::TENANT)
///     .start()?;
/// # drop(receiver);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Builder {
    pub(crate) port: u16,
    pub(crate) clock_millis: Option<i64>,
    pub(crate) time_window: bool,
    pub(crate) remote_host: Option<String>,
    pub(crate) limits: Limits,
    pub(crate) distributions_port: Option<u16>,
    pub(crate) traces_port: Option<u16>,
    pub(crate) tls: bool,
    pub(crate) token: Option<String>,
    pub(crate) keep_lines: usize,
    pub(crate) keep_ids: usize,
    pub(crate) on_line: Option<OnLine>,
}

impl Builder {
    pub(crate) const fn new() -> Self {
        Self {
            port: 0,
            clock_millis: None,
            time_window: true,
            remote_host: None,
            limits: Limits::PROXY,
            distributions_port: None,
            traces_port: None,
            tls: false,
            token: None,
            keep_lines: DEFAULT_KEEP_LINES,
            keep_ids: DEFAULT_KEEP_IDS,
            on_line: None,
        }
    }

    /// Listens at this port of 127.0.0.1; default 0, a free one.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Pins the clock, in milliseconds since 1970; default is the system's clock at each request.
    ///
    /// The clock decides the time window and the time of lines that have none.
    pub const fn clock_millis(mut self, now: i64) -> Self {
        self.clock_millis = Some(now);
        self
    }

    /// Rejects metrics and distributions whose timestamp is too far from the clock, as a proxy does; default true.
    pub const fn time_window(mut self, on: bool) -> Self {
        self.time_window = on;
        self
    }

    /// Names the source of lines that have none; default the client's address, as a proxy without reverse lookup has it.
    pub fn remote_host(mut self, name: impl Into<String>) -> Self {
        self.remote_host = Some(name.into());
        self
    }

    /// Judges lines by these limits; default [`Limits::PROXY`].
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Listens at another port that behaves like a proxy's port for distributions (40000); 0 is a free one. Default: none.
    ///
    /// There every line is a distribution, whatever `f` says, and counted at once with the rest: what a proxy does there
    /// besides, merging for a minute or so before it sends on, is no business of a receiver that sends nothing on.
    pub const fn distributions_port(mut self, port: u16) -> Self {
        self.distributions_port = Some(port);
        self
    }

    /// Listens at another port that behaves like a proxy's trace port (30000); 0 is a free one. Default: none.
    ///
    /// There every line is a span, or span logs if it is a JSON object or the request says so; `f` is ignored otherwise.
    /// Lines without a source get `unknown`. Only there do spans come over raw TCP. What comes is counted with the rest.
    pub const fn traces_port(mut self, port: u16) -> Self {
        self.traces_port = Some(port);
        self
    }

    /// Speaks TLS on every port, with a certificate for `localhost` and the loopback addresses that
    /// [`Receiver::ca_pem`] vouches for; default false.
    ///
    /// Authority and keys are made at the start and exist only in this process.
    pub const fn tls(mut self, on: bool) -> Self {
        self.tls = on;
        self
    }

    /// Wants this token with every request, as the service does, and a proxy with `authMethod`. Default: none.
    ///
    /// It is looked for as a proxy looks for it: the first of the parameters `t`, `token` and `api_key`, then `X-AUTH-TOKEN`,
    /// then `Authorization`, with or without `Bearer `; the first one found must be right. A request without it is answered
    /// 401 and takes no answer from a script. Raw TCP cannot show a token: it is read and thrown away to its end. What came
    /// so is in [`Counts::unauthorized`](crate::Counts::unauthorized), its lines in
    /// [`Counts::unread`](crate::Counts::unread). The token is never shown by `Debug`.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Keeps the text of this many lines, the latest, of the accepted and as many of the rejected; default 1,000.
    ///
    /// A line may have up to 16 MiB, usually it has a hundred bytes.
    pub const fn keep_lines(mut self, lines: usize) -> Self {
        self.keep_lines = lines;
        self
    }

    /// Counts this many different ids per kind by name; default 4,000,000, at about 100 bytes each.
    ///
    /// Lines with further ids are counted as if they had none, and in
    /// [`Counts::without_id`](crate::Counts::without_id).
    pub const fn keep_ids(mut self, ids: usize) -> Self {
        self.keep_ids = ids;
        self
    }

    /// Shows every line that is processed to `show`, in the order of processing and before its request is answered.
    /// Default: nobody.
    ///
    /// It runs on the receiver's thread: while it works, nothing is counted or answered, and the receiver's methods wait.
    /// Calling them from inside would wait for ever; a panic in it ends the connection.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use wf_receiver::{Receiver, Verdict};
    ///
    /// let (lines, accepted) = mpsc::channel();
    /// let receiver = Receiver::builder()
    ///     .keep_lines(0)
    ///     .on_line(move |seen| {
    ///         if seen.verdict() == Verdict::Accept {
    ///             let _ = lines.send(seen.text().to_owned());
    ///         }
    ///     })
    ///     .start()?;
    /// # drop(receiver);
    /// # assert!(accepted.recv().is_err());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on_line(mut self, show: impl FnMut(&Seen<'_>) + Send + 'static) -> Self {
        self.on_line = Some(Arc::new(Mutex::new(show)));
        self
    }

    /// Opens the ports and starts the receiver's thread.
    ///
    /// # Errors
    ///
    /// Any of opening a port (`AddrInUse`, `PermissionDenied`), making keys or starting the thread.
    pub fn start(self) -> io::Result<Receiver> {
        Receiver::with(self)
    }
}

// The token stays out.
impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("port", &self.port)
            .field("distributions_port", &self.distributions_port)
            .field("traces_port", &self.traces_port)
            .field("tls", &self.tls)
            .field("token", &self.token.as_ref().map(|_| "***"))
            .finish_non_exhaustive()
    }
}

const DEFAULT_KEEP_LINES: usize = 1000;
const DEFAULT_KEEP_IDS: usize = 4_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_defaults() {
        let builder = Builder::new();
        assert_eq!((builder.port, builder.clock_millis, builder.time_window), (0, None, true));
        assert_eq!((builder.remote_host, builder.limits), (None, Limits::PROXY));
        assert_eq!((builder.distributions_port, builder.traces_port), (None, None));
        assert_eq!((builder.tls, builder.token), (false, None));
        assert_eq!((builder.keep_lines, builder.keep_ids), (1000, 4_000_000));
        assert!(builder.on_line.is_none());
    }
}
