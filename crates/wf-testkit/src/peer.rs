//! A TCP peer on loopback that follows scripts.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::request::Request;
use crate::script::{Script, Step};
use crate::server::Server;

/// A TCP server on 127.0.0.1 that follows a script per connection and remembers everything it read.
///
/// The first connection follows the first script and so on; later ones repeat the last. It runs on a thread of its
/// own and stops, closing every socket, when it is dropped.
#[derive(Debug)]
pub struct Peer {
    addr: SocketAddr,
    shared: Arc<Shared>,
    _server: Server,
}

impl Peer {
    /// Starts a peer on a free port.
    ///
    /// # Panics
    ///
    /// Panics if `scripts` is empty or the port cannot be opened.
    #[must_use]
    pub fn start(scripts: impl IntoIterator<Item = Script>) -> Self {
        Self::builder().scripts(scripts).start()
    }

    /// Begins a peer with settings.
    #[must_use]
    pub const fn builder() -> PeerBuilder {
        PeerBuilder { scripts: Vec::new(), port: 0, receive_buffer: None, tls: None }
    }

    /// The address it listens at.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The port it listens at.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.addr.port()
    }

    /// Makes connections that come from now on follow `script`, instead of what they would have followed.
    pub fn follow(&self, script: Script) {
        let mut state = self.shared.lock();
        let done = state.connections.len();
        state.scripts.truncate(done);
        // Connection n takes script min(n, last), so the gaps are filled with what was last.
        while state.scripts.len() < done {
            let last = state.scripts.last().cloned().unwrap_or_default();
            state.scripts.push(last);
        }
        state.scripts.push(script);
    }

    /// How many connections came so far.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.shared.lock().connections.len()
    }

    /// What the `n`-th connection (from 0) has done so far.
    ///
    /// # Panics
    ///
    /// Panics if there was no such connection.
    #[must_use]
    pub fn connection(&self, n: usize) -> Connection {
        self.shared.lock().connections[n].clone()
    }

    /// What every connection has done so far, in the order they came.
    #[must_use]
    pub fn connections(&self) -> Vec<Connection> {
        self.shared.lock().connections.clone()
    }

    /// Every request read so far, by connection.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().connections.iter().flat_map(|it| it.requests.iter().cloned()).collect()
    }

    /// Waits until `done` holds of the connections; says whether it did within `timeout`.
    #[must_use]
    pub fn wait_until(&self, timeout: Duration, mut done: impl FnMut(&[Connection]) -> bool) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.shared.lock();
        loop {
            if done(&state.connections) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self.shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Settings of a [`Peer`].
#[derive(Clone, Debug)]
pub struct PeerBuilder {
    scripts: Vec<Script>,
    port: u16,
    receive_buffer: Option<u32>,
    tls: Option<Arc<ServerConfig>>,
}

impl PeerBuilder {
    /// Adds scripts.
    #[must_use]
    pub fn scripts(mut self, scripts: impl IntoIterator<Item = Script>) -> Self {
        self.scripts.extend(scripts);
        self
    }

    /// Listens at this port; default 0, a free one. It may be one that an earlier peer left a moment ago.
    #[must_use]
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Asks the kernel for a receive buffer of this many bytes; default is the kernel's choice.
    #[must_use]
    pub const fn receive_buffer(mut self, bytes: u32) -> Self {
        self.receive_buffer = Some(bytes);
        self
    }

    /// Speaks TLS: the script begins after the handshake, and bytes are those inside.
    ///
    /// [`Step::Fin`] says goodbye (`close_notify`) first; a script that just ends closes without one. A handshake that
    /// fails ends its connection with [`End::Failed`].
    #[must_use]
    pub fn tls(mut self, config: ServerConfig) -> Self {
        self.tls = Some(Arc::new(config));
        self
    }

    /// Starts the peer.
    ///
    /// # Panics
    ///
    /// Panics if there is no script or the port cannot be opened.
    #[must_use]
    pub fn start(self) -> Peer {
        assert!(!self.scripts.is_empty(), "a peer needs a script");
        let shared = Arc::new(Shared {
            state: Mutex::new(State { scripts: self.scripts, connections: Vec::new() }),
            changed: Condvar::new(),
        });
        let served = Arc::clone(&shared);
        let (server, addr) = Server::start("wf-peer", move |ready| async move {
            let listener = listen(self.port, self.receive_buffer).expect("listen");
            let _ = ready.send(listener.local_addr().expect("address"));
            loop {
                // An accept fails for want of file descriptors; the next one may not.
                let Ok((stream, _)) = listener.accept().await else { continue };
                let (number, script) = served.admit();
                tokio::spawn(serve(stream, self.tls.clone(), number, script, Arc::clone(&served)));
            }
        });
        Peer { addr, shared, _server: server }
    }
}

/// What one connection did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connection {
    /// When it was accepted.
    pub at: Instant,
    /// Every byte read, in order.
    pub read: Vec<u8>,
    /// The requests that [`Step::ReadRequest`] took out of them.
    pub requests: Vec<Request>,
    /// How it ended, if it did.
    pub end: Option<End>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// The script was carried out.
    Script,
    /// The other side ended (FIN) while a step wanted more.
    Closed,
    /// The socket failed, as after a reset by the other side.
    Failed(io::ErrorKind),
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    scripts: Vec<Script>,
    connections: Vec<Connection>,
}

