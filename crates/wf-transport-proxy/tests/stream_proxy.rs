//! What a proxy sees of a stream, and what a stream knows of the proxy.

use std::{
    io::Read,
    net::TcpListener,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use tokio::{
    net::{TcpSocket, TcpStream},
    time::timeout,
};
use wf_receiver::{Kind, Receiver};
use wf_testkit::{Connection, Fault, Gate, Peer, Relay, Script};
use wf_transport::{Batch, Cause, Limits, LineKind, Outcome, Records, Route, Transport};
use wf_transport_proxy::{BuildError, StreamBuilder, StreamProxy, StreamTimeouts};

const LINE: &str = "\"a\" 1 source=\"h\"\n";
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);
/// Time limits that no machine is too slow for.
const PATIENT: StreamTimeouts =
    StreamTimeouts { connect: LONG, write: LONG, attempt: Duration::from_secs(60), idle: Duration::MAX };

fn batch(lines: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Batch {
    Batch::new(LineKind::Point, Records::from_iter(lines))
}

fn of(kind: LineKind) -> Batch {
    Batch::new(kind, Records::from_iter([LINE]))
}

/// A batch of numbered lines that no kernel takes without a peer that reads.
fn large() -> Batch {
    batch(
        (0..80_000)
            .map(|n| format!("\"large\" {n} source=\"h\" \"tag\"=\"some text to make a line of it\"\n")),
    )
}

fn to(port: u16) -> StreamBuilder {
    StreamProxy::builder("127.0.0.1").port(port).timeouts(PATIENT)
}

fn reading() -> Script {
    Script::new().read_all()
}

/// Waits until the `n`-th connection has delivered exactly `expected`.
#[track_caller]
fn read(peer: &Peer, n: usize, expected: impl AsRef<[u8]>) {
    let expected = expected.as_ref();
    let came = |all: &[Connection]| all.get(n).is_some_and(|it| it.read.len() >= expected.len());
    assert!(peer.wait_until(LONG, came), "{} bytes are missing", expected.len());
    assert!(peer.connection(n).read == expected, "other bytes came");
}

#[track_caller]
fn ended(peer: &Peer, n: usize) {
    assert!(peer.wait_until(LONG, |all| all.get(n).is_some_and(|it| it.end.is_some())));
}

#[tokio::test]
async fn every_kind_arrives_as_what_it_is() {
    let lines = [
        (LineKind::Point, Kind::Metric, "\"a\" 1 source=\"h\" \"id\"=\"1\"\n"),
        (LineKind::Delta, Kind::Delta, "\"∆a\" 1 source=\"h\" \"id\"=\"1\"\n"),
        (LineKind::Histogram, Kind::Histogram, "!M 1700000000 #2 1.5 \"a\" source=\"h\" \"id\"=\"1\"\n"),
        (LineKind::Event, Kind::Event, "@Event 1700000000000 1700000001000 \"a\" host=\"h\" id=\"1\"\n"),
        (LineKind::SourceTag, Kind::SourceTag, "@SourceTag action=add source=\"1\" \"t\"\n"),
        (
            LineKind::Span,
            Kind::Span,
            "\"a\" source=\"h\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
             spanId=0313bafe-9457-11e8-9eb6-529269fb1459 \"application\"=\"x\" \"service\"=\"y\" \"id\"=\"1\" \
             1700000000000 343500\n",
        ),
        (
            LineKind::SpanLog,
            Kind::SpanLogs,
            "{\"traceId\":\"7b3bf470-9456-11e8-9eb6-529269fb1459\",\"spanId\":\"0313bafe-9457-11e8-9eb6-529269fb1459\",\
             \"logs\":[{\"timestamp\":1700000000000,\"fields\":{\"id\":\"1\"}}]}\n",
        ),
    ];
    let receiver = Receiver::builder().traces_port(0).time_window(false).start().unwrap();
    let traces = receiver.traces_addr().unwrap().port();
    let proxy = to(receiver.port()).port_for(LineKind::Span, traces).build().unwrap();
    for (kind, _, text) in lines {
        let batch = Batch::new(kind, Records::from_iter([text]));
        assert_eq!(proxy.deliver(&batch).await, Outcome::Unacknowledged);
        assert!(batch.was_written());
    }
    for (kind, seen_as, _) in lines {
        assert!(
            receiver.wait_until(LONG, |counts| counts.accepted.of(seen_as) == 1),
            "{kind}: {:?}",
            receiver.rejected()
        );
        assert_eq!(receiver.times_seen(seen_as, "1"), 1, "{kind}");
    }
    assert_eq!(receiver.counts().streams, 7, "one connection a kind");
}

#[test]
fn spans_have_no_route_without_a_port_of_their_own() {
    #[track_caller]
    fn check(builder: StreamBuilder, span: Route, span_log: Route) {
        let proxy = builder.build().unwrap();
        for kind in LineKind::ALL {
            let expected = match kind {
                LineKind::Span => span,
                LineKind::SpanLog => span_log,
                _ => Route::Line,
            };
            assert_eq!(proxy.route(kind), expected, "{kind}");
            assert_eq!(proxy.limits(kind), Limits::DEFAULT);
        }
    }
    check(to(2878), Route::None, Route::None);
    check(to(2878).port_for(LineKind::Span, 30_000), Route::Line, Route::Line);
    check(to(2878).port_for(LineKind::SpanLog, 2878), Route::None, Route::Line);
}

#[tokio::test]
async fn a_batch_without_a_route_is_refused() {
    let peer = Peer::start([reading()]);
    let proxy = to(peer.port()).build().unwrap();
    for kind in [LineKind::Span, LineKind::SpanLog] {
        let batch = of(kind);
        assert_eq!(proxy.deliver(&batch).await, Outcome::Refused(Cause::Other));
        assert!(!batch.was_written());
    }
    assert_eq!(peer.connection_count(), 0);
}

#[tokio::test]
async fn a_kind_can_have_a_port_of_its_own() {
    let [common, histograms, spans, span_logs] = [(); 4].map(|()| Peer::start([reading()]));
    let proxy = to(common.port())
        .port_for(LineKind::Histogram, histograms.port())
        .port_for(LineKind::Span, spans.port())
        .port_for(LineKind::SpanLog, span_logs.port())
        .build()
        .unwrap();
    for kind in LineKind::ALL {
        assert_eq!(proxy.deliver(&of(kind)).await, Outcome::Unacknowledged);
    }
    for (peer, kinds) in [(common, 4), (histograms, 1), (spans, 1), (span_logs, 1)] {
        for n in 0..kinds {
            read(&peer, n, LINE);
        }
        assert_eq!(peer.connection_count(), kinds);
    }
}

#[test]
fn what_cannot_work_is_an_error_at_build() {
    #[track_caller]
    fn check(builder: StreamBuilder, expected: BuildError) {
        assert_eq!(builder.build().err(), Some(expected));
    }
    check(StreamProxy::builder(""), BuildError::Host);
    check(StreamProxy::builder("proxy:2878"), BuildError::Host);
    check(StreamProxy::builder("[::1"), BuildError::Host);
    check(StreamProxy::builder("proxy").port(0), BuildError::Port);
    check(StreamProxy::builder("proxy").port_for(LineKind::Span, 0), BuildError::Port);
}

#[tokio::test]
async fn names_and_addresses_of_both_families() {
    // The peer listens at 127.0.0.1 alone; `localhost` may be ::1 first.
    let peer = Peer::start([reading()]);
    let proxy = StreamProxy::builder("LocalHost").port(peer.port()).build().unwrap();
    assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
    read(&peer, 0, LINE);

    let Ok(listener) = TcpListener::bind("[::1]:0") else {
        return; // A machine without IPv6.
    };
    let port = listener.local_addr().unwrap().port();
    for host in ["::1", "[::1]"] {
        let proxy = StreamProxy::builder(host).port(port).build().unwrap();
        assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
        drop(proxy);
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!(text, LINE);
    }
}

#[tokio::test]
async fn nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let batch = of(LineKind::Point);
    let outcome = to(free.port()).build().unwrap().deliver(&batch).await;
    assert_eq!(outcome, Outcome::Unsent(Cause::Connect));
    assert!(!batch.was_written());
}

