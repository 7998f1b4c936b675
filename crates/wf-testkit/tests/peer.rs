//! The scripted peer, step by step, against a client of the standard library.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use wf_testkit::{End, Gate, Peer, Script, Step};

const SOON: Duration = Duration::from_secs(10);
const POST: &[u8] = b"POST /report?f=trace HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc";

fn connect(peer: &Peer) -> TcpStream {
    let stream = TcpStream::connect(peer.addr()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

fn read_to_end(stream: &mut TcpStream) -> Result<Vec<u8>, ErrorKind> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map(|_| bytes).map_err(|error| error.kind())
}

#[track_caller]
fn wait_end(peer: &Peer, n: usize, end: End) {
    assert!(peer.wait_until(SOON, |all| all.get(n).is_some_and(|it| it.end.is_some())), "no end");
    assert_eq!(peer.connection(n).end, Some(end));
}

#[test]
fn reads_bytes_and_keeps_the_rest_for_the_next_step() {
    let peer = Peer::start([Script::new().read_bytes(2).read_request().write("ok")]);
    let mut stream = connect(&peer);
    stream.write_all(b"xy").unwrap();
    stream.write_all(POST).unwrap();
    assert_eq!(read_to_end(&mut stream), Ok(b"ok".to_vec()));
    wait_end(&peer, 0, End::Script);
    let seen = peer.connection(0);
    assert_eq!(seen.read, [b"xy", POST].concat());
    assert_eq!(seen.requests[0].target, "/report?f=trace");
    assert_eq!(peer.requests().len(), 1);
}

#[test]
fn scripts_go_by_connection_and_the_last_repeats() {
    let peer = Peer::start([Script::new().write("one"), Script::new().write("two")]);
    for expected in ["one", "two", "two", "two"] {
        assert_eq!(read_to_end(&mut connect(&peer)).unwrap(), expected.as_bytes());
    }
    peer.follow(Script::new().write("three"));
    assert_eq!(read_to_end(&mut connect(&peer)).unwrap(), b"three");
    assert_eq!(read_to_end(&mut connect(&peer)).unwrap(), b"three");
    assert_eq!(peer.connection_count(), 6);
    assert!(peer.connections().windows(2).all(|pair| pair[0].at <= pair[1].at));
}

#[test]
fn follow_before_the_first_connection() {
    let peer = Peer::start([Script::new().write("one")]);
    peer.follow(Script::new().write("other"));
    assert_eq!(read_to_end(&mut connect(&peer)).unwrap(), b"other");
}

#[test]
fn rst_resets() {
    let peer = Peer::start([Script::new().read_request().rst()]);
    let mut stream = connect(&peer);
    stream.write_all(POST).unwrap();
    assert_eq!(read_to_end(&mut stream), Err(ErrorKind::ConnectionReset));
}

#[test]
fn fin_ends_one_half_only() {
    let peer = Peer::start([Script::new().fin().read_all()]);
    let mut stream = connect(&peer);
    assert_eq!(read_to_end(&mut stream), Ok(vec![]));
    stream.write_all(b"late").unwrap();
    drop(stream);
    wait_end(&peer, 0, End::Script);
    assert_eq!(peer.connection(0).read, b"late");
}

#[test]
fn a_gate_holds_until_it_lets_pass() {
    let gate = Gate::new();
    let peer = Peer::start([Script::new().gate(&gate).write("x").gate(&gate).write("y")]);
    let mut stream = connect(&peer);
    let mut byte = [0];
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(stream.read(&mut byte).is_err(), "the gate was open");
    stream.set_read_timeout(Some(SOON)).unwrap();
    gate.pass(1);
    stream.read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"x");
    gate.open();
    assert_eq!(read_to_end(&mut stream).unwrap(), b"y");
}