impl Shared {
    fn admit(&self) -> (usize, Script) {
        let mut state = self.lock();
        let number = state.connections.len();
        let script = state.scripts[number.min(state.scripts.len() - 1)].clone();
        state.connections.push(Connection {
            at: Instant::now(),
            read: Vec::new(),
            requests: Vec::new(),
            end: None,
        });
        self.changed.notify_all();
        (number, script)
    }

    fn change(&self, number: usize, change: impl FnOnce(&mut Connection)) {
        change(&mut self.lock().connections[number]);
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(port: u16, receive_buffer: Option<u32>) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Without it a port with a connection in TIME_WAIT cannot be opened again.
    socket.set_reuseaddr(true)?;
    if let Some(bytes) = receive_buffer {
        // Accepted sockets inherit it only if it is set before listening.
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    socket.listen(1024)
}

async fn serve(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    number: usize,
    script: Script,
    shared: Arc<Shared>,
) {
    let _ = stream.set_nodelay(true);
    // The socket closes before the end shows, so a test that saw the end meets a closed socket.
    let end = match tls {
        None => play(stream, number, &script, &shared).await,
        Some(config) => match TlsAcceptor::from(config).accept(stream).await {
            Ok(stream) => play(stream, number, &script, &shared).await,
            Err(error) => End::Failed(error.kind()),
        },
    };
    shared.change(number, |it| it.end = Some(end));
}

async fn play<S: Socket>(stream: S, number: usize, script: &Script, shared: &Shared) -> End {
    let mut play = Play { stream, unread: Vec::new(), number, shared };
    match play.all(script.steps()).await {
        Ok(()) => End::Script,
        Err(Stop::Reset) => {
            let _ = play.stream.tcp().set_zero_linger();
            End::Script
        }
        Err(Stop::Ended(end)) => end,
    }
}

/// A stream over TCP.
trait Socket: AsyncRead + AsyncWrite + Unpin + Send {
    fn tcp(&self) -> &TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// One connection while its script runs.
struct Play<'a, S> {
    stream: S,
    /// Read from the socket, not yet taken by a step.
    unread: Vec<u8>,
    number: usize,
    shared: &'a Shared,
}

/// Why a script stops early.
enum Stop {
    Reset,
    Ended(End),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Ended(End::Failed(error.kind()))
    }
}

impl<S: Socket> Play<'_, S> {
    fn all<'b>(
        &'b mut self,
        steps: &'b [Step],
    ) -> Pin<Box<dyn Future<Output = Result<(), Stop>> + Send + 'b>> {
        Box::pin(async move {
            for step in steps {
                self.one(step).await?;
            }
            Ok(())
        })
    }

    async fn one(&mut self, step: &Step) -> Result<(), Stop> {
        match step {
            Step::ReadBytes(n) => {
                while self.unread.len() < *n {
                    self.fill().await?;
                }
                self.unread.drain(..*n);
            }
            Step::ReadRequest => loop {
                if let Some((request, used)) = Request::take(&self.unread) {
                    self.unread.drain(..used);
                    self.shared.change(self.number, |it| it.requests.push(request));
                    break;
                }
                self.fill().await?;
            },
            Step::ReadAll => loop {
                self.unread.clear();
                match self.fill().await {
                    Ok(()) => {}
                    Err(Stop::Ended(End::Closed)) => break,
                    Err(stop) => return Err(stop),
                }
            },
            Step::Write(bytes) => {
                self.stream.write_all(bytes).await?;
                self.stream.flush().await?;
            }
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(*pause).await;
                    self.stream.write_all(&[*byte]).await?;
                    self.stream.flush().await?;
                }
            }
            Step::Sleep(time) => tokio::time::sleep(*time).await,
            Step::Gate(gate) => gate.wait().await,
            Step::Fin => self.stream.shutdown().await?,
            Step::Rst => return Err(Stop::Reset),
            Step::Hold => std::future::pending().await,
            Step::Repeat(steps) => loop {
                self.all(steps).await?;
                // Steps that never wait would keep the peer's only thread.
                tokio::task::yield_now().await;
            },
        }
        Ok(())
    }

    /// Reads what is there, at least one byte.
    async fn fill(&mut self) -> Result<(), Stop> {
        let before = self.unread.len();
        if self.stream.read_buf(&mut self.unread).await? == 0 {
            return Err(Stop::Ended(End::Closed));
        }
        self.shared.change(self.number, |it| it.read.extend_from_slice(&self.unread[before..]));
        Ok(())
    }
}