#[tokio::test]
async fn a_host_that_does_not_answer() {
    // A listener whose queue is full leaves further connections unanswered.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queue = Vec::new();
    while let Ok(Ok(stream)) = timeout(SHORT, TcpStream::connect(address)).await {
        queue.push(stream);
    }
    for (timeouts, expected) in [
        (StreamTimeouts { connect: SHORT, ..PATIENT }, Cause::Connect),
        (StreamTimeouts { attempt: SHORT, ..PATIENT }, Cause::Deadline),
    ] {
        let (proxy, batch) = (to(address.port()).timeouts(timeouts).build().unwrap(), of(LineKind::Point));
        assert_eq!(proxy.deliver(&batch).await, Outcome::Unsent(expected));
        assert!(!batch.was_written());
    }
}

#[tokio::test]
async fn a_host_that_cannot_be_resolved() {
    let batch = of(LineKind::Point);
    let proxy = StreamProxy::builder("no-such-host.invalid").build().unwrap();
    assert_eq!(proxy.deliver(&batch).await, Outcome::Unsent(Cause::Resolve));
    assert!(!batch.was_written());
}

#[tokio::test]
async fn a_connection_is_kept_and_lines_stay_in_order() {
    let peer = Peer::start([reading()]);
    let proxy = to(peer.port()).build().unwrap();
    let lines: Vec<String> = (0..100).map(|n| format!("\"a\" {n} source=\"h\"\n")).collect();
    for line in &lines {
        assert_eq!(proxy.deliver(&batch([line])).await, Outcome::Unacknowledged);
    }
    read(&peer, 0, lines.concat());
    assert_eq!(peer.connection_count(), 1);
}

