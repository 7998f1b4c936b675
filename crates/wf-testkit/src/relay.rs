//! A TCP relay that does harm on demand.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{oneshot, watch};

use crate::rng::Rng;
use crate::server::Server;

/// What a [`Relay`] does to the connections that run through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing: bytes pass as they come.
    Pass,
    /// No byte passes in either direction; connections stay open and new ones are accepted.
    Stall,
    /// At most this many bytes a second pass in each direction of each connection (at least one).
    Throttle(u64),
    /// Every chunk (up to 16 KiB) waits this long, plus up to `jitter` more, before it passes.
    Delay {
        /// The shortest wait.
        base: Duration,
        /// The most that is added, evenly distributed; the order of bytes is kept.
        jitter: Duration,
    },
    /// Each connection is reset, both ways, when this many bytes from the client have passed. Bytes count from now,
    /// or from the start of a later connection; 0 resets at once.
    ResetAfter(u64),
    /// As [`Fault::ResetAfter`], at a place in `1..=within` that the seed and the connection's number choose.
    ResetAt {
        /// Chooses the places.
        seed: u64,
        /// The largest number of bytes that may pass.
        within: u64,
    },
    /// Each connection is reset when the target first answers: it has the request, the client never learns.
    ResetOnAnswer,
}

/// A user-space TCP relay on 127.0.0.1 in front of a target, with a fault that can be switched while it runs.
///
/// It stops and resets everything when it is dropped.
///
/// ```
/// use std::net::TcpStream;
/// use wf_testkit::{Fault, Peer, Relay, Script};
///
/// let peer = Peer::start([Script::answering(202)]);
/// let relay = Relay::start(peer.addr());
/// relay.set(Fault::Stall);
/// TcpStream::connect(relay.addr()).unwrap();
/// relay.refuse(true);
/// assert!(TcpStream::connect(relay.addr()).is_err());
/// ```
#[derive(Debug)]
pub struct Relay {
    addr: SocketAddr,
    control: watch::Sender<Control>,
    /// Tells the listener's task to shut or open, and learns when that is done.
    door: tokio::sync::mpsc::UnboundedSender<(bool, std::sync::mpsc::Sender<()>)>,
    counts: Arc<Counts>,
    _server: Server,
}

impl Relay {
    /// Starts a relay on a free port, passing everything.
    ///
    /// # Panics
    ///
    /// Panics if no port can be opened.
    #[must_use]
    pub fn start(target: SocketAddr) -> Self {
        let (control, _) = watch::channel(Control { fault: Fault::Pass, setting: 0, kill: 0 });
        let (door, asked) = tokio::sync::mpsc::unbounded_channel();
        let counts = Arc::new(Counts::default());
        let (controlled, counted) = (control.clone(), Arc::clone(&counts));
        let (server, addr) = Server::start("wf-relay", move |ready| async move {
            let listener = listen(0).expect("listen");
            let addr = listener.local_addr().expect("address");
            let _ = ready.send(addr);
            admit(listener, addr, target, asked, controlled, counted).await;
        });
        Self { addr, control, door, counts, _server: server }
    }

    /// The address to connect to.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The port to connect to.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.addr.port()
    }

    /// Switches the fault, for connections that run and for later ones.
    pub fn set(&self, fault: Fault) {
        self.control.send_modify(|it| {
            it.fault = fault;
            it.setting += 1;
        });
    }

    /// Refuses new connections, or accepts them again; those that run go on. Returns when it is in force.
    ///
    /// # Panics
    ///
    /// Panics if the port cannot be opened again.
    pub fn refuse(&self, refuse: bool) {
        let (done, wait) = std::sync::mpsc::channel();
        self.door.send((refuse, done)).expect("the relay runs");
        wait.recv().expect("the port opens again");
    }

    /// Resets every connection that runs now, both ways; later ones are not touched.
    pub fn kill(&self) {
        self.control.send_modify(|it| it.kill += 1);
    }

    /// How many connections came so far.
    #[must_use]
    pub fn connection_count(&self) -> u64 {
        self.counts.connections.load(Ordering::SeqCst)
    }

    /// How many connections the relay reset so far.
    #[must_use]
    pub fn reset_count(&self) -> u64 {
        self.counts.resets.load(Ordering::SeqCst)
    }

    /// How many bytes passed so far: from clients to the target, and back.
    #[must_use]
    pub fn passed(&self) -> (u64, u64) {
        (self.counts.up.load(Ordering::SeqCst), self.counts.down.load(Ordering::SeqCst))
    }
}

