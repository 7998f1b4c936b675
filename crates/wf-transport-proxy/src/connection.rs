use std::{
    io::{self, Read},
    net::SocketAddr,
    time::Duration,
};

use socket2::{SockRef, TcpKeepalive};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    net::{TcpStream, lookup_host},
    time::{Instant, timeout},
};
use wf_transport::{Batch, Cause};

use crate::StreamTimeouts;

/// An open stream that stands at the start of a line, of which this is the only owner: dropping it closes the socket.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// Whether no byte was written yet.
    fresh: bool,
    rested: Instant,
}

impl Connection {
    /// Resolves `host` anew and connects to the first of its addresses that answers.
    pub(crate) async fn open(host: &str, port: u16, timeouts: &StreamTimeouts) -> Result<Self, Cause> {
        let start = Instant::now();
        let addresses: Vec<SocketAddr> = match timeout(timeouts.connect, lookup_host((host, port))).await {
            Ok(Ok(addresses)) => addresses.collect(),
            Ok(Err(_)) | Err(_) => return Err(Cause::Resolve),
        };
        let left = timeouts.connect.saturating_sub(start.elapsed());
        let stream = connect(&addresses, left).await.ok_or(Cause::Connect)?;
        configure(&stream, timeouts);
        Ok(Self { stream, fresh: true, rested: Instant::now() })
    }

    /// Returns how long ago the last batch was written.
    pub(crate) fn idle(&self) -> Duration {
        self.rested.elapsed()
    }

    /// Looks, without waiting, whether anything came from the proxy: its end, an error, or bytes, of which a proxy that
    /// reads lines writes none ([`Cause::Protocol`]).
    pub(crate) fn look(&self) -> Result<(), Cause> {
        // Taken out of the buffer and thrown away, because closing a socket with unread bytes resets it, which may cost
        // lines on their way. One read, so that no peer can keep us here.
        let mut junk = [0; 1024];
        // Asks the kernel itself: the runtime need not have heard of a close that has arrived.
        match (&*SockRef::from(&self.stream)).read(&mut junk) {
            Ok(0) => Err(Cause::Closed),
            Ok(_) => Err(Cause::Protocol),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(cause(&error)),
        }
    }

    /// Writes all of `batch`, and counts in `sent` how many bytes of it the kernel has taken.
    ///
    /// After an error, or when the future was dropped, the stream may stand within a line: drop the connection.
    pub(crate) async fn write(
        &mut self,
        batch: &Batch,
        limit: Duration,
        sent: &mut usize,
    ) -> Result<(), Cause> {
        let bytes = batch.bytes();
        if self.fresh && !is_line_protocol(bytes) {
            write_all(&mut self.stream, b"\n", limit, &mut 0).await?;
        }
        self.fresh = false;
        batch.written();
        write_all(&mut self.stream, bytes, limit, sent).await?;
        // Writing to a connection that the peer has ended works once, so success alone proves nothing.
        self.look()?;
        self.rested = Instant::now();
        Ok(())
    }
}

/// Tells whether a proxy that sees these bytes first reads lines, whatever follows.
///
/// By the first two bytes of a connection it tells HTTP (`GE`, `PO`, `CO`, …) and gzip from lines, so a metric called
/// `COUNT` would be taken for HTTP. A blank line first, which it ignores, makes any line safe.
fn is_line_protocol(bytes: &[u8]) -> bool {
    matches!(bytes.first(), Some(b'"' | b'!' | b'@' | b'{'))
}

/// Connects to the first address that answers, the time shared so that a dead one leaves some for the next.
async fn connect(addresses: &[SocketAddr], limit: Duration) -> Option<TcpStream> {
    let start = Instant::now();
    for (tried, address) in addresses.iter().enumerate() {
        let share = limit.saturating_sub(start.elapsed()) / (addresses.len() - tried) as u32;
        if let Ok(Ok(stream)) = timeout(share, TcpStream::connect(address)).await {
            return Some(stream);
        }
    }
    None
}

/// Sets what keeps the kernel from holding much and from waiting long.
///
/// What a kernel refuses here costs precision, not correctness.
fn configure(stream: &TcpStream, timeouts: &StreamTimeouts) {
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_nodelay(true);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_IDLE);
    #[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
    let keepalive = keepalive.with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_RETRIES);
    let _ = socket.set_tcp_keepalive(&keepalive);
    #[cfg(target_os = "linux")]
    {
        let _ = socket.set_tcp_user_timeout(Some(timeouts.write));
        let _ = socket.set_tcp_notsent_lowat(NOT_SENT);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = timeouts;
}

async fn write_all(
    stream: &mut (impl AsyncWrite + Unpin),
    bytes: &[u8],
    limit: Duration,
    sent: &mut usize,
) -> Result<(), Cause> {
    while *sent < bytes.len() {
        match timeout(limit, stream.write(&bytes[*sent..])).await {
            Ok(Ok(0)) => return Err(Cause::Closed),
            Ok(Ok(taken)) => *sent += taken,
            Ok(Err(error)) => return Err(cause(&error)),
            Err(_) => return Err(Cause::Deadline),
        }
    }
    Ok(())
}

