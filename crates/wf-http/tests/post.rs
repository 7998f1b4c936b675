//! Every way in which a server can answer, or not, and what becomes of the batch and of the connection.

use std::{
    io::Read,
    task::Poll,
    time::{Duration, Instant},
};

use wf_http::{Builder, Client, Endpoint, Timeouts};
use wf_testkit::{Gate, Peer, Rng, Script};
use wf_transport::{Batch, Cause, LineKind, Outcome, Records};

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(20);

/// Limits that a test on a busy machine does not reach by accident.
const PATIENT: Timeouts =
    Timeouts { connect: LONG, tls: LONG, write: LONG, answer: LONG, attempt: LONG, idle: LONG };

fn client() -> Builder {
    Client::builder("127.0.0.1").timeouts(PATIENT)
}

fn endpoint(builder: Builder, peer: &Peer) -> Endpoint {
    builder.build().unwrap().endpoint(peer.port(), "/report?f=wavefront").unwrap()
}

fn small() -> Batch {
    line("\"a\" 1 source=\"h\"\n")
}

fn line(text: &str) -> Batch {
    Batch::new(LineKind::Point, Records::from_iter([text]))
}

/// More than the sockets of both sides hold.
fn big() -> Batch {
    Batch::new(LineKind::Point, Records::from_iter([vec![b'x'; 16 << 20]]))
}

async fn check_with(timeouts: Timeouts, batch: Batch, script: Script, expected: Outcome) {
    let peer = Peer::start([script, Script::answering(202)]);
    let endpoint = endpoint(client().timeouts(timeouts), &peer);
    assert_eq!(endpoint.post(&batch).await, expected);
    assert!(batch.was_written());
    // Whatever happened, the next one goes through, on a connection that is clean.
    assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
    assert_eq!(peer.connection_count(), 2);
}

async fn check(batch: Batch, script: Script, expected: Outcome) {
    check_with(PATIENT, batch, script, expected).await;
}

#[tokio::test]
async fn reads_the_request_then_fin() {
    check(small(), Script::new().read_request(), Outcome::Unknown(Cause::Closed)).await;
}

#[tokio::test]
async fn reads_the_request_then_rst() {
    check(small(), Script::new().read_request().rst(), Outcome::Unknown(Cause::Reset)).await;
}

#[tokio::test]
async fn rst_in_mid_body() {
    check(big(), Script::new().read_bytes(1024).rst(), Outcome::Unknown(Cause::Reset)).await;
}

#[tokio::test]
async fn early_refusal_and_close_in_mid_body() {
    for status in [401, 413] {
        let script = Script::new().read_bytes(1024).answer(status);
        check(big(), script, Outcome::status(status)).await;
        let script = Script::new().read_bytes(1024).answer(status).sleep(SHORT).rst();
        check(big(), script, Outcome::status(status)).await;
    }
}

#[tokio::test]
async fn early_refusal_without_a_close_is_answered_at_once() {
    let script = Script::new().read_bytes(1024).answer(413).hold();
    check(big(), script, Outcome::status(413)).await;
}

#[tokio::test]
async fn no_answer() {
    let limits = Timeouts { answer: SHORT * 10, ..PATIENT };
    let start = Instant::now();
    check_with(limits, small(), Script::new().hold(), Outcome::Unknown(Cause::Deadline)).await;
    assert!(start.elapsed() < LONG / 2, "the limit for writing, which is longer, is over with the last byte");
}

#[tokio::test]
async fn never_reads() {
    let timeouts = Timeouts { write: SHORT * 10, ..PATIENT };
    check_with(timeouts, big(), Script::new().hold(), Outcome::Unknown(Cause::Deadline)).await;
}