#[tokio::test]
async fn a_connection_that_rested_too_long_is_replaced() {
    let peer = Peer::start([reading()]);
    let proxy = StreamProxy::builder("127.0.0.1").port(peer.port()).build().unwrap();
    for (rest, connections) in [(0, 1), (200, 1), (200, 1), (241, 2), (239, 2), (10_000, 3)] {
        // The clock stands still only while it is set: sockets know but the real one.
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(rest)).await;
        tokio::time::resume();
        assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
        assert!(peer.wait_until(LONG, |all| all.len() == connections));
    }
    read(&peer, 0, LINE.repeat(3));
    read(&peer, 1, LINE.repeat(2));
    read(&peer, 2, LINE);
    ended(&peer, 0);
    ended(&peer, 1);
}

#[tokio::test]
async fn a_connection_that_ended_between_batches_costs_nothing() {
    let gate = Gate::new();
    let fin = Script::new().read_bytes(LINE.len()).gate(&gate);
    for script in [fin.clone(), fin.rst()] {
        let peer = Peer::start([script]);
        let proxy = to(peer.port()).build().unwrap();
        for n in 0..5 {
            assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
            gate.pass(1);
            read(&peer, n, LINE);
            ended(&peer, n);
        }
        assert_eq!(peer.connection_count(), 5);
    }
}

/// The peer closes after each batch at a moment that nobody chose.
#[tokio::test]
async fn a_close_at_any_moment_costs_no_more_than_is_said() {
    let peer = Peer::start([Script::new().read_bytes(8)]);
    let proxy = to(peer.port()).build().unwrap();
    let mut doubtful = 0;
    for n in 0..200 {
        let text = format!("\"n{n:03}\" 1 source=\"h\"\n");
        let outcome = deliver_at_last(&proxy, &batch([&text])).await;
        doubtful += usize::from(outcome != Outcome::Unsent(Cause::Closed));
    }
    drop(proxy);
    assert!(peer.wait_until(LONG, |all| all.iter().all(|it| it.end.is_some())));
    let seen: Vec<u8> = peer.connections().into_iter().flat_map(|it| it.read).collect();
    assert_eq!(doubtful, 200);
    for n in 0..200 {
        let id = format!("\"n{n:03}\"");
        let times = seen.windows(id.len()).filter(|it| *it == id.as_bytes()).count();
        assert!(times <= 1, "{id} was sent again although it may have arrived");
    }
    for connection in peer.connections() {
        assert!(connection.read.is_empty() || connection.read.starts_with(b"\"n"), "began within a line");
    }
}

