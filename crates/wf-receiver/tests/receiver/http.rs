//! It answers as a proxy does.

use wf_receiver::{Format, Kind, Receiver};

use crate::client::{Client, gzip, gzip_bomb, post};

const LINE: &str = "cpu 1 source=h id=a\n";
const MIB: usize = 1 << 20;

/// Text that costs little to count: few lines, all blank.
fn blank(size: usize) -> Vec<u8> {
    let mut text = vec![b' '; size];
    text.iter_mut().step_by(16 * 1024).for_each(|byte| *byte = b'\n');
    text
}

#[test]
fn any_path_and_method_is_answered_202() {
    let receiver = Receiver::start().unwrap();
    let mut client = Client::new(&receiver);
    for (method, target) in [
        ("POST", "/report?f=wavefront"),
        ("PUT", "/"),
        ("POST", "/api/v2/event"),
        ("GET", "/health2"),
        ("DELETE", "/x?f="),
    ] {
        let reply = client.ask(method, target, "", LINE.as_bytes());
        assert_eq!((reply.status, reply.body.as_str()), (202, ""), "{method} {target}");
        assert!(reply.head.contains("content-type: text/plain\r\n"), "{}", reply.head);
    }
    assert_eq!(client.ask("GET", "/", "", b"").status, 202);
    let counts = receiver.counts();
    assert_eq!((counts.requests, counts.connections, counts.accepted.total()), (6, 1, 5));
}

#[test]
fn a_batch_of_rejects_is_answered_202() {
    let receiver = Receiver::start().unwrap();
    assert_eq!(post(&receiver, "wavefront", "no\nnot:legal 1\n").status, 202);
    assert_eq!(receiver.counts().rejected.of(Kind::Metric), 2);
}

#[test]
fn options_is_answered_204() {
    let receiver = Receiver::start().unwrap();
    assert_eq!(Client::new(&receiver).ask("OPTIONS", "/", "", b"").status, 204);
}

#[test]
fn bodies_up_to_16_mib_are_taken_and_larger_ones_answered_413() {
    let receiver = Receiver::start().unwrap();
    let mut body = blank(16 * MIB);
    body[..LINE.len()].copy_from_slice(LINE.as_bytes());
    assert_eq!(Client::new(&receiver).ask("POST", "/", "", &body).status, 202);
    assert_eq!(receiver.counts().accepted.total(), 1);
    body.push(b' ');
    assert_eq!(Client::new(&receiver).ask("POST", "/", "", &body).status, 413);
    let counts = receiver.counts();
    assert_eq!((counts.accepted.total(), counts.requests), (1, 2));
    assert_eq!((counts.body_bytes, counts.text_bytes), (32 * MIB as u64 + 1, 16 * MIB as u64));
}

#[test]
fn the_limit_is_on_the_inflated_size() {
    let receiver = Receiver::start().unwrap();
    let body = gzip_bomb(16 * MIB + 1);
    assert!(body.len() < MIB);
    let reply = Client::new(&receiver).ask("POST", "/", "content-encoding: gzip\r\n", &body);
    assert_eq!(reply.status, 413);
    assert_eq!((receiver.counts().body_bytes, receiver.counts().text_bytes), (body.len() as u64, 0));
}

#[test]
fn gzip_is_inflated() {
    let receiver = Receiver::start().unwrap();
    let body = gzip(LINE.as_bytes());
    let mut client = Client::new(&receiver);
    for encoding in ["gzip", "GZIP", "x-gzip"] {
        let reply =
            client.ask("POST", "/report?f=wavefront", &format!("Content-Encoding: {encoding}\r\n"), &body);
        assert_eq!(reply.status, 202);
    }
    assert_eq!(client.ask("POST", "/", "content-encoding: gzip\r\n", b"").status, 202);
    let counts = receiver.counts();
    assert_eq!((counts.accepted.total(), receiver.times_seen(Kind::Metric, "a")), (3, 3));
    assert_eq!((counts.body_bytes, counts.text_bytes), (3 * body.len() as u64, 3 * LINE.len() as u64));
}

