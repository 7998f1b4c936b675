//! The three ways from a sender to a receiver.

use std::net::SocketAddr;

use wf_receiver::{Kind, Receiver};
use wf_sdk::{Builder, Direct, HttpProxy, LineKind, StreamProxy, Tls};

/// How batches travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Path {
    /// HTTP to a proxy, acknowledged.
    ProxyHttp,
    /// Raw TCP to a proxy, never acknowledged.
    ProxyStream,
    /// HTTPS to the service, with a token.
    Direct,
}

pub(crate) const TOKEN: &str = "wf-CANARY-token";

impl Path {
    /// Starts a receiver that this path can reach.
    pub(crate) fn receiver(self) -> Receiver {
        let builder = Receiver::builder().traces_port(0);
        match self {
            Self::ProxyHttp | Self::ProxyStream => builder,
            Self::Direct => builder.tls(true).token(TOKEN),
        }
        .start()
        .unwrap()
    }

    /// Returns the settings of a sender to the receiver, by way of these ports.
    pub(crate) fn sender(self, receiver: &Receiver, common: SocketAddr, traces: SocketAddr) -> Builder {
        let (host, port) = (common.ip().to_string(), common.port());
        let builder = match self {
            Self::ProxyHttp => Builder::new(HttpProxy::builder(host).port(port).build().unwrap()),
            Self::ProxyStream => {
                let stream = StreamProxy::builder(host).port(port).port_for(LineKind::Span, traces.port());
                Builder::new(stream.build().unwrap())
            }
            Self::Direct => {
                let tls = Tls::ca_pem(receiver.ca_pem().unwrap());
                Builder::new(Direct::builder(host, TOKEN).port(port).tls(tls).build().unwrap())
            }
        };
        builder.source("web-1")
    }

    pub(crate) fn straight(self, receiver: &Receiver) -> Builder {
        self.sender(receiver, receiver.addr(), receiver.traces_addr().unwrap())
    }
}

/// Returns the receiver's word for a kind of line.
pub(crate) fn receiver_kind(kind: LineKind) -> Kind {
    match kind {
        LineKind::Delta => Kind::Delta,
        LineKind::Histogram => Kind::Histogram,
        LineKind::Span => Kind::Span,
        LineKind::SpanLog => Kind::SpanLogs,
        LineKind::Event => Kind::Event,
        LineKind::SourceTag => Kind::SourceTag,
        _ => Kind::Metric,
    }
}