/// Tries again for as long as nothing of the batch left.
async fn deliver_at_last(proxy: &StreamProxy, batch: &Batch) -> Outcome {
    for _ in 0..100 {
        match proxy.deliver(&batch.again()).await {
            Outcome::Unsent(_) => {}
            outcome => return outcome,
        }
    }
    panic!("nothing can be sent");
}

#[tokio::test]
async fn a_peer_that_dies_within_a_batch_leaves_it_unknown_or_unacknowledged() {
    let lines: Vec<String> = (0..40).map(|n| format!("\"small\" {n} source=\"h\"\n")).collect();
    let small = lines.concat();
    for place in (0..=small.len() as u64).step_by(23) {
        let peer = Peer::start([reading()]);
        let relay = Relay::start(peer.addr());
        let proxy = to(relay.port()).build().unwrap();
        relay.set(Fault::ResetAfter(place));
        let outcome = proxy.deliver(&batch(&lines)).await;
        relay.set(Fault::Pass);
        let next = deliver_at_last(&proxy, &of(LineKind::Point)).await;
        drop(proxy);

        assert!(peer.wait_until(LONG, |all| all.iter().all(|it| it.end.is_some())));
        let seen: Vec<Vec<u8>> = peer.connections().into_iter().map(|it| it.read).collect();
        match outcome {
            Outcome::Unsent(_) => assert!(seen.iter().all(|it| !it.starts_with(b"\"small\"")), "{place}"),
            Outcome::Unknown(_) | Outcome::Unacknowledged => {}
            other => panic!("{other:?} at {place}"),
        }
        assert!(matches!(next, Outcome::Unknown(_) | Outcome::Unacknowledged), "{next:?} at {place}");
        let whole = [&*small, LINE].concat();
        for seen in seen {
            assert!(whole.as_bytes().starts_with(&seen) || LINE.as_bytes().starts_with(&seen), "{place}");
        }
    }
}

#[tokio::test]
async fn a_reset_within_a_large_batch_is_unknown_and_the_next_begins_with_a_line() {
    let large = large();
    // Further on the rest might fit into the buffers of the kernel, and would then be written.
    for place in [1, 1000, 65_536] {
        let peer = Peer::start([reading()]);
        let relay = Relay::start(peer.addr());
        let proxy = to(relay.port()).build().unwrap();
        relay.set(Fault::ResetAfter(place));
        let outcome = proxy.deliver(&large.again()).await;
        assert!(
            matches!(outcome, Outcome::Unknown(Cause::Reset | Cause::Closed)),
            "{outcome:?} after {place} bytes"
        );
        relay.set(Fault::Pass);
        assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
        assert!(peer.wait_until(LONG, |all| all.last().is_some_and(|it| it.read == LINE.as_bytes())));
        for connection in &peer.connections()[..peer.connection_count() - 1] {
            assert!(large.bytes().starts_with(&connection.read));
        }
    }
}

#[tokio::test]
async fn a_peer_that_never_reads_is_given_up_after_the_time_for_a_write() {
    let peer = Peer::start([Script::new().hold(), reading()]);
    let proxy = to(peer.port()).timeouts(StreamTimeouts { write: SHORT, ..PATIENT }).build().unwrap();
    let start = Instant::now();
    assert_eq!(proxy.deliver(&large()).await, Outcome::Unknown(Cause::Deadline));
    let took = start.elapsed();
    assert!(took >= SHORT && took < SHORT + Duration::from_secs(5), "{took:?}");
    assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
    read(&peer, 1, LINE);
}

