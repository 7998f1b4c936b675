//! The receiver's handle and its thread.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;
use wf_parse::Kind;

use crate::answer::Answer;
use crate::builder::Builder;
use crate::counts::{Counts, kind_index};
use crate::door::Door;
use crate::line::{Line, Rejection};
use crate::serve;
use crate::store::Store;
use crate::tls::Identity;

/// A Wavefront endpoint on 127.0.0.1 that counts what it gets.
///
/// It has a thread of its own with its own runtime, so it serves in a plain `main`, in tests and inside any async
/// runtime alike; its methods block for as long as a batch is being counted, at most. Dropping it is
/// [`close`](Receiver::close).
///
/// **The id of a line** is the value of its point tag, span tag, event annotation or span-log field `id`; source tags
/// and descriptions have none of these and are known by their source. A line of span logs is one record however many logs
/// it holds, and is known by the first `id` among their fields.
#[derive(Debug)]
pub struct Receiver {
    addr: SocketAddr,
    distributions_addr: Option<SocketAddr>,
    traces_addr: Option<SocketAddr>,
    ca_pem: Option<String>,
    store: Arc<Store>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Starts a receiver on a free port with every default of [`Builder`].
    ///
    /// # Errors
    ///
    /// As [`Builder::start`].
    pub fn start() -> io::Result<Self> {
        Self::builder().start()
    }

    /// Begins a receiver with settings.
    pub const fn builder() -> Builder {
        Builder::new()
    }

    pub(crate) fn with(settings: Builder) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (metrics, distributions, traces) = {
            let _inside = runtime.enter();
            let optional = |port: Option<u16>| port.map(listen).transpose();
            (listen(settings.port)?, optional(settings.distributions_port)?, optional(settings.traces_port)?)
        };
        let addr = metrics.local_addr()?;
        let distributions_addr = distributions.as_ref().map(TcpListener::local_addr).transpose()?;
        let traces_addr = traces.as_ref().map(TcpListener::local_addr).transpose()?;
        let identity = if settings.tls { Some(Identity::new()?) } else { None };
        let (tls, ca_pem) = identity.map(|identity| (identity.acceptor, identity.ca_pem)).unzip();
        let store = Arc::new(Store::new(settings));
        let (stop, stopped) = oneshot::channel();
        let doors =
            [(Door::Distributions, distributions), (Door::Metrics, Some(metrics)), (Door::Traces, traces)];
        let served = Arc::clone(&store);
        let thread = thread::Builder::new().name("wf-receiver".to_owned()).spawn(move || {
            runtime.block_on(async {
                for (door, listener) in doors {
                    if let Some(listener) = listener {
                        tokio::spawn(serve::serve(listener, door, tls.clone(), Arc::clone(&served)));
                    }
                }
                let _ = stopped.await;
            });
        })?;
        Ok(Self {
            addr,
            distributions_addr,
            traces_addr,
            ca_pem,
            store,
            stop: Some(stop),
            thread: Some(thread),
        })
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

    /// The address of the port that [`Builder::distributions_port`] opened; `None` without it.
    #[must_use]
    pub const fn distributions_addr(&self) -> Option<SocketAddr> {
        self.distributions_addr
    }

    /// The address of the port that [`Builder::traces_port`] opened; `None` without it.
    #[must_use]
    pub const fn traces_addr(&self) -> Option<SocketAddr> {
        self.traces_addr
    }