#[tokio::test]
async fn a_slow_reader_is_not_a_stalled_one() {
    // Each pause is far shorter than the limit. Left to itself, the kernel reports room only after a dozen of them.
    let script = (0..20).fold(Script::new(), |script, _| script.sleep(SHORT * 3 / 2).read_bytes(100_000));
    let limits = Timeouts { write: SHORT * 10, answer: SHORT, ..PATIENT };
    let peer = Peer::start([script.read_all()]);
    let endpoint = endpoint(client().timeouts(limits), &peer);
    let start = Instant::now();
    assert_eq!(endpoint.post(&big()).await, Outcome::Unknown(Cause::Deadline));
    assert!(start.elapsed() > limits.write * 2, "{:?}", start.elapsed());
    assert!(peer.wait_until(LONG, |connections| connections[0].read.len() > big().bytes().len()));
}

#[tokio::test]
async fn slow_loris_ends_with_the_attempt() {
    let limits = Timeouts { answer: SHORT * 10, attempt: SHORT * 20, ..PATIENT };
    let script = Script::new().read_request().drip(b"HTTP/1.1 202 Accepted\r\n".repeat(9), SHORT);
    let start = Instant::now();
    check_with(limits, small(), script, Outcome::Unknown(Cause::Deadline)).await;
    assert!(start.elapsed() >= limits.attempt, "an answer has begun: only the attempt's limit is left");
}

#[tokio::test]
async fn slow_body_ends_with_the_attempt() {
    let timeouts = Timeouts { attempt: SHORT * 10, ..PATIENT };
    let script = Script::new()
        .read_request()
        .write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n")
        .drip("123", SHORT)
        .hold();
    check_with(timeouts, small(), script, Outcome::status(200)).await;
}

#[tokio::test]
async fn truncated_status_line() {
    for cut in ["H", "HTTP/1.1 2", "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n"] {
        check(small(), Script::new().read_request().write(cut), Outcome::Unknown(Cause::Closed)).await;
    }
}

#[tokio::test]
async fn truncated_body() {
    let script = Script::new().read_request().write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345");
    check(small(), script, Outcome::status(200)).await;
}

#[tokio::test]
async fn endless_body() {
    let endless = Script::new().write(vec![b'x'; 32 << 10]);
    let script = Script::new().read_request().write("HTTP/1.1 200 OK\r\n\r\n").repeat(endless);
    check(small(), script, Outcome::status(200)).await;
}

#[tokio::test]
async fn body_cap_is_64_kib() {
    for (size, connections) in [(64 << 10, 1), ((64 << 10) + 1, 2)] {
        let body = "x".repeat(size);
        let peer =
            Peer::start([Script::new().repeat(Script::new().read_request().answer_with(202, &[], &body))]);
        let endpoint = endpoint(client(), &peer);
        for _ in 0..2 {
            assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
        }
        assert_eq!(peer.connection_count(), connections, "a body of {size} bytes");
    }
}

#[tokio::test]
async fn endless_headers() {
    let endless = Script::new().write(b"x-more: yes\r\n".repeat(1000));
    let script = Script::new().read_request().write("HTTP/1.1 200 OK\r\n").repeat(endless);
    check(small(), script, Outcome::Unknown(Cause::Protocol)).await;
}

#[tokio::test]
async fn ten_thousand_headers() {
    let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a:b\r\n".repeat(10_000));
    check(small(), Script::new().read_request().write(head), Outcome::Unknown(Cause::Protocol)).await;
}

#[tokio::test]
async fn not_http() {
    for text in [
        "SSH-2.0-OpenSSH_9.9\r\n\r\n",
        "<html>ok</html>\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/3 200\r\n\r\n",
        "HTTP/1.1 2x2 OK\r\n\r\n",
        "HTTP/1.1 99999 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ] {
        check(small(), Script::new().read_request().write(text), Outcome::Unknown(Cause::Protocol)).await;
    }
}

#[tokio::test]
async fn another_protocol_is_not_an_acknowledgement() {
    let script = Script::new()
        .read_request()
        .write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
    check(small(), script, Outcome::Unknown(Cause::Protocol)).await;
}

#[tokio::test]
async fn interim_answers_are_skipped() {
    let answer = Script::new().read_request().write("HTTP/1.1 100 Continue\r\n\r\n").answer(202);
    let peer = Peer::start([Script::new().repeat(answer)]);
    let endpoint = endpoint(client(), &peer);
    for _ in 0..2 {
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
    }
    assert_eq!(peer.connection_count(), 1);
}