fn cause(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::BrokenPipe | io::ErrorKind::NotConnected => Cause::Closed,
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset => Cause::Reset,
        io::ErrorKind::TimedOut => Cause::Deadline,
        _ => Cause::Other,
    }
}

const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
#[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
const KEEPALIVE_RETRIES: u32 = 3;
// What is in the kernel is lost with the connection, so little should be: with this, a peer on loopback that never reads
// has 154 kB written to it before the first write that waits, without it 4.0 MB.
#[cfg(target_os = "linux")]
const NOT_SENT: u32 = 16 << 10;

#[cfg(test)]
mod tests {
    use std::{io, net::SocketAddr, time::Duration};

    use tokio::{
        io::{AsyncReadExt, duplex},
        net::{TcpListener, TcpSocket, TcpStream},
        time::Instant,
    };
    use wf_transport::Cause;

    use super::{cause, connect, write_all};

    #[tokio::test]
    async fn one_byte_at_a_time_is_written_whole() {
        let (mut near, mut far) = duplex(1);
        let text = b"\"a\" 1\n\"b\" 2\n";
        let mut sent = 0;
        let mut seen = vec![0; text.len()];
        let (wrote, came) = tokio::join!(
            write_all(&mut near, text, Duration::from_secs(20), &mut sent),
            far.read_exact(&mut seen),
        );
        assert_eq!((wrote, came.unwrap(), &*seen), (Ok(()), text.len(), &text[..]));
        assert_eq!(sent, text.len());
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_for_a_write_begins_anew_with_each_byte() {
        const LIMIT: Duration = Duration::from_secs(10);
        let (mut near, mut far) = duplex(1);
        let mut sent = 0;
        let start = Instant::now();
        let reader = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(9)).await;
                far.read_u8().await.unwrap();
            }
        };
        let (wrote, ()) = tokio::join!(write_all(&mut near, &[b'x'; 100], LIMIT, &mut sent), reader);
        assert_eq!((wrote, sent), (Err(Cause::Deadline), 6));
        assert_eq!(start.elapsed().as_secs(), 5 * 9 + 10);
    }

    #[tokio::test]
    async fn what_was_taken_before_an_end_is_counted() {
        let (mut near, far) = duplex(3);
        let mut sent = 0;
        let wrote =
            tokio::join!(write_all(&mut near, b"abcdef", Duration::from_secs(20), &mut sent), async move {
                tokio::task::yield_now().await;
                drop(far);
            },);
        assert_eq!((wrote.0, sent), (Err(Cause::Closed), 3));
    }

    #[tokio::test]
    async fn every_address_is_tried_and_a_dead_one_leaves_time_for_the_next() {
        let refusing = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let silent = Silent::new().await;
        let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [refusing, silent.address, open.local_addr().unwrap()];
        let limit = Duration::from_secs(2);
        let start = Instant::now();
        let stream = connect(&addresses, limit).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addresses[2]);
        assert!(start.elapsed() < limit);

        assert!(connect(&addresses[..2], Duration::from_millis(200)).await.is_none());
        assert!(connect(&[], Duration::from_millis(200)).await.is_none());
    }

    /// A listener whose queue is full: further connections are not answered.
    struct Silent {
        address: SocketAddr,
        _listener: TcpListener,
        _queue: Vec<TcpStream>,
    }

    impl Silent {
        async fn new() -> Self {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
            let listener = socket.listen(1).unwrap();
            let address = listener.local_addr().unwrap();
            let mut queue = Vec::new();
            let wait = Duration::from_millis(300);
            while let Ok(Ok(stream)) = tokio::time::timeout(wait, TcpStream::connect(address)).await {
                queue.push(stream);
            }
            Self { address, _listener: listener, _queue: queue }
        }
    }

    #[test]
    fn errors_are_told_apart() {
        #[track_caller]
        fn check(kind: io::ErrorKind, expected: Cause) {
            assert_eq!(cause(&kind.into()), expected);
        }
        check(io::ErrorKind::BrokenPipe, Cause::Closed);
        check(io::ErrorKind::ConnectionAborted, Cause::Reset);
        check(io::ErrorKind::ConnectionReset, Cause::Reset);
        check(io::ErrorKind::HostUnreachable, Cause::Other);
        check(io::ErrorKind::NotConnected, Cause::Closed);
        check(io::ErrorKind::TimedOut, Cause::Deadline);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn documented_socket_options() {
        use socket2::SockRef;

        use crate::StreamTimeouts;

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connection = super::Connection::open("127.0.0.1", port, &StreamTimeouts::DEFAULT).await.unwrap();
        let socket = SockRef::from(&connection.stream);
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(30));
        assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(10));
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(10)));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), 16 << 10);
    }
}
