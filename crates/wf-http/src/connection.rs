use std::{io, pin::pin, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::Full;
use hyper::{
    body::{Body, Incoming},
    client::conn::http1::{self, SendRequest},
    service::Service,
};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo, service::TowerToHyperService};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};
use tokio_rustls::TlsConnector;
use wf_transport::Cause;

use crate::{
    Timeouts,
    meter::{Meter, Metered},
};

/// Opens connections to one host.
///
/// DNS, TCP (every address, IPv6 and IPv4 in parallel) and TLS are three calls here, where hyper-rustls' connector
/// makes one of them, because TCP and TLS have time limits and causes of their own.
pub(crate) struct Connector {
    tcp: TowerToHyperService<HttpConnector>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeouts: Timeouts,
}

impl Connector {
    pub(crate) fn new(tls: Option<(Arc<ClientConfig>, ServerName<'static>)>, timeouts: &Timeouts) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        // Shared among the addresses, so that a dead one leaves time for the next.
        tcp.set_connect_timeout(Some(timeouts.connect));
        #[cfg(target_os = "linux")]
        tcp.set_tcp_user_timeout(Some(timeouts.write));
        Self {
            tcp: TowerToHyperService::new(tcp),
            tls: tls.map(|(config, name)| (TlsConnector::from(config), name)),
            timeouts: *timeouts,
        }
    }

    pub(crate) const fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Opens a connection to the authority of `address`. Nothing of a request leaves.
    pub(crate) async fn open(&self, address: &Uri) -> Result<Connection, Cause> {
        let tcp = match timeout(self.timeouts.connect, self.tcp.call(address.clone())).await {
            Ok(Ok(stream)) => stream.into_inner(),
            // The error's type is private, its text is not: a test holds it.
            Ok(Err(error)) if error.to_string() == "dns error" => return Err(Cause::Resolve),
            Ok(Err(_)) | Err(_) => return Err(Cause::Connect),
        };
        let Some((connector, name)) = &self.tls else {
            return Connection::over(tcp).await;
        };
        match timeout(self.timeouts.tls, connector.connect(name.clone(), tcp)).await {
            Ok(Ok(stream)) => Connection::over(stream).await,
            Ok(Err(_)) | Err(_) => Err(Cause::Tls),
        }
    }
}

/// An open connection, of which this is the only owner: dropping it closes the socket.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    meter: Arc<Meter>,
    task: JoinHandle<()>,
    used: Instant,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    Unsent(Cause),
    Unknown(Cause),
}

impl Connection {
    async fn over<T>(stream: T) -> Result<Self, Cause>
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let meter = Arc::new(Meter::new());
        let io = TokioIo::new(Metered::new(stream, Arc::clone(&meter)));
        let (sender, connection) =
            http1::Builder::new().max_buf_size(MAX_HEAD).handshake(io).await.map_err(|_| Cause::Other)?;
        // What ends the connection also ends the request on it, so it is seen there.
        let task = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self { sender, meter, task, used: Instant::now() })
    }

    /// Waits until a request can be sent; tells whether one can.
    pub(crate) async fn ready(&mut self, timeouts: &Timeouts) -> bool {
        if self.used.elapsed() > timeouts.idle {
            return false;
        }
        // Lets the runtime look at its sockets, so that a close or a stray byte that has arrived is seen before a
        // request is risked.
        tokio::task::yield_now().await;
        matches!(timeout(timeouts.write, self.sender.ready()).await, Ok(Ok(())))
    }

    /// Sends `request` and waits for the head of the answer, until `deadline` at most.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
        timeouts: &Timeouts,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let body = request.body().size_hint().exact().unwrap_or_default() as usize;
        self.meter.restart();
        let answer = self.answer(request, body, timeouts, deadline).await;
        let written = self.meter.written();
        match answer {
            // Proof: the stream took no byte, whatever hyper says or a stray answer looks like.
            _ if written == 0 => Err(Failure::Unsent(match answer {
                Err(Failure::Unsent(cause)) => cause,
                Err(Failure::Unknown(Cause::Deadline)) => Cause::Deadline,
                _ => Cause::Closed,
            })),
            Ok(response) => {
                let complete = written >= body;
                let status = response.status();
                // A success before the end of the request cannot be about it: an answer too many to the one before.
                // And 101 speaks another protocol from here on.
                if status.is_informational() || (status.is_success() && !complete) {
                    return Err(Failure::Unknown(Cause::Protocol));
                }
                Ok(Answer { response, complete })
            }
            Err(failure) => Err(failure),
        }
    }

    async fn answer(
        &mut self,
        request: Request<Full<Bytes>>,
        body: usize,
        timeouts: &Timeouts,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Failure> {
        let mut answer = pin!(self.sender.try_send_request(request));
        loop {
            let limit = self.meter.limit(body, timeouts).map_or(deadline, |limit| limit.min(deadline));
            match timeout_at(limit, &mut answer).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(mut error)) => {
                    return Err(match error.take_message() {
                        Some(_) => Failure::Unsent(Cause::Closed),
                        None => Failure::Unknown(cause(error.error())),
                    });
                }
                // Bytes have moved since, so the limit has.
                Err(_)
                    if limit < deadline
                        && self.meter.limit(body, timeouts).is_none_or(|later| later > limit) => {}
                Err(_) => return Err(Failure::Unknown(Cause::Deadline)),
            }
        }
    }

    /// Marks the start of idleness.
    pub(crate) fn rest(&mut self) {
        self.used = Instant::now();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The head of an answer.
pub(crate) struct Answer {
    pub(crate) response: Response<Incoming>,
    /// Whether the whole request had left.
    pub(crate) complete: bool,
}

fn cause(error: &hyper::Error) -> Cause {
    if error.is_parse() {
        return Cause::Protocol;
    }
    if error.is_incomplete_message() {
        return Cause::Closed;
    }
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::BrokenPipe
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset => Cause::Reset,
                io::ErrorKind::InvalidData => Cause::Protocol,
                io::ErrorKind::TimedOut => Cause::Deadline,
                io::ErrorKind::UnexpectedEof => Cause::Closed,
                _ => Cause::Other,
            };
        }
        source = error.source();
    }
    Cause::Other
}

// As much as is read of an answer's body, and far more than a sane head.
const MAX_HEAD: usize = 64 << 10;
