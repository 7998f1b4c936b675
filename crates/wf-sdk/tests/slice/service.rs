//! What may happen at the service, with the books checked, and who sees the token: the service alone.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use wf_receiver::{Answer, Format, Kind, Receiver};
use wf_sdk::{
    Builder, DeltaCounter, Direct, Dropped, Event, LineKind, Metric, SendError, Sender, Span, Timeouts, Tls,
    Unconfirmed,
};
use wf_testkit::{Authority, Peer, Script};

use crate::paths::{Path, TOKEN};

const LONG: Duration = Duration::from_secs(30);

fn quick(builder: Builder) -> Builder {
    let tick = Duration::from_millis(20);
    builder.source("h").flush_interval(tick).backoff(tick, 4 * tick).probe_interval(tick)
}

fn send_all(sender: &Sender) {
    sender.send(&Metric::new("m", 1.0)).unwrap();
    sender.send(&DeltaCounter::new("d", 1.0)).unwrap();
    sender.send(&Span::new("s", 1_700_000_000_000, 5, 1u128, 2u128)).unwrap();
    sender.send(&Event::new("e", 1_700_000_000_000)).unwrap();
}

/// Lets a receiver answer by `script`, sends one of each, and returns the books once all is final.
fn after(script: impl IntoIterator<Item = Answer>) -> (Receiver, Sender) {
    let receiver = Path::Direct.receiver();
    receiver.script(script);
    let sender = quick(Path::Direct.straight(&receiver)).start().unwrap();
    send_all(&sender);
    assert!(sender.flush(LONG).complete, "{}", sender.stats().total());
    assert!(sender.stats().total().balances());
    (receiver, sender)
}

#[test]
fn a_401_and_then_a_200_loses_nothing() {
    let (receiver, sender) = after([Answer::status(401), Answer::status(401), Answer::status(401)]);
    assert_eq!(sender.stats().total().delivered(), 4);
    assert_eq!(receiver.counts().accepted.total(), 4);
    assert!(sender.failure_count() >= 3);
}

#[test]
fn a_403_for_one_kind_stops_that_kind_alone() {
    let receiver = Path::Direct.receiver();
    receiver.answer_always(Some(Answer::status(403).only_for(Format::Trace)));
    let sender = quick(Path::Direct.straight(&receiver)).start().unwrap();
    send_all(&sender);
    assert!(!sender.flush(Duration::from_millis(500)).complete);
    let stats = sender.stats();
    assert_eq!((stats.total().delivered(), stats[LineKind::Span].pending()), (3, 1));
    receiver.answer_always(None);
    assert!(sender.flush(LONG).complete, "and it goes on when it may");
    assert_eq!(sender.stats().total().delivered(), 4);
    assert_eq!(receiver.seen(Kind::Span), 1);
}

#[test]
fn a_413_until_half_splits_and_remembers() {
    let receiver = Path::Direct.receiver();
    receiver.answer_always(Some(Answer::status(413).unless_at_most(50)));
    let sender = quick(Path::Direct.straight(&receiver)).flush_interval(LONG).start().unwrap();
    for i in 0..400 {
        sender.send(&Metric::new("m", f64::from(i))).unwrap();
    }
    assert!(sender.flush(LONG).complete);
    assert_eq!(sender.stats().total().delivered(), 400);
    assert_eq!(receiver.seen(Kind::Metric), 400);
    // 400 → 200 → 100 → 50: three times too large, and each half of what is still too large once more.
    assert!(sender.failure_count() <= 1 + 2 + 4, "{}", sender.failure_count());
}

#[test]
fn a_413_for_one_point_drops_that_point() {
    let receiver = Path::Direct.receiver();
    receiver.answer_always(Some(Answer::status(413)));
    let sender = quick(Path::Direct.straight(&receiver)).start().unwrap();
    sender.send(&Metric::new("m", 1.0)).unwrap();
    assert!(sender.flush(LONG).complete);
    assert_eq!(sender.stats().total().dropped_for(Dropped::TooLarge), 1);
}

#[test]
fn a_server_error_leaves_additive_points_in_doubt_and_repeats_the_others() {
    let answers = (0..4).map(|_| Answer::status(502).after_storing());
    let (receiver, sender) = after(answers);
    let stats = sender.stats();
    assert_eq!(stats[LineKind::Delta].unconfirmed_for(Unconfirmed::Gateway), 1);
    assert_eq!(stats[LineKind::Event].unconfirmed_for(Unconfirmed::Gateway), 1);
    assert_eq!((stats[LineKind::Point].delivered(), stats[LineKind::Span].delivered()), (1, 1));
    assert_eq!((receiver.seen(Kind::Delta), receiver.seen(Kind::Event)), (1, 1), "never a second time");
}