#[derive(Clone, Copy, Debug)]
struct Control {
    fault: Fault,
    /// Rises with every change of the fault, so that a count of bytes can begin anew.
    setting: u64,
    /// Rises with every kill.
    kill: u64,
}

#[derive(Debug, Default)]
struct Counts {
    connections: AtomicU64,
    resets: AtomicU64,
    up: AtomicU64,
    down: AtomicU64,
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    socket.listen(1024)
}

async fn admit(
    listener: TcpListener,
    addr: SocketAddr,
    target: SocketAddr,
    mut asked: tokio::sync::mpsc::UnboundedReceiver<(bool, std::sync::mpsc::Sender<()>)>,
    control: watch::Sender<Control>,
    counts: Arc<Counts>,
) {
    let mut listener = Some(listener);
    loop {
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            question = asked.recv() => {
                let Some((refuse, done)) = question else { return };
                if refuse {
                    listener = None;
                } else if listener.is_none() {
                    listener = Some(listen(addr.port()).expect("listen again"));
                }
                let _ = done.send(());
            }
            accepted = accept => {
                let Ok((client, _)) = accepted else { continue };
                let number = counts.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(relay(client, target, number, control.subscribe(), Arc::clone(&counts)));
            }
        }
    }
}

async fn relay(
    mut client: TcpStream,
    target: SocketAddr,
    number: u64,
    control: watch::Receiver<Control>,
    counts: Arc<Counts>,
) {
    let end = match TcpStream::connect(target).await {
        Ok(mut server) => {
            let _ = (client.set_nodelay(true), server.set_nodelay(true));
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            let (answered, answer) = oneshot::channel();
            let up = Pump {
                number,
                control: control.clone(),
                way: Way::Up,
                counts: &counts,
                passed: 0,
                setting: 0,
            };
            let down = Pump { way: Way::Down, control: control.clone(), ..up.clone() };
            let end = tokio::select! {
                end = both(up.run(from_client, to_server, None), down.run(from_server, to_client, Some(answered))) => end,
                () = killed(control) => Err(Harm::Ours),
                Ok(()) = answer => Err(Harm::Ours),
            };
            if end.is_err() {
                let _ = server.set_zero_linger();
            }
            end
        }
        // The client is already connected here; a reset is the nearest thing to a refusal.
        Err(_) => Err(Harm::Theirs),
    };
    if let Err(harm) = end {
        let _ = client.set_zero_linger();
        if matches!(harm, Harm::Ours) {
            counts.resets.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Why a connection is reset: a fault of the relay, or one end reset it and the other shall see the same.
#[derive(Debug)]
enum Harm {
    Ours,
    Theirs,
}

impl From<io::Error> for Harm {
    fn from(_: io::Error) -> Self {
        Self::Theirs
    }
}

async fn both(
    up: impl Future<Output = Result<(), Harm>>,
    down: impl Future<Output = Result<(), Harm>>,
) -> Result<(), Harm> {
    tokio::try_join!(up, down).map(|_| ())
}

async fn killed(mut control: watch::Receiver<Control>) {
    let before = control.borrow().kill;
    if control.wait_for(|it| it.kill != before).await.is_err() {
        std::future::pending().await
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

/// One direction of one connection.
#[derive(Clone)]
struct Pump<'a> {
    number: u64,
    control: watch::Receiver<Control>,
    way: Way,
    counts: &'a Counts,
    /// Bytes passed since `setting` came into force here.
    passed: u64,
    setting: u64,
}

impl Pump<'_> {
    async fn run(
        mut self,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
        mut answered: Option<oneshot::Sender<()>>,
    ) -> Result<(), Harm> {
        let mut rng = Rng::new(self.number);
        let mut chunk = vec![0; 16 * 1024];
        loop {
            // A fault may come into force while nothing arrives, and a reset after 0 bytes is due even then.
            let n = tokio::select! {
                biased;
                due = self.due() => return Err(due),
                read = from.read(&mut chunk) => read?,
            };
            if n == 0 {
                // The end waits as bytes do.
                self.room().await;
                let _ = to.shutdown().await;
                return Ok(());
            }
            let mut rest = &chunk[..n];
            while !rest.is_empty() {
                let (now, wait) = self.share(rest.len(), &mut rng).await;
                if wait > Duration::ZERO {
                    tokio::time::sleep(wait).await;
                }
                if self.way == Way::Down && self.fault() == Fault::ResetOnAnswer {
                    if let Some(answered) = answered.take() {
                        let _ = answered.send(());
                    }
                    return std::future::pending().await;
                }
                if now == 0 {
                    return Err(Harm::Ours);
                }
                // Counted first: whoever has the bytes also sees the count.
                let total = if self.way == Way::Up { &self.counts.up } else { &self.counts.down };
                total.fetch_add(now as u64, Ordering::SeqCst);
                to.write_all(&rest[..now]).await?;
                rest = &rest[now..];
                self.passed += now as u64;
            }
        }
    }

    /// How many of `offered` bytes pass now, and after what wait; 0 bytes mean a reset.
    async fn share(&mut self, offered: usize, rng: &mut Rng) -> (usize, Duration) {
        self.room().await;
        let none = Duration::ZERO;
        match self.fault() {
            Fault::Throttle(rate) => {
                // Twenty portions a second, or single bytes at longer distances.
                let portion = (rate / 20).clamp(1, offered as u64);
                (portion as usize, Duration::from_secs_f64(portion as f64 / rate.max(1) as f64))
            }
            Fault::Delay { base, jitter } => {
                let more = rng.below(u64::try_from(jitter.as_micros()).unwrap_or(u64::MAX).saturating_add(1));
                (offered, base + Duration::from_micros(more))
            }
            _ => match self.limit() {
                Some(limit) => (offered.min(usize::try_from(limit - self.passed).unwrap_or(offered)), none),
                None => (offered, none),
            },
        }
    }

    /// Comes when the fault in force wants a reset now; never for other faults.
    async fn due(&mut self) -> Harm {
        loop {
            self.fault();
            if self.limit() == Some(self.passed) {
                return Harm::Ours;
            }
            if self.control.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Waits until the relay does not stall.
    async fn room(&mut self) {
        let _ = self.control.wait_for(|it| it.fault != Fault::Stall).await;
    }

    /// The fault in force; begins the count of bytes anew if it was set since the last look.
    fn fault(&mut self) -> Fault {
        let now = *self.control.borrow_and_update();
        if now.setting != self.setting {
            (self.setting, self.passed) = (now.setting, 0);
        }
        now.fault
    }

    /// How many client bytes may pass before the reset, if there is to be one.
    fn limit(&self) -> Option<u64> {
        if self.way == Way::Down {
            return None;
        }
        match self.control.borrow().fault {
            Fault::ResetAfter(n) => Some(n.max(self.passed)),
            Fault::ResetAt { seed, within } => {
                let place = 1 + Rng::new(seed ^ self.number.wrapping_mul(0x9E37)).below(within.max(1));
                Some(place.max(self.passed))
            }
            _ => None,
        }
    }
}
