//! It takes raw TCP on the same port.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use wf_receiver::{Kind, Receiver};

use crate::client::{Client, post};

const LINE: &str = "cpu 1 source=h id=a\n";
const DISTRIBUTION: &str = "!M #1 2 lat id=a\n";
const SPAN: &str = "s id=a traceId=1-1-1-1-1 spanId=1-1-1-1-1 1700000000000 1\n";

/// Sends everything, ends, and waits for the receiver to end.
fn stream(receiver: &Receiver, bytes: impl AsRef<[u8]>) {
    stream_to(receiver.addr(), bytes);
}

fn stream_to(addr: SocketAddr, bytes: impl AsRef<[u8]>) {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(bytes.as_ref()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"", "a stream is not answered");
}

#[test]
fn every_line_is_counted_when_the_receiver_ends() {
    let receiver = Receiver::start().unwrap();
    for round in 1..=20 {
        stream(&receiver, LINE.repeat(500));
        assert_eq!(receiver.times_seen(Kind::Metric, "a"), 500 * round);
    }
    let counts = receiver.counts();
    assert_eq!((counts.connections, counts.streams, counts.requests), (20, 20, 0));
    assert_eq!(counts.body_bytes, 20 * 500 * LINE.len() as u64);
}

#[test]
fn lines_count_as_they_come() {
    let receiver = Receiver::start().unwrap();
    let mut stream = TcpStream::connect(receiver.addr()).unwrap();
    for n in 1..=3 {
        stream.write_all(LINE.as_bytes()).unwrap();
        assert!(receiver.wait_until(Duration::from_secs(20), |counts| counts.accepted.total() == n));
    }
}

#[test]
fn a_last_line_without_its_end_is_thrown_away() {
    let receiver = Receiver::start().unwrap();
    stream(&receiver, format!("{LINE}{}", LINE.trim_end()));
    stream(&receiver, "x");
    stream(&receiver, "");
    let counts = receiver.counts();
    assert_eq!((counts.accepted.total(), counts.unterminated, counts.streams), (1, 2, 2));
}

#[test]
fn a_line_that_trips_the_listener_is_lost_alone() {
    let receiver = Receiver::start().unwrap();
    stream(&receiver, format!("{LINE}[1]\n∆ 1 source=h\n{LINE}"));
    let counts = receiver.counts();
    assert_eq!((counts.accepted.total(), counts.errors, counts.lost), (2, 2, 0));
}

#[test]
fn a_long_line_is_skipped_and_the_connection_stays() {
    let receiver = Receiver::start().unwrap();
    let line = |length: usize| format!("cpu 1 source=h{}\n", " ".repeat(length - 14));
    stream(&receiver, line(32_768) + &line(32_769) + LINE);
    let counts = receiver.counts();
    assert_eq!((counts.accepted.total(), counts.too_long), (2, 1));
}

#[test]
fn what_begins_like_http_is_taken_for_http() {
    let receiver = Receiver::start().unwrap();
    let mut stream = TcpStream::connect(receiver.addr()).unwrap();
    stream.write_all(b"COUNT.x 1 source=h\n\"y\" 1 source=h\n\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 400 "), "any byte means that the stream was misread");
    assert_eq!((receiver.counts().accepted.total(), receiver.counts().streams), (0, 0));
}

#[test]
fn lines_are_trimmed_as_streams_are() {
    let receiver = Receiver::start().unwrap();
    let line = "cpu 1 source=h k=\u{a0}\n";
    stream(&receiver, line);
    post(&receiver, "wavefront", line);
    assert_eq!((receiver.counts().accepted.total(), receiver.counts().rejected.total()), (1, 1));
}

#[test]
fn a_script_leaves_streams_alone() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_always(Some(wf_receiver::Answer::status(500)));
    stream(&receiver, LINE);
    assert_eq!(receiver.counts().accepted.total(), 1);
}

#[test]
fn each_port_has_its_own_longest_line() {
    let receiver = Receiver::builder().distributions_port(0).traces_port(0).start().unwrap();
    let ports = [
        (receiver.addr(), LINE, 32_768),
        (receiver.distributions_addr().unwrap(), DISTRIBUTION, 65_536),
        (receiver.traces_addr().unwrap(), SPAN, 1 << 20),
    ];
    for (n, (addr, line, longest)) in ports.into_iter().enumerate() {
        let blank = |length: usize| format!("{}\n", " ".repeat(length));
        stream_to(addr, blank(longest) + &blank(longest + 1) + line);
        let (counts, n) = (receiver.counts(), n as u64 + 1);
        assert_eq!((counts.ignored, counts.too_long, counts.accepted.total()), (n, n, n), "{longest}");
    }
}

#[test]
fn a_distribution_port_takes_distributions_alone_and_ignores_f() {
    let receiver = Receiver::builder().distributions_port(0).start().unwrap();
    let addr = receiver.distributions_addr().unwrap();
    for f in ["wavefront", "trace", "", "histogram"] {
        assert_eq!(Client::at(addr).post(f, DISTRIBUTION).status, 202);
    }
    stream_to(addr, DISTRIBUTION);
    assert_eq!((receiver.seen(Kind::Histogram), receiver.times_seen(Kind::Histogram, "a")), (5, 5));
    assert_eq!(receiver.accepted()[0].source.as_deref(), Some("127.0.0.1"));
    for line in [LINE, SPAN] {
        stream_to(addr, line);
        assert_eq!(Client::at(addr).post("", line).status, 202);
    }
    let counts = receiver.counts();
    assert_eq!((counts.rejected.of(Kind::Histogram), counts.accepted.total()), (4, 5));
}

#[test]
fn spans_come_by_stream_on_a_trace_port_alone() {
    let receiver = Receiver::builder().traces_port(0).start().unwrap();
    let logs = "{\"traceId\":\"1\",\"spanId\":\"2\",\"logs\":[]}\n";
    stream(&receiver, [SPAN, logs].concat());
    assert_eq!((receiver.seen(Kind::Span), receiver.seen(Kind::SpanLogs)), (0, 1));
    stream_to(receiver.traces_addr().unwrap(), [SPAN, logs].concat());
    assert_eq!((receiver.seen(Kind::Span), receiver.seen(Kind::SpanLogs)), (1, 2));
    let span = receiver.accepted().into_iter().find(|line| line.kind == Kind::Span).unwrap();
    assert_eq!(span.source.as_deref(), Some("unknown"));
}

#[test]
fn a_trace_port_ignores_f_but_for_span_logs() {
    let receiver = Receiver::builder().traces_port(0).start().unwrap();
    for f in ["wavefront", "trace", "", "histogram"] {
        Client::at(receiver.traces_addr().unwrap()).post(f, SPAN);
    }
    assert_eq!(receiver.seen(Kind::Span), 4);
    Client::at(receiver.traces_addr().unwrap()).post("spanLogs", SPAN);
    assert_eq!((receiver.seen(Kind::Span), receiver.counts().rejected.of(Kind::SpanLogs)), (4, 1));
}