    /// The certificate, as PEM, that clients have to trust if it speaks TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// The address as a URL for senders, `proxy://127.0.0.1:PORT`, or `proxys://` if it speaks TLS.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.ca_pem.is_some() { "proxys" } else { "proxy" };
        format!("{scheme}://{}", self.addr)
    }

    /// The address as a URL for senders that take it for the service, `https://TOKEN@127.0.0.1:PORT`; `None` if it does not
    /// speak TLS, because the service speaks nothing else.
    ///
    /// The token is whatever the sender shall show, percent-encoded where a URL wants it; the one that is wanted is
    /// [`Builder::token`]'s.
    ///
    /// ```
    /// use wf_receiver::Receiver;
    ///
    /// let receiver = Receiver::builder().tls(true).token("secret").start()?;
    /// let url = receiver.https_url("secret").unwrap();
    /// assert_eq!(url, format!("https://secret@127.0.0.1:{}", receiver.port()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn https_url(&self, token: &str) -> Option<String> {
        self.ca_pem()?;
        Some(format!("https://{}@{}", percent_encoded(token), self.addr))
    }

    /// Answers the next HTTP requests with these, one each, after those that an earlier call left; then as before.
    ///
    /// An answer that does not concern its request (see [`Answer::unless_at_most`], [`Answer::only_for`]) is used up
    /// by it all the same. `OPTIONS`, bodies that cannot be read and requests without the token take no answer from a script.
    pub fn script(&self, answers: impl IntoIterator<Item = Answer>) {
        // Collected before locking: the iterator is the caller's code.
        let answers: Vec<_> = answers.into_iter().collect();
        self.store.change(|state| state.script.extend(answers));
    }

    /// Answers every request with this when the script is used up; `None`, the default, is honest.
    pub fn answer_always(&self, answer: Option<Answer>) {
        self.store.change(|state| state.always = answer);
    }

    /// How many answers of the script are left.
    #[must_use]
    pub fn script_left(&self) -> usize {
        self.store.lock().script.len()
    }

    /// What it counted so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.store.lock().counts.clone()
    }

    /// Waits until `done` holds of the counts; says whether it did within `timeout`.
    #[must_use]
    pub fn wait_until(&self, timeout: Duration, done: impl FnMut(&Counts) -> bool) -> bool {
        self.store.wait_until(timeout, done)
    }

    /// How many records of a kind it accepted, repetitions included.
    ///
    /// For every kind but [`Kind::Histogram`] that is the number of accepted lines. A distribution is sent as one
    /// line per granularity and counts when all of them came. The receiver cannot know which were sent, so it takes,
    /// per id, those that ever came: an id with two `!M` lines and one `!H` line is one distribution, an id of which
    /// only `!M` came is one although its `!H` may be lost. Compare [`Lines::of_granularity`](crate::Lines::of_granularity)
    /// with what was sent to see that. Distributions without an id are taken as one id together. Costs time in
    /// proportion to the ids of the kind.
    #[must_use]
    pub fn seen(&self, kind: Kind) -> u64 {
        self.store.lock().ids[kind_index(kind)].total()
    }

    /// How many records of a kind with this id it accepted; distributions as in [`seen`](Receiver::seen).
    #[must_use]
    pub fn times_seen(&self, kind: Kind, id: &str) -> u32 {
        self.store.lock().ids[kind_index(kind)].times(id)
    }

    /// Every id of a kind and how often it was accepted; a copy, see [`for_each_id`](Receiver::for_each_id).
    #[must_use]
    pub fn ids(&self, kind: Kind) -> HashMap<String, u32> {
        let state = self.store.lock();
        state.ids[kind_index(kind)].iter().map(|(id, times)| (id.to_owned(), times)).collect()
    }

    /// Shows every id of a kind and how often it was accepted to `visit`, in no order.
    ///
    /// The receiver counts nothing meanwhile, and calling its methods from inside would wait for ever.
    pub fn for_each_id(&self, kind: Kind, mut visit: impl FnMut(&str, u32)) {
        self.store.lock().ids[kind_index(kind)].iter().for_each(|(id, times)| visit(id, times));
    }

    /// The sum of the values of accepted lines of a kind, exact and rounded once at the end; 0 for kinds without a
    /// value. Metrics and delta counters have one.
    #[must_use]
    pub fn sum_of(&self, kind: Kind) -> f64 {
        self.store.lock().sums[kind_index(kind)].value()
    }

    /// The latest accepted lines, oldest first; see [`Builder::keep_lines`].
    #[must_use]
    pub fn accepted(&self) -> Vec<Line> {
        self.store.lock().accepted.iter().cloned().collect()
    }

    /// The latest lines that were rejected, discarded or an error, oldest first; see [`Builder::keep_lines`].
    #[must_use]
    pub fn rejected(&self) -> Vec<Rejection> {
        self.store.lock().rejected.iter().cloned().collect()
    }

    /// Forgets everything counted and kept. Connections and the script stay.
    pub fn clear(&self) {
        self.store.change(|state| {
            let (script, always) = (std::mem::take(&mut state.script), state.always.take());
            *state = crate::store::State { script, always, ..Default::default() };
        });
    }

    /// Stops: closes every connection, frees its ports and ends the thread before it returns.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed; a second one here would abort a failing test.
            let _ = thread.join();
        }
    }
}

const _: () = {
    const fn is_shareable<T: Send + Sync + 'static>() {}
    is_shareable::<Receiver>();
};

/// Everything but what may stand anywhere in a URL is encoded.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn listen(port: u16) -> io::Result<TcpListener> {
    // By the standard library, whose Unix listener sets SO_REUSEADDR: a port left a moment ago opens again.
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}