/// A sender to `peer`, with the token, over plain HTTP on loopback.
fn to(peer: &Peer) -> Builder {
    let direct = Direct::builder("127.0.0.1", TOKEN).plain_http().port(peer.port());
    quick(Builder::new(direct.build().unwrap()))
}

#[test]
fn a_redirect_is_not_followed_and_its_target_sees_nothing() {
    let elsewhere = Peer::start([Script::answering(202)]);
    for status in [301, 302, 307, 308] {
        let location = format!("http://{}/report", elsewhere.addr());
        let script = Script::new().read_request().answer_with(status, &[("location", location.as_str())], "");
        let peer = Peer::start([script]);
        let sender = to(&peer).start().unwrap();
        sender.send(&Metric::new("m", 1.0)).unwrap();
        assert!(!sender.flush(Duration::from_millis(100)).complete);
        let books = sender.close(Duration::from_millis(100)).delta.total();
        // Dropped, or unconfirmed should the close catch an attempt in the air.
        assert_eq!((books.dropped() + books.unconfirmed(), books.delivered()), (1, 0), "{status}");
        assert!(sender.failure_count() >= 1);
    }
    assert_eq!(elsewhere.connection_count(), 0);
}

/// Sends to a server that cannot prove who it is, and returns the books after a close.
fn untrusted(peer: &Peer, tls: Tls) {
    let timeouts = Timeouts { connect: Duration::from_secs(5), ..Timeouts::DEFAULT };
    let direct = Direct::builder("localhost", TOKEN).port(peer.port()).tls(tls).timeouts(timeouts);
    let sender = quick(Builder::new(direct.build().unwrap())).start().unwrap();
    send_all(&sender);
    assert!(!sender.flush(Duration::from_millis(200)).complete);
    let stats = sender.close(Duration::from_millis(100)).delta;
    assert_eq!((stats.total().dropped_for(Dropped::Shutdown), stats.total().unconfirmed()), (4, 0));
    assert!(stats.failures() <= 3, "five seconds at the least between attempts: {}", stats.failures());
    assert!(peer.requests().is_empty());
    let read = peer.connections().into_iter().flat_map(|connection| connection.read).collect::<Vec<u8>>();
    let text = String::from_utf8_lossy(&read);
    assert!(!text.contains("CANARY") && !text.contains("\"m\""), "nothing in the clear");
}

#[test]
fn an_expired_certificate_keeps_the_data_here() {
    let authority = Authority::new();
    let config = authority.server_with("localhost", |params| {
        params.not_after = params.not_before;
    });
    let peer = Peer::builder().tls(config).scripts([Script::answering(202)]).start();
    untrusted(&peer, Tls::config(authority.client()));
}

#[test]
fn a_wrong_host_name_keeps_the_data_here() {
    let authority = Authority::new();
    let peer = Peer::builder().tls(authority.server("example.com")).scripts([Script::answering(202)]).start();
    untrusted(&peer, Tls::config(authority.client()));
}

#[test]
fn an_unknown_authority_keeps_the_data_here() {
    let peer =
        Peer::builder().tls(Authority::new().server("localhost")).scripts([Script::answering(202)]).start();
    untrusted(&peer, Tls::config(Authority::new().client()));
}

#[test]
fn the_token_is_in_no_text_that_the_sdk_makes() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let theirs = Arc::clone(&heard);
    let peer = Peer::start([Script::answering(401)]);
    let builder = to(&peer).on_loss(move |kind, loss, points| {
        theirs.lock().unwrap().push(format!("{kind:?} {loss:?} {loss} {points}"));
    });
    let mut texts = vec![format!("{builder:?}")];
    let sender = builder.start().unwrap();
    sender.send(&Metric::new("m", 1.0)).unwrap();
    let report = sender.flush(Duration::from_millis(100));
    let closed = sender.close(Duration::ZERO);
    texts.push(format!("{sender:?} {report:?} {closed:?} {}", sender.stats().total()));
    texts.push(format!("{:?} {}", SendError::Closed, SendError::Closed));
    texts.append(&mut heard.lock().unwrap());
    let text = texts.concat();
    assert!(text.contains("{shutdown}") && !text.contains("CANARY"), "{text}");
    assert!(peer.requests().iter().all(|request| {
        request.header("authorization") == Some(format!("Bearer {TOKEN}").as_str())
            && !request.target.contains("CANARY")
    }));
}
