use std::time::{Duration, Instant};

use anyhow::Result;
use wf_receiver::Receiver;
use wf_sdk::{Builder, Direct, HttpProxy, LineKind, Point, Sender, StreamProxy, Tls};

use super::table;

/// Every path that exists, each from a sender of its own to a receiver of its own.
pub(crate) struct Outlets(Vec<Outlet>);

pub(crate) struct Outlet {
    pub(crate) name: &'static str,
    pub(crate) sender: Sender,
    pub(crate) receiver: Receiver,
}

/// The demo may wait for room: it shows that nothing is lost, not how fast it goes.
const PATIENCE: Duration = Duration::from_secs(10);

impl Outlets {
    pub(crate) fn start() -> Result<Self> {
        Ok(Self(vec![proxy_http()?, proxy_stream()?, direct()?]))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Outlet> {
        self.0.iter()
    }

    /// Sends a point by every path; what one does not carry is refused there, and counted.
    pub(crate) fn send(&self, point: &dyn Point) {
        for outlet in self.iter() {
            // A refusal is in the books, which are what the demo shows.
            let _ = outlet.sender.send_timeout(point, PATIENCE);
        }
    }
}

impl Outlet {
    fn new(name: &'static str, receiver: Receiver, builder: Builder) -> Result<Self> {
        let sender = builder.point_tag("application", "wf-demo").start()?;
        Ok(Self { name, sender, receiver })
    }

    /// Closes the sender and returns its rows once the receiver has read what was written, or after a while.
    pub(crate) fn close(&self, within: Duration) -> Vec<table::Row> {
        let deadline = Instant::now() + within;
        let _ = self.sender.close(within);
        loop {
            let rows = table::rows(&self.sender.stats(), &self.receiver);
            if rows.iter().all(table::Row::agrees) || Instant::now() >= deadline {
                return rows;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn proxy_http() -> Result<Outlet> {
    let receiver = Receiver::start()?;
    let proxy = HttpProxy::builder("127.0.0.1").port(receiver.port()).build()?;
    Outlet::new("proxy, HTTP", receiver, Builder::new(proxy))
}

fn proxy_stream() -> Result<Outlet> {
    let receiver = Receiver::builder().traces_port(0).start()?;
    let mut proxy = StreamProxy::builder("127.0.0.1").port(receiver.port());
    if let Some(traces) = receiver.traces_addr() {
        proxy = proxy.port_for(LineKind::Span, traces.port());
    }
    let builder = Builder::new(proxy.build()?);
    Outlet::new("proxy, raw TCP", receiver, builder)
}

fn direct() -> Result<Outlet> {
    const TOKEN: &str = "a-token-for-the-demo";
    let receiver = Receiver::builder().tls(true).token(TOKEN).start()?;
    let tls = Tls::ca_pem(receiver.ca_pem().unwrap_or_default());
    let direct = Direct::builder("127.0.0.1", TOKEN).port(receiver.port()).tls(tls).build()?;
    Outlet::new("service, HTTPS with a token", receiver, Builder::new(direct))
}