#[tokio::test]
async fn endless_interim_answers_end_with_the_attempt() {
    let interim = Script::new().write("HTTP/1.1 102 Processing\r\n\r\n").sleep(SHORT / 50);
    let limits = Timeouts { attempt: SHORT * 10, ..PATIENT };
    let script = Script::new().read_request().repeat(interim);
    check_with(limits, small(), script, Outcome::Unknown(Cause::Deadline)).await;
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_the_other_server_sees_nothing() {
    for status in [301, 302, 303, 307, 308] {
        let other = Peer::start([Script::answering(202)]);
        let location = format!("http://{}/report", other.addr());
        let answer = Script::new().read_request().answer_with(status, &[("location", &location)], "");
        let peer = Peer::start([answer]);
        let endpoint = endpoint(client().token("t"), &peer);
        assert_eq!(endpoint.post(&small()).await, Outcome::status(status));
        assert_eq!(other.connection_count(), 0);
    }
}

#[tokio::test]
async fn every_status_comes_through() {
    for status in
        [200, 201, 202, 204, 304, 400, 401, 403, 404, 406, 408, 425, 429, 500, 502, 503, 504, 599, 799]
    {
        let peer = Peer::start([Script::answering(status)]);
        let endpoint = endpoint(client(), &peer);
        for _ in 0..2 {
            assert_eq!(endpoint.post(&small()).await, Outcome::status(status));
        }
        assert_eq!(peer.connection_count(), 1, "{status} leaves the connection usable");
    }
}

#[tokio::test]
async fn retry_after_comes_with_the_answer() {
    for (value, seconds) in [("2", Some(2)), ("301", Some(300)), ("-1", None), ("1e99", None), ("soon", None)]
    {
        let peer =
            Peer::start([Script::new().read_request().answer_with(429, &[("Retry-After", value)], "")]);
        let outcome = endpoint(client(), &peer).post(&small()).await;
        let retry_after = seconds.map(Duration::from_secs);
        assert_eq!(outcome, Outcome::Answered { status: 429, retry_after, partial: false }, "{value}");
    }
}

#[tokio::test]
async fn a_compressed_answer_is_not_inflated() {
    // Not even gzip: only somebody who inflates would notice.
    let script = Script::new().repeat(Script::new().read_request().answer_with(
        202,
        &[("content-encoding", "gzip")],
        "not gzip at all",
    ));
    let peer = Peer::start([script]);
    let endpoint = endpoint(client(), &peer);
    for _ in 0..2 {
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
    }
    assert_eq!(peer.connection_count(), 1);
    assert_eq!(peer.requests()[0].header("accept-encoding"), None, "none is asked for");
}

#[tokio::test]
async fn chunked_answers_leave_the_connection_usable() {
    let answer = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let peer = Peer::start([Script::new().repeat(Script::new().read_request().write(answer))]);
    let endpoint = endpoint(client(), &peer);
    for _ in 0..3 {
        assert_eq!(endpoint.post(&small()).await, Outcome::status(200));
    }
    assert_eq!(peer.connection_count(), 1);
}

#[tokio::test]
async fn a_server_that_says_close_gets_a_new_connection() {
    let answer = Script::new().read_request().answer_with(202, &[("connection", "close")], "").hold();
    let peer = Peer::start([answer]);
    let endpoint = endpoint(client(), &peer);
    for _ in 0..3 {
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
    }
    assert_eq!(peer.connection_count(), 3);
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced_before_anything_is_sent() {
    let peer = Peer::start([Script::new().read_request().answer(202)]);
    let endpoint = endpoint(client(), &peer);
    for round in 0..20 {
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
        assert!(peer.wait_until(LONG, |connections| connections[round].end.is_some()));
    }
    assert_eq!(peer.connection_count(), 20);
}

#[tokio::test]
async fn a_late_second_answer_is_not_taken_for_the_next() {
    let gate = Gate::new();
    let twice = Script::new().read_request().answer(202).gate(&gate).answer(200);
    let peer = Peer::start([twice, Script::answering(204)]);
    let endpoint = endpoint(client(), &peer);
    assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
    gate.open();
    assert!(peer.wait_until(LONG, |connections| connections[0].end.is_some()));
    assert_eq!(endpoint.post(&small()).await, Outcome::status(204));
}

#[tokio::test]
async fn an_idle_connection_is_not_used_again() {
    let peer = Peer::start([Script::answering(202)]);
    let endpoint = endpoint(client().timeouts(Timeouts { idle: SHORT, ..PATIENT }), &peer);
    for connections in 1..3 {
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
        assert_eq!(peer.connection_count(), connections);
        tokio::time::sleep(SHORT * 2).await;
    }
}

#[tokio::test]
async fn idleness_counts_from_the_last_answer() {
    let peer = Peer::start([Script::answering(202)]);
    let endpoint = endpoint(client().timeouts(Timeouts { idle: SHORT * 10, ..PATIENT }), &peer);
    for _ in 0..3 {
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
        tokio::time::sleep(SHORT * 6).await;
    }
    assert_eq!(peer.connection_count(), 1);
}

#[tokio::test]
async fn nobody_listens() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let endpoint = client().build().unwrap().endpoint(free.port(), "/").unwrap();
    let batch = small();
    assert_eq!(endpoint.post(&batch).await, Outcome::Unsent(Cause::Connect));
    assert!(!batch.was_written());
}

#[tokio::test]
async fn both_families_of_localhost_are_tried() {
    // The peer listens at 127.0.0.1 alone; `localhost` may be ::1 first.
    let peer = Peer::start([Script::answering(202)]);
    let client = Client::builder("localhost").timeouts(PATIENT).build().unwrap();
    let endpoint = client.endpoint(peer.port(), "/").unwrap();
    assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
    assert_eq!(peer.requests()[0].header("host"), Some(&*format!("localhost:{}", peer.port())));
}

#[tokio::test]
async fn ipv6_literals() {
    let Ok(listener) = tokio::net::TcpListener::bind("[::1]:0").await else {
        return; // A machine without IPv6.
    };
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = vec![0; 1024];
        let read = tokio::io::AsyncReadExt::read(&mut stream, &mut head).await.unwrap();
        let answer = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
        String::from_utf8_lossy(&head[..read]).into_owned()
    });
    let client = Client::builder("[::1]").timeouts(PATIENT).build().unwrap();
    assert_eq!(client.endpoint(port, "/").unwrap().post(&small()).await, Outcome::status(202));
    assert!(server.await.unwrap().contains(&format!("host: [::1]:{port}\r\n")));
}

