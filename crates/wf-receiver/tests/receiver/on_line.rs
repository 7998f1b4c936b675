//! Whoever asks sees every line.

use std::sync::mpsc;

use wf_receiver::{Builder, Kind, Receiver, Verdict};

use crate::client::post;

/// What was seen of a line: kind, verdict, text, code with column, and whether its batch ended.
type Seen = (Kind, Verdict, String, Option<(String, usize)>, bool);

fn watched(builder: Builder) -> (Receiver, mpsc::Receiver<Seen>) {
    let (lines, seen) = mpsc::channel();
    let builder = builder.on_line(move |seen| {
        let place = seen.code().zip(seen.column());
        assert_eq!(seen.reason().is_some(), !matches!(seen.verdict(), Verdict::Accept | Verdict::Ignore));
        assert!(seen.canonical().is_none() || seen.verdict() == Verdict::Accept);
        let line = (seen.kind(), seen.verdict(), seen.text().to_owned(), place, seen.ends_batch());
        lines.send(line).unwrap();
    });
    (builder.start().unwrap(), seen)
}

#[test]
fn every_line_is_shown_in_order_and_before_the_answer() {
    let (receiver, seen) = watched(Receiver::builder().keep_lines(0));
    assert_eq!(post(&receiver, "", "cpu 1 source=h\ncpu x source=h\n\n∆d 0 source=h").status, 202);
    let accept = (Kind::Metric, Verdict::Accept, "cpu 1 source=h".to_owned(), None, false);
    let reject = ("WF-300".to_owned(), 5);
    let reject = (Kind::Metric, Verdict::Reject, "cpu x source=h".to_owned(), Some(reject), false);
    let blank = (Kind::Unknown, Verdict::Ignore, String::new(), None, false);
    let lines: Vec<_> = seen.try_iter().collect();
    assert_eq!(lines[..3], [accept, reject, blank]);
    assert_eq!((lines[3].1, lines[3].4), (Verdict::Discard, true));
    assert_eq!(lines.len(), 4);
}

#[test]
fn the_line_that_ends_a_request_ends_its_batch() {
    let (receiver, seen) = watched(Receiver::builder());
    assert_eq!(post(&receiver, "", "cpu 1 source=h\n[1]\ncpu 2 source=h\n").status, 400);
    let ends: Vec<_> = seen.try_iter().map(|line| (line.1, line.4)).collect();
    assert_eq!(ends, [(Verdict::Accept, false), (Verdict::Error, true)]);
}

#[test]
fn a_panic_in_the_closure_ends_the_connection_and_no_more() {
    let receiver = Receiver::builder()
        .on_line(|seen| assert!(seen.text().starts_with("good"), "as the test wants it"))
        .start()
        .unwrap();
    let mut client = crate::client::Client::new(&receiver);
    client.write(b"POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 17\r\n\r\nbad 1 source=host").unwrap();
    assert!(client.read().is_err(), "closed without an answer");
    assert_eq!(post(&receiver, "", "good 1 source=h\n").status, 202);
}