#[tokio::test]
async fn an_attempt_has_an_end_however_slow_the_peer() {
    let peer = Peer::start([reading()]);
    let relay = Relay::start(peer.addr());
    relay.set(Fault::Throttle(100_000));
    let proxy = to(relay.port()).timeouts(StreamTimeouts { attempt: SHORT, ..PATIENT }).build().unwrap();
    assert_eq!(proxy.deliver(&large()).await, Outcome::Unknown(Cause::Deadline));
}

#[tokio::test]
async fn a_batch_that_fills_the_kernel_is_not_called_written() {
    let gate = Gate::new();
    let peer = Peer::start([Script::new().gate(&gate).read_all()]);
    let proxy = to(peer.port()).timeouts(StreamTimeouts { attempt: SHORT, ..PATIENT }).build().unwrap();
    let (mut written, mut n) = (String::new(), 0);
    let (last, outcome) = loop {
        let text = format!("\"n{n:06}\" 1 source=\"h\" \"tag\"=\"{}\"\n", "x".repeat(900));
        n += 1;
        match proxy.deliver(&batch([&text])).await {
            Outcome::Unacknowledged => written += &text,
            outcome => break (text, outcome),
        }
    };
    gate.open();
    ended(&peer, 0);
    let seen = peer.connection(0).read;
    match outcome {
        // Where the kernel had room for a part of it, as Linux has.
        Outcome::Unknown(Cause::Deadline) => {
            assert!(seen.starts_with(written.as_bytes()));
            assert!((written + &last).as_bytes().starts_with(&seen) && !seen.ends_with(b"\n"));
        }
        Outcome::Unsent(Cause::Deadline) => assert!(seen == written.as_bytes(), "a byte too many or too few"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_kind_that_is_stuck_does_not_delay_another() {
    let stuck = Peer::start([Script::new().hold()]);
    let fine = Peer::start([reading()]);
    let proxy = to(fine.port()).port_for(LineKind::Point, stuck.port()).build().unwrap();
    let large = large();
    let others = async {
        assert!(stuck.wait_until(LONG, |all| all.len() == 1));
        for _ in 0..10 {
            assert_eq!(proxy.deliver(&of(LineKind::Delta)).await, Outcome::Unacknowledged);
        }
        read(&fine, 0, LINE.repeat(10));
    };
    tokio::select! {
        biased;
        outcome = proxy.deliver(&large) => panic!("{outcome:?}"),
        () = others => {}
    }
}

#[tokio::test]
async fn a_peer_that_reads_byte_by_byte_gets_whole_lines() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let reader: JoinHandle<Vec<u8>> = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut all, mut byte) = (Vec::new(), [0]);
        while stream.read(&mut byte).unwrap() == 1 {
            all.push(byte[0]);
        }
        all
    });
    let proxy = to(port).build().unwrap();
    let lines: Vec<String> = (0..4000).map(|n| format!("\"slow\" {n} source=\"h\"\n")).collect();
    for lines in lines.chunks(1000) {
        assert_eq!(proxy.deliver(&batch(lines)).await, Outcome::Unacknowledged);
    }
    drop(proxy);
    assert!(reader.join().unwrap() == lines.concat().as_bytes());
}

#[tokio::test]
async fn short_writes_keep_lines_whole() {
    let peer = Peer::builder().receive_buffer(4096).scripts([reading()]).start();
    let proxy = to(peer.port()).build().unwrap();
    let large = large();
    assert_eq!(proxy.deliver(&large).await, Outcome::Unacknowledged);
    assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
    read(&peer, 0, [large.bytes(), LINE.as_bytes()].concat());
}

#[tokio::test]
async fn a_dropped_future_leaves_the_lane_usable() {
    let peer = Peer::start([Script::new().hold(), reading()]);
    let proxy = to(peer.port()).build().unwrap();
    let large = large();
    assert!(timeout(SHORT, proxy.deliver(&large)).await.is_err(), "the peer does not read");
    assert!(large.was_written());
    assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
    read(&peer, 1, LINE);
}