#[tokio::test]
async fn the_request_is_what_receivers_expect() {
    let peer = Peer::start([Script::answering(202)]);
    endpoint(client().token("t-1"), &peer).post(&small()).await;
    endpoint(client().gzip_level(1), &peer).post(&small()).await;
    let requests = peer.requests();
    let [plain, zipped] = &requests[..] else { panic!("two requests") };

    assert_eq!((plain.method.as_str(), plain.target.as_str()), ("POST", "/report?f=wavefront"));
    assert_eq!(plain.body, small().bytes());
    let mut headers = plain.headers.clone();
    headers.sort();
    let expected = [
        ("authorization", "Bearer t-1".to_owned()),
        ("content-length", plain.body.len().to_string()),
        ("content-type", "application/octet-stream".to_owned()),
        ("host", peer.addr().to_string()),
        ("user-agent", format!("wf-sdk/{}", env!("CARGO_PKG_VERSION"))),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value)));

    assert_eq!(zipped.header("authorization"), None);
    assert_eq!(zipped.header("content-encoding"), Some("gzip"));
}

#[tokio::test]
async fn a_gzip_body_holds_the_lines_at_every_level() {
    let peer = Peer::start([Script::answering(202)]);
    let records = (0..5000).map(|n| format!("\"cpu.load\" {n} source=\"web-{}\"\n", n % 7));
    let batch = Batch::new(LineKind::Point, records.collect());
    for level in 1..=10 {
        let endpoint = endpoint(client().gzip_level(level), &peer);
        assert_eq!(endpoint.post(&batch.again()).await, Outcome::status(202));
    }
    let requests = peer.requests();
    for request in &requests {
        let mut lines = Vec::new();
        flate2::read::GzDecoder::new(&request.body[..]).read_to_end(&mut lines).unwrap();
        assert!(lines == batch.bytes());
        assert_eq!(request.header("content-length"), Some(&*request.body.len().to_string()));
    }
    assert!(requests[9].body == requests[8].body, "above 9 is 9");
    assert!(requests[8].body.len() < requests[0].body.len());
}

