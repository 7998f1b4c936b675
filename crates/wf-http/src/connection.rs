use std::{io, pin::pin, sync::Arc, time::Duration};

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
    timeouts::later,
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
        // What the kernel refuses here costs precision, not correctness.
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&tcp).set_tcp_notsent_lowat(NOT_SENT);
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
        // A close or a stray byte that has arrived should be seen before a request is risked: the first turn lets the
        // runtime look at its sockets, the second lets this connection's task act on what it saw.
        for _ in 0..2 {
            tokio::task::yield_now().await;
        }
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
        let complete = self.meter.written() > body;
        if answer.is_ok() && complete {
            return answer.map(|response| Answer { response, complete });
        }
        // It is over for this connection. If the stream took no byte that proves more than hyper knows, and an answer
        // to no byte is not an answer.
        if self.meter.seal() == 0 {
            return Err(Failure::Unsent(match answer {
                Err(Failure::Unknown(Cause::Deadline)) => Cause::Deadline,
                _ => Cause::Closed,
            }));
        }
        match answer? {
            // A success before the end of the request cannot be about it: it is one too many for the request before.
            response if response.status().is_success() => Err(Failure::Unknown(Cause::Protocol)),
            response => Ok(Answer { response, complete }),
        }
    }

    async fn answer(
        &mut self,
        request: Request<Full<Bytes>>,
        body: usize,
        timeouts: &Timeouts,
        deadline: Instant,
    ) -> Result<Response<Incoming>, Failure> {
        // With the last byte of the request the limit may come nearer, so it is looked at this often.
        let look = timeouts.write.min(timeouts.answer).max(Duration::from_millis(1));
        let mut answer = pin!(self.sender.try_send_request(request));
        loop {
            let limit = self.meter.limit(body, timeouts).map_or(deadline, |limit| limit.min(deadline));
            let now = Instant::now();
            if now >= limit {
                return Err(Failure::Unknown(Cause::Deadline));
            }
            match timeout_at(limit.min(later(now, look)), &mut answer).await {
                // It speaks another protocol from here on.
                Ok(Ok(response)) if response.status().is_informational() => {
                    return Err(Failure::Unknown(Cause::Protocol));
                }
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(mut error)) => {
                    return Err(match error.take_message() {
                        Some(_) => Failure::Unsent(Cause::Closed),
                        None => Failure::Unknown(cause(error.error())),
                    });
                }
                Err(_) => {}
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

// By default the kernel takes megabytes and then reports room only once a third of them has left, so a slow link looks
// like a stalled one for seconds. With at most this much not yet sent it takes a little at a time.
#[cfg(target_os = "linux")]
const NOT_SENT: u32 = 128 << 10;

// As much as is read of an answer's body, and far more than a sane head.
const MAX_HEAD: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

    async fn pair() -> (Connection, DuplexStream) {
        let (near, far) = duplex(16 << 10);
        (Connection::over(near).await.unwrap(), far)
    }

    async fn send(connection: &mut Connection, body: usize) -> Result<u16, Failure> {
        let request = Request::post("/").body(Full::new(Bytes::from(vec![b'x'; body]))).unwrap();
        let deadline = later(Instant::now(), Timeouts::DEFAULT.attempt);
        let answer = connection.send(request, &Timeouts::DEFAULT, deadline).await?;
        Ok(answer.response.status().as_u16())
    }

    async fn read_to_silence(far: &mut DuplexStream) -> String {
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_connection_closed_before_the_send_hands_the_request_back() {
        let (mut connection, far) = pair().await;
        drop(far);
        assert_eq!(send(&mut connection, 3).await, Err(Failure::Unsent(Cause::Closed)));
        assert!(!connection.ready(&Timeouts::DEFAULT).await);
    }

    #[tokio::test]
    async fn an_answer_before_the_request_hands_it_back() {
        let (mut connection, mut far) = pair().await;
        far.write_all(ANSWER).await.unwrap();
        assert_eq!(send(&mut connection, 3).await, Err(Failure::Unsent(Cause::Closed)));
        drop(connection);
        assert_eq!(read_to_silence(&mut far).await, "", "not one byte left");
    }

    #[tokio::test]
    async fn a_close_or_a_stray_byte_on_an_idle_connection_is_seen_before_a_request_is_risked() {
        let (mut connection, mut far) = pair().await;
        assert!(connection.ready(&Timeouts::DEFAULT).await);
        far.write_all(b"?").await.unwrap();
        assert!(!connection.ready(&Timeouts::DEFAULT).await);

        let (mut connection, far) = pair().await;
        assert!(connection.ready(&Timeouts::DEFAULT).await);
        drop(far);
        assert!(!connection.ready(&Timeouts::DEFAULT).await);
    }

    #[tokio::test]
    async fn a_second_answer_to_one_request_is_not_taken_for_the_next() {
        let (mut connection, mut far) = pair().await;
        let twice = [ANSWER, ANSWER].concat();
        let (status, ()) = tokio::join!(send(&mut connection, 3), async {
            let mut start = [0; 4];
            far.read_exact(&mut start).await.unwrap();
            far.write_all(&twice).await.unwrap();
        });
        assert_eq!(status, Ok(200));
        assert!(!connection.ready(&Timeouts::DEFAULT).await);
    }

    #[tokio::test]
    async fn a_success_before_the_request_was_complete_is_no_acknowledgement() {
        for (status, expected) in [
            ("200", Err(Failure::Unknown(Cause::Protocol))),
            ("204", Err(Failure::Unknown(Cause::Protocol))),
            ("413", Ok(413)),
            ("302", Ok(302)),
        ] {
            let (mut connection, mut far) = pair().await;
            let (outcome, ()) = tokio::join!(send(&mut connection, 1 << 20), async {
                let mut start = [0; 4];
                far.read_exact(&mut start).await.unwrap();
                let answer = format!("HTTP/1.1 {status} Early\r\ncontent-length: 0\r\n\r\n");
                far.write_all(answer.as_bytes()).await.unwrap();
            });
            assert_eq!(outcome, expected, "{status}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_waits_behind_a_failed_write_is_read() {
        // The far end of its writing half is gone, and the answer lies there to be read.
        let (near, far) = duplex(16 << 10);
        let (reader, far_writer) = duplex(16 << 10);
        let stream = tokio::io::join(reader, near);
        let mut connection = Connection::over(stream).await.unwrap();
        let (mut far, mut far_writer) = (far, far_writer);
        let (outcome, ()) = tokio::join!(send(&mut connection, 1 << 20), async {
            let mut start = [0; 4];
            far.read_exact(&mut start).await.unwrap();
            drop(far);
            tokio::task::yield_now().await;
            far_writer.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").await.unwrap();
        });
        assert_eq!(outcome, Ok(413));
    }

    #[tokio::test]
    async fn a_write_that_failed_without_an_answer_is_reported_as_such() {
        let (near, mut far) = duplex(16 << 10);
        let (reader, far_writer) = duplex(16 << 10);
        let mut connection = Connection::over(tokio::io::join(reader, near)).await.unwrap();
        let (outcome, ()) = tokio::join!(send(&mut connection, 1 << 20), async {
            let mut start = [0; 4];
            far.read_exact(&mut start).await.unwrap();
            drop(far);
            tokio::task::yield_now().await;
            drop(far_writer);
        });
        assert_eq!(outcome, Err(Failure::Unknown(Cause::Reset)));
    }

    #[tokio::test]
    async fn a_stream_that_takes_no_byte_is_unsent() {
        let (near, far) = duplex(16 << 10);
        let (reader, far_writer) = duplex(16 << 10);
        let mut connection = Connection::over(tokio::io::join(reader, near)).await.unwrap();
        drop(far);
        // hyper has begun and hands nothing back; only the stream knows.
        let (outcome, ()) = tokio::join!(send(&mut connection, 3), async {
            tokio::task::yield_now().await;
            drop(far_writer);
        });
        assert_eq!(outcome, Err(Failure::Unsent(Cause::Closed)));
    }

    #[tokio::test]
    async fn a_dropped_connection_closes_its_stream_and_ends_its_task() {
        let (connection, mut far) = pair().await;
        drop(connection);
        assert_eq!(read_to_silence(&mut far).await, "");
        tokio::task::yield_now().await;
        assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_told_from_a_host_that_does_not_answer() {
        let connector = Connector::new(None, &Timeouts::DEFAULT);
        // A label of 64 letters is refused by the resolver itself, so no packet leaves.
        let address = Uri::try_from(format!("http://{}:80/", "a".repeat(64))).unwrap();
        assert_eq!(connector.open(&address).await.err(), Some(Cause::Resolve));

        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let address = Uri::try_from(format!("http://{free}/")).unwrap();
        assert_eq!(connector.open(&address).await.err(), Some(Cause::Connect));
    }
}