const ANSWER: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn bytes_from_the_peer_before_a_batch_fail_the_attempt_unsent() {
    let gate = Gate::new();
    let peer = Peer::start([Script::new().read_bytes(LINE.len()).gate(&gate).write(ANSWER), reading()]);
    let proxy = to(peer.port()).build().unwrap();
    assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
    gate.open();
    ended(&peer, 0);
    let next = of(LineKind::Point);
    assert_eq!(proxy.deliver(&next).await, Outcome::Unsent(Cause::Protocol));
    assert!(!next.was_written());
    assert_eq!(proxy.deliver(&next.again()).await, Outcome::Unacknowledged);
    read(&peer, 1, LINE);
}

#[tokio::test]
async fn bytes_from_the_peer_during_a_batch_leave_it_unknown() {
    let peer = Peer::start([Script::new().read_bytes(1000).write(ANSWER).read_all(), reading()]);
    let proxy = to(peer.port()).build().unwrap();
    assert_eq!(proxy.deliver(&large()).await, Outcome::Unknown(Cause::Protocol));
    assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
    read(&peer, 1, LINE);
}

#[tokio::test]
async fn an_end_during_a_batch_leaves_it_unknown() {
    let peer = Peer::start([Script::new().read_bytes(1000).fin().read_all(), reading()]);
    let proxy = to(peer.port()).build().unwrap();
    assert_eq!(proxy.deliver(&large()).await, Outcome::Unknown(Cause::Closed));
    assert_eq!(proxy.deliver(&of(LineKind::Point)).await, Outcome::Unacknowledged);
    read(&peer, 1, LINE);
}

#[tokio::test]
async fn a_peer_that_writes_without_end_keeps_nobody() {
    let junk = Script::new().repeat(Script::new().write([b'x'; 4096]));
    let peer = Peer::start([junk]);
    let proxy = to(peer.port()).build().unwrap();
    let start = Instant::now();
    for _ in 0..20 {
        let outcome = proxy.deliver(&of(LineKind::Point)).await;
        let expected =
            [Outcome::Unacknowledged, Outcome::Unsent(Cause::Protocol), Outcome::Unknown(Cause::Protocol)];
        assert!(expected.contains(&outcome), "{outcome:?}");
    }
    assert!(start.elapsed() < LONG);
}

#[tokio::test]
async fn a_metric_called_like_an_http_method_arrives() {
    let receiver = Receiver::start().unwrap();
    let proxy =
        to(receiver.port()).timeouts(StreamTimeouts { idle: Duration::ZERO, ..PATIENT }).build().unwrap();
    let names =
        ["POST.requests", "GET", "COUNT.x", "HEAP.used", "TRAFFIC", "DEPTH", "PUT", "OPEN", "PAGES", "x"];
    for name in names {
        let batch = batch([format!("{name} 1 source=h id={name}\n")]);
        assert_eq!(proxy.deliver(&batch).await, Outcome::Unacknowledged);
    }
    let all = names.len() as u64;
    assert!(receiver.wait_until(LONG, |counts| counts.accepted.total() == all), "{:?}", receiver.counts());
    let counts = receiver.counts();
    assert_eq!((counts.streams, counts.requests, counts.ignored), (all, 0, all));
    assert!(names.into_iter().all(|name| receiver.times_seen(Kind::Metric, name) == 1));
}

#[tokio::test]
async fn only_a_bare_word_at_the_start_of_a_connection_gets_a_blank_line() {
    for (first, blank) in [
        ("GET 1\n", "\n"),
        (" \"a\" 1\n", "\n"),
        ("\"a\" 1\n", ""),
        ("!M 1\n", ""),
        ("@E 1\n", ""),
        ("{}\n", ""),
    ] {
        let peer = Peer::start([reading()]);
        let proxy = to(peer.port()).build().unwrap();
        for line in [first, "POST 2\n"] {
            assert_eq!(proxy.deliver(&batch([line])).await, Outcome::Unacknowledged);
        }
        read(&peer, 0, format!("{blank}{first}POST 2\n"));
    }
}