#[tokio::test]
async fn a_dropped_future_leaves_the_endpoint_usable() {
    // Where the future stands when it is dropped: before the request left, in the middle, and before the answer's end.
    let stalls = [
        Script::new().hold(),
        Script::new().read_bytes(1024).hold(),
        Script::new().read_request().hold(),
        Script::new().read_request().write("HTTP/1.1 200").hold(),
        Script::new().read_request().write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n").hold(),
    ];
    for (number, stall) in stalls.into_iter().enumerate() {
        let first =
            stall.steps().iter().cloned().fold(Script::new().read_request().answer(202), Script::then);
        let peer = Peer::start([first, Script::answering(202)]);
        let endpoint = endpoint(client(), &peer);
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
        let batch = if number < 2 { big() } else { small() };
        assert!(tokio::time::timeout(SHORT * 3, endpoint.post(&batch)).await.is_err(), "stall {number}");
        assert!(batch.was_written());
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
        assert_eq!(peer.connection_count(), 2, "the connection in doubt is not used again");
    }
}

#[tokio::test]
async fn a_future_dropped_at_any_poll_leaves_the_endpoint_usable() {
    let peer = Peer::start([Script::answering(202)]);
    let endpoint = endpoint(client(), &peer);
    for polls in 0..12 {
        let batch = small();
        let mut post = Box::pin(endpoint.post(&batch));
        for _ in 0..polls {
            let once = std::future::poll_fn(|cx| Poll::Ready(Future::poll(post.as_mut(), cx).is_ready()));
            if once.await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(post);
        assert_eq!(endpoint.post(&small()).await, Outcome::status(202));
    }
}

/// F42: the server closes at about the time of the next request. An outcome never contradicts what the server saw.
#[tokio::test]
async fn a_close_that_crosses_a_request_never_lies() {
    const ROUNDS: usize = 400;
    let mut rng = Rng::new(42);
    let mut pause = || Duration::from_micros(rng.below(3000));
    let scripts: Vec<Script> =
        (0..=ROUNDS).map(|_| Script::new().read_request().answer(202).sleep(pause())).collect();
    let peer = Peer::start(scripts);
    let endpoint = endpoint(client(), &peer);
    let mut outcomes = Vec::new();
    for round in 0..ROUNDS {
        outcomes.push(endpoint.post(&line(&format!("\"id-{round}\" 1 source=\"h\"\n"))).await);
        std::thread::sleep(pause());
    }
    let requests = peer.requests();
    for (round, outcome) in outcomes.iter().enumerate() {
        let id = format!("\"id-{round}\"");
        let seen = requests.iter().filter(|request| request.body.starts_with(id.as_bytes())).count();
        match outcome {
            Outcome::Answered { status: 202, .. } => assert_eq!(seen, 1),
            Outcome::Unsent(_) => assert_eq!(seen, 0),
            Outcome::Unknown(_) => assert!(seen <= 1),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_close_right_after_accept_never_lies() {
    let peer = Peer::start([Script::new()]);
    let endpoint = endpoint(client(), &peer);
    for _ in 0..50 {
        match endpoint.post(&small()).await {
            Outcome::Unsent(Cause::Closed) | Outcome::Unknown(Cause::Closed | Cause::Reset) => {}
            other => panic!("{other:?}"),
        }
    }
}
