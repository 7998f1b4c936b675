//! What a proxy sees of each kind, and what its answers become.

use std::time::Duration;

use wf_receiver::{Kind, Receiver};
use wf_testkit::{Peer, Script};
use wf_transport::{Batch, LineKind, Outcome, Records, Transport};
use wf_transport_proxy::{BuildError, HttpProxy, Tls};

fn batch(kind: LineKind) -> Batch {
    Batch::new(kind, Records::from_iter(["\"a\" 1 source=\"h\"\n"]))
}

fn proxy(peer: &Peer) -> wf_transport_proxy::Builder {
    HttpProxy::builder("127.0.0.1").port(peer.port())
}

#[tokio::test]
async fn every_kind_has_its_format_and_its_own_connection() {
    let peer = Peer::start([Script::answering(202)]);
    let proxy = proxy(&peer).build().unwrap();
    for _ in 0..2 {
        for kind in LineKind::ALL {
            assert_eq!(proxy.deliver(&batch(kind)).await, Outcome::status(202));
        }
    }
    let targets: Vec<Vec<String>> = peer
        .connections()
        .into_iter()
        .map(|connection| connection.requests.into_iter().map(|request| request.target).collect())
        .collect();
    let formats = ["?f=wavefront", "?f=wavefront", "?f=histogram", "?f=trace", "?f=spanLogs", "?f=event", ""];
    assert_eq!(targets, formats.map(|format| vec![format!("/report{format}"); 2]));
}

#[tokio::test]
async fn a_kind_can_have_a_port_of_its_own() {
    let common = Peer::start([Script::answering(202)]);
    let spans = Peer::start([Script::answering(200)]);
    let proxy = proxy(&common).port_for(LineKind::Span, spans.port()).build().unwrap();
    assert_eq!(proxy.deliver(&batch(LineKind::Point)).await, Outcome::status(202));
    assert_eq!(proxy.deliver(&batch(LineKind::Span)).await, Outcome::status(200));
    assert_eq!((common.requests().len(), spans.requests().len()), (1, 1));
}

#[tokio::test]
async fn only_a_400_may_have_taken_lines() {
    for status in [202, 400, 401, 403, 406, 413, 429, 500, 503] {
        let peer = Peer::start([Script::answering(status)]);
        let outcome = proxy(&peer).build().unwrap().deliver(&batch(LineKind::Point)).await;
        assert_eq!(outcome, Outcome::Answered { status, retry_after: None, partial: status == 400 });
    }
}

#[tokio::test]
async fn compression_is_off_on_loopback_unless_asked_for() {
    let peer = Peer::start([Script::answering(202)]);
    proxy(&peer).build().unwrap().deliver(&batch(LineKind::Point)).await;
    proxy(&peer).gzip(true).build().unwrap().deliver(&batch(LineKind::Point)).await;
    proxy(&peer).gzip_level(9).build().unwrap().deliver(&batch(LineKind::Point)).await;
    let requests = peer.requests();
    assert_eq!(requests[0].header("content-encoding"), None);
    assert_eq!(requests[0].body, b"\"a\" 1 source=\"h\"\n");
    for request in &requests[1..] {
        assert_eq!(request.header("content-encoding"), Some("gzip"));
        assert_eq!(request.body[..2], [0x1f, 0x8b]);
    }
}

#[tokio::test]
async fn a_proxy_that_asks_for_a_token_gets_it() {
    let peer = Peer::start([Script::answering(202)]);
    proxy(&peer).token("t-1").build().unwrap().deliver(&batch(LineKind::Point)).await;
    assert_eq!(peer.requests()[0].header("authorization"), Some("Bearer t-1"));
}

#[test]
fn what_cannot_work_is_an_error_at_build() {
    #[track_caller]
    fn check(builder: wf_transport_proxy::Builder, expected: BuildError) {
        assert_eq!(builder.build().err(), Some(expected));
    }
    check(HttpProxy::builder(""), BuildError::Host);
    check(HttpProxy::builder("proxy:2878"), BuildError::Host);
    check(HttpProxy::builder("proxy").port(0), BuildError::Port);
    check(HttpProxy::builder("proxy").port_for(LineKind::Histogram, 0), BuildError::Port);
    check(HttpProxy::builder("proxy").token("a b").allow_insecure_token(true), BuildError::Token);
    check(HttpProxy::builder("proxy").token("t"), BuildError::InsecureToken);
    check(HttpProxy::builder("proxy").tls(Tls::ca_pem("")), BuildError::CaPem);
}

#[test]
fn a_token_may_travel_in_the_open_on_this_machine_or_when_told_so() {
    for host in ["localhost", "127.0.0.1", "::1", "[::1]"] {
        HttpProxy::builder(host).token("t").build().unwrap();
    }
    HttpProxy::builder("proxy").token("t").allow_insecure_token(true).build().unwrap();
}

#[tokio::test]
async fn a_receiver_sees_every_kind_as_what_it_is() {
    let lines = [
        (LineKind::Point, Kind::Metric, "\"a\" 1 source=\"h\" \"id\"=\"1\"\n"),
        (LineKind::Delta, Kind::Delta, "\"∆a\" 1 source=\"h\" \"id\"=\"1\"\n"),
        (LineKind::Histogram, Kind::Histogram, "!M 1700000000 #2 1.5 \"a\" source=\"h\" \"id\"=\"1\"\n"),
        (
            LineKind::Span,
            Kind::Span,
            "\"a\" source=\"h\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
             spanId=0313bafe-9457-11e8-9eb6-529269fb1459 \"application\"=\"x\" \"service\"=\"y\" \"id\"=\"1\" \
             1700000000000 343500\n",
        ),
    ];
    for gzip in [false, true] {
        let receiver = Receiver::builder().time_window(false).start().unwrap();
        let proxy = HttpProxy::builder("127.0.0.1").port(receiver.port()).gzip(gzip).build().unwrap();
        for (kind, _, text) in lines {
            let batch = Batch::new(kind, Records::from_iter([text]));
            assert_eq!(proxy.deliver(&batch).await, Outcome::status(202));
        }
        assert!(receiver.wait_until(Duration::from_secs(20), |counts| counts.accepted.total() == 4));
        for (_, kind, _) in lines {
            assert_eq!(receiver.times_seen(kind, "1"), 1, "{kind:?} {:?}", receiver.rejected());
        }
    }
}