#[test]
fn bad_gzip_is_answered_400_and_the_connection_closed() {
    let receiver = Receiver::start().unwrap();
    let whole = gzip(LINE.as_bytes());
    for body in [b"not gzip at all", &whole[..whole.len() - 3]] {
        let mut client = Client::new(&receiver);
        let reply = client.ask("POST", "/", "content-encoding: gzip\r\n", body);
        assert_eq!(reply.status, 400);
        assert!(reply.body.starts_with("Decompression error: "), "{}", reply.body);
        assert!(client.read().is_err(), "the connection stays");
    }
    assert_eq!(receiver.counts().accepted.total(), 0);
}

#[test]
fn a_line_that_trips_the_listener_is_answered_400_and_the_rest_of_the_batch_lost() {
    let receiver = Receiver::start().unwrap();
    let span = |id: &str, trace: &str| {
        format!("s source=h id={id} traceId={trace} spanId=1-1-1-1-1 1700000000000 1\n")
    };
    let batch = [span("a", "1-1-1-1-1"), span("b", "none"), span("c", "1-1-1-1-1"), "\n".to_owned()].concat();
    let mut client = Client::new(&receiver);
    let reply = client.post("trace", &batch);
    assert_eq!(reply.status, 400);
    assert!(reply.body.starts_with("reason: \"") && reply.body.ends_with('"'), "{}", reply.body);
    let counts = receiver.counts();
    assert_eq!((counts.accepted.of(Kind::Span), counts.errors, counts.lost), (1, 1, 1));
    assert_eq!([receiver.times_seen(Kind::Span, "a"), receiver.times_seen(Kind::Span, "c")], [1, 0]);
    assert_eq!(client.post("trace", &span("d", "1-1-1-1-1")).status, 202, "the connection is of use");
}

#[test]
fn an_error_that_ends_no_request_loses_one_line() {
    let receiver = Receiver::start().unwrap();
    assert_eq!(post(&receiver, "wavefront", &format!("∆ 1 source=h\n{LINE}")).status, 202);
    let counts = receiver.counts();
    assert_eq!((counts.errors, counts.lost, counts.accepted.total()), (1, 0, 1));
}

#[test]
fn f_forces_a_format_and_none_detects() {
    let receiver = Receiver::start().unwrap();
    let histogram = "!M #1 2 h source=s\n";
    assert_eq!(post(&receiver, "", &format!("{LINE}{histogram}")).status, 202);
    assert_eq!(post(&receiver, "histogram", histogram).status, 202);
    assert_eq!(receiver.counts().rejected.total(), 0);
    assert_eq!(post(&receiver, Format::Wavefront.as_str(), histogram).status, 202);
    let counts = receiver.counts();
    assert_eq!((counts.rejected.total(), counts.accepted.of(Kind::Histogram)), (1, 2));
}

#[test]
fn chunked_bodies_and_pipelined_requests_are_read() {
    let receiver = Receiver::start().unwrap();
    let mut client = Client::new(&receiver);
    let request = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n6\r\ncpu 1 \r\n9\r\nsource=h\n\r\n0\r\n\r\n";
    client.write(request.repeat(3).as_bytes()).unwrap();
    for _ in 0..3 {
        assert_eq!(client.read().unwrap().status, 202);
    }
    assert_eq!(receiver.counts().accepted.total(), 3);
}

#[test]
fn what_is_no_utf_8_becomes_a_replacement_character() {
    let receiver = Receiver::start().unwrap();
    Client::new(&receiver).ask("POST", "/", "", b"cpu 1 source=h id=\xff\n");
    assert_eq!(receiver.times_seen(Kind::Metric, "\u{fffd}"), 1);
}

#[test]
fn a_request_that_is_cut_off_counts_for_nothing() {
    let receiver = Receiver::start().unwrap();
    let mut client = Client::new(&receiver);
    client.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\ncpu 1 source=h\n").unwrap();
    drop(client);
    assert_eq!(post(&receiver, "", LINE).status, 202);
    let counts = receiver.counts();
    assert_eq!((counts.connections, counts.requests, counts.accepted.total()), (2, 1, 1));
}
