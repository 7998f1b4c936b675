//! What the service sees of each kind, and who sees the token.

use std::time::Duration;

use wf_testkit::{Authority, Peer, Script};
use wf_transport::{Batch, Cause, LineKind, Outcome, Records, Route, Transport};
use wf_transport_direct::{BuildError, Builder, Direct, Timeouts, Tls};

const CANARY: &str = "wf-CANARY-0123";

fn batch(kind: LineKind) -> Batch {
    Batch::new(kind, Records::from_iter(["\"a\" 1 source=\"h\"\n"]))
}

fn direct(peer: &Peer) -> Builder {
    let timeouts = Timeouts { attempt: Duration::from_secs(10), ..Timeouts::DEFAULT };
    Direct::builder("127.0.0.1", CANARY).plain_http().port(peer.port()).timeouts(timeouts)
}

#[tokio::test]
async fn every_kind_has_its_path_and_the_token() {
    let peer = Peer::start([Script::answering(202)]);
    let direct = direct(&peer).base_path("/wf/").build().unwrap();
    for kind in LineKind::ALL {
        let outcome = direct.deliver(&batch(kind)).await;
        let expected =
            if kind == LineKind::SourceTag { Outcome::Refused(Cause::Other) } else { Outcome::status(202) };
        assert_eq!(outcome, expected, "{kind}");
    }
    let requests = peer.requests();
    let targets: Vec<_> = requests.iter().map(|request| request.target.as_str()).collect();
    assert_eq!(
        targets,
        [
            "/wf/report?f=wavefront",
            "/wf/report?f=wavefront",
            "/wf/report?f=histogram",
            "/wf/report?f=trace",
            "/wf/report?f=spanLogs",
            "/wf/api/v2/event",
        ]
    );
    for request in &requests {
        let is_event = request.target.ends_with("/event");
        assert_eq!(request.header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
        assert_eq!(request.header("content-encoding"), if is_event { None } else { Some("gzip") });
        let content_type = if is_event { "application/json" } else { "application/octet-stream" };
        assert_eq!(request.header("content-type"), Some(content_type));
    }
    assert_eq!(requests[5].body, b"\"a\" 1 source=\"h\"\n", "an event travels as it is");
}

#[test]
fn events_go_one_by_one_as_json_and_source_tags_not_at_all() {
    let direct = Direct::builder("127.0.0.1", "t").plain_http().build().unwrap();
    for kind in LineKind::ALL {
        let route = match kind {
            LineKind::Event => Route::Json,
            LineKind::SourceTag => Route::None,
            _ => Route::Line,
        };
        assert_eq!(direct.route(kind), route, "{kind}");
        assert_eq!(direct.limits(kind).points == 1, kind == LineKind::Event, "{kind}");
    }
}

#[tokio::test]
async fn a_400_of_the_service_took_nothing() {
    let peer = Peer::start([Script::answering(400)]);
    let outcome = direct(&peer).build().unwrap().deliver(&batch(LineKind::Point)).await;
    assert_eq!(outcome, Outcome::Answered { status: 400, retry_after: None, partial: false });
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_nobody_else_sees_the_token() {
    let elsewhere = Peer::start([Script::answering(202)]);
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://{}/report", elsewhere.addr());
        let script = Script::new().read_request().answer_with(status, &[("location", location.as_str())], "");
        let peer = Peer::start([script]);
        let outcome = direct(&peer).build().unwrap().deliver(&batch(LineKind::Point)).await;
        assert_eq!(outcome, Outcome::status(status));
    }
    assert_eq!(elsewhere.connection_count(), 0);
}

#[tokio::test]
async fn tls_is_verified() {
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let peer = |authority: &Authority, name: &str| {
        Peer::builder().scripts([Script::answering(202)]).tls(authority.server(name)).start()
    };
    let deliver = async |peer: &Peer| {
        let tls = Tls::config(trusted.client());
        let direct = Direct::builder("localhost", CANARY).port(peer.port()).tls(tls).build().unwrap();
        direct.deliver(&batch(LineKind::Point)).await
    };
    let good = peer(&trusted, "localhost");
    assert_eq!(deliver(&good).await, Outcome::status(202));
    for bad in [peer(&stranger, "localhost"), peer(&trusted, "example.com")] {
        assert_eq!(deliver(&bad).await, Outcome::Unsent(Cause::Tls));
        assert!(bad.requests().is_empty());
    }
}

#[test]
fn settings_that_cannot_work_are_errors_and_never_show_the_token() {
    let build = |builder: Builder| builder.build().map(drop);
    assert_eq!(build(Direct::builder("example.com", CANARY).plain_http()), Err(BuildError::InsecureToken));
    assert_eq!(build(Direct::builder("example.com", CANARY).plain_http().allow_insecure_token(true)), Ok(()));
    assert_eq!(build(Direct::builder("localhost", "").plain_http()), Err(BuildError::Token));
    assert_eq!(build(Direct::builder("not a host", CANARY)), Err(BuildError::Host));
    assert_eq!(build(Direct::builder("localhost", CANARY).plain_http().port(0)), Err(BuildError::Port));
    let bad_path = Direct::builder("localhost", CANARY).plain_http().base_path("no-slash");
    assert_eq!(build(bad_path), Err(BuildError::Path));

    let builder = Direct::builder("localhost", CANARY).plain_http();
    let shown = format!("{builder:?} {:?} {}", builder.clone().build().unwrap(), BuildError::InsecureToken);
    assert!(!shown.contains("CANARY"), "{shown}");
}