#[test]
fn hold_keeps_the_connection_until_the_peer_goes() {
    let peer = Peer::start([Script::new().hold()]);
    let mut stream = connect(&peer);
    assert!(peer.wait_until(SOON, |all| all.len() == 1));
    stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    assert!(matches!(read_to_end(&mut stream), Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)));
    let addr = peer.addr();
    drop(peer);
    stream.set_read_timeout(Some(SOON)).unwrap();
    assert_eq!(read_to_end(&mut stream), Ok(vec![]));
    assert!(TcpStream::connect(addr).is_err(), "the port is still open");
}

#[test]
fn a_peer_that_goes_away_ends_the_script() {
    let peer = Peer::start([Script::answering(202)]);
    let mut stream = connect(&peer);
    stream.write_all(&POST[..20]).unwrap();
    drop(stream);
    wait_end(&peer, 0, End::Closed);
    assert_eq!((peer.connection(0).requests.len(), peer.connection(0).read.len()), (0, 20));
}

#[test]
fn answering_answers_every_request_of_a_connection() {
    let peer = Peer::start([Script::answering(202)]);
    let mut stream = connect(&peer);
    let expected = b"HTTP/1.1 202 Scripted\r\ncontent-length: 0\r\n\r\n";
    for _ in 0..3 {
        stream.write_all(POST).unwrap();
        let mut answer = vec![0; expected.len()];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(answer, expected);
    }
    assert_eq!(peer.connection(0).requests.len(), 3);
}

#[test]
fn drip_and_sleep_take_their_time() {
    let pause = Duration::from_millis(10);
    let peer = Peer::start([Script::new().sleep(pause).drip("abc", pause)]);
    let start = Instant::now();
    assert_eq!(read_to_end(&mut connect(&peer)).unwrap(), b"abc");
    assert!(start.elapsed() >= pause * 4);
}

#[test]
fn repeat_writes_without_end() {
    let endless = Script::from(vec![Step::Repeat(vec![Step::Write(vec![b'x'; 4096])])]);
    let peer = Peer::start([endless]);
    let mut stream = connect(&peer);
    stream.read_exact(&mut vec![0; 1 << 20]).unwrap();
    drop(stream);
    assert!(peer.wait_until(SOON, |all| matches!(all[0].end, Some(End::Failed(_)))));
}

#[test]
fn a_port_can_be_taken_again_at_once() {
    let first = Peer::start([Script::new().write("a")]);
    let port = first.port();
    read_to_end(&mut connect(&first)).unwrap();
    drop(first);
    let second = Peer::builder().port(port).scripts([Script::new().write("b")]).start();
    assert_eq!(read_to_end(&mut connect(&second)).unwrap(), b"b");
}

#[test]
fn a_small_receive_buffer_holds_little() {
    let fits = |peer: &Peer| {
        let mut stream = connect(peer);
        stream.set_nonblocking(true).unwrap();
        let (mut sent, block) = (0, [0; 4096]);
        // Until nothing moves for 50 ms: both buffers are full.
        let mut last = Instant::now();
        while last.elapsed() < Duration::from_millis(50) {
            if let Ok(n) = stream.write(&block) {
                (sent, last) = (sent + n, Instant::now());
            }
        }
        sent
    };
    let small = Peer::builder().receive_buffer(4096).scripts([Script::new().hold()]).start();
    let usual = Peer::start([Script::new().hold()]);
    let (small, usual) = (fits(&small), fits(&usual));
    assert!(small < usual, "{small} bytes against {usual}");
}

#[test]
fn many_connections_at_a_time() {
    let peer = Peer::start([Script::answering(202)]);
    let mut streams: Vec<_> = (0..50).map(|_| connect(&peer)).collect();
    for stream in &mut streams {
        stream.write_all(POST).unwrap();
    }
    assert!(peer.wait_until(SOON, |all| all.iter().map(|it| it.requests.len()).sum::<usize>() == 50));
}

#[tokio::test]
async fn works_inside_a_runtime() {
    let peer = Peer::start([Script::new().write("in")]);
    assert_eq!(read_to_end(&mut connect(&peer)).unwrap(), b"in");
}
