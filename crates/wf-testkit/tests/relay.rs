//! The relay, fault by fault.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use wf_testkit::{Fault, Peer, Relay, Script};

const SOON: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(50);
const POST: &[u8] = b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc";

fn connect(relay: &Relay) -> TcpStream {
    let stream = TcpStream::connect(relay.addr()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

fn pair(script: Script) -> (Peer, Relay) {
    let peer = Peer::start([script]);
    let relay = Relay::start(peer.addr());
    (peer, relay)
}

fn ask(stream: &mut TcpStream) -> Result<(), ErrorKind> {
    stream.write_all(POST).map_err(|error| error.kind())?;
    stream.read_exact(&mut [0; 44]).map_err(|error| error.kind())
}

fn arrived(peer: &Peer) -> usize {
    peer.connections().iter().map(|it| it.read.len()).sum()
}

fn is_dead(result: Result<(), ErrorKind>) -> bool {
    matches!(result, Err(ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof))
}

#[test]
fn passes_bytes_both_ways_and_counts_them() {
    let (peer, relay) = pair(Script::answering(202));
    let mut stream = connect(&relay);
    for _ in 0..3 {
        ask(&mut stream).unwrap();
    }
    assert_eq!(peer.connection(0).requests.len(), 3);
    assert_eq!(relay.passed(), (3 * POST.len() as u64, 3 * 44));
    assert_eq!((relay.connection_count(), relay.reset_count()), (1, 0));
}

#[test]
fn passes_the_end_of_each_half() {
    let (peer, relay) = pair(Script::new().read_all().write("after"));
    let mut stream = connect(&relay);
    stream.write_all(b"before").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!((answer.as_str(), peer.connection(0).read.as_slice()), ("after", b"before".as_slice()));
}

#[test]
fn stall_lets_nothing_pass_until_it_ends() {
    let (peer, relay) = pair(Script::answering(202));
    let mut stream = connect(&relay);
    ask(&mut stream).unwrap();
    relay.set(Fault::Stall);
    stream.set_read_timeout(Some(SHORT)).unwrap();
    assert!(matches!(ask(&mut stream), Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)));
    assert_eq!(arrived(&peer), POST.len());
    relay.set(Fault::Pass);
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.read_exact(&mut [0; 44]).unwrap();
    assert_eq!(arrived(&peer), 2 * POST.len());
}

#[test]
fn throttle_slows_down() {
    let (peer, relay) = pair(Script::new().read_all());
    relay.set(Fault::Throttle(100_000));
    let start = Instant::now();
    let mut stream = connect(&relay);
    stream.write_all(&vec![0; 20_000]).unwrap();
    assert!(peer.wait_until(SOON, |all| all.first().is_some_and(|it| it.read.len() == 20_000)));
    assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
}

#[test]
fn delay_holds_each_chunk_back() {
    let (_peer, relay) = pair(Script::answering(202));
    relay.set(Fault::Delay { base: SHORT, jitter: Duration::from_millis(5) });
    let mut stream = connect(&relay);
    let start = Instant::now();
    ask(&mut stream).unwrap();
    assert!(start.elapsed() >= SHORT * 2, "there and back took {:?}", start.elapsed());
}

#[test]
fn reset_after_cuts_every_connection_there() {
    let (peer, relay) = pair(Script::new().read_all());
    relay.set(Fault::ResetAfter(10));
    for n in 0..3 {
        let mut stream = connect(&relay);
        stream.write_all(POST).unwrap();
        assert!(is_dead(stream.read_exact(&mut [0]).map_err(|error| error.kind())));
        assert!(peer.wait_until(SOON, |all| all.get(n).is_some_and(|it| it.end.is_some())));
        assert_eq!(peer.connection(n).read, POST[..10]);
    }
    assert_eq!(relay.reset_count(), 3);
}

#[test]
fn reset_after_zero_cuts_a_connection_that_is_idle() {
    let (_peer, relay) = pair(Script::answering(202));
    let mut stream = connect(&relay);
    ask(&mut stream).unwrap();
    relay.set(Fault::ResetAfter(0));
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn bytes_count_from_the_setting() {
    let (peer, relay) = pair(Script::new().read_all());
    let mut stream = connect(&relay);
    stream.write_all(b"0123456789").unwrap();
    assert!(peer.wait_until(SOON, |all| all.first().is_some_and(|it| it.read.len() == 10)));
    relay.set(Fault::ResetAfter(3));
    stream.write_all(b"abcdef").unwrap();
    assert!(is_dead(stream.read_exact(&mut [0]).map_err(|error| error.kind())));
    assert!(peer.wait_until(SOON, |all| all[0].end.is_some()));
    assert_eq!(peer.connection(0).read, b"0123456789abc");
}

#[test]
fn reset_at_repeats_with_the_seed() {
    let places = |seed| {
        let (peer, relay) = pair(Script::new().read_all());
        relay.set(Fault::ResetAt { seed, within: 1000 });
        for n in 0..4 {
            let mut stream = connect(&relay);
            let _ = stream.write_all(&[0; 2000]);
            assert!(is_dead(stream.read_exact(&mut [0]).map_err(|error| error.kind())));
            assert!(peer.wait_until(SOON, |all| all.get(n).is_some_and(|it| it.end.is_some())));
        }
        peer.connections().iter().map(|it| it.read.len()).collect::<Vec<_>>()
    };
    let (first, again, other) = (places(1), places(1), places(2));
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(first.iter().all(|place| (1..=1000).contains(place)), "{first:?}");
    assert!(first.iter().any(|place| *place != first[0]), "every connection at the same place");
}

#[test]
fn reset_on_answer_comes_after_the_whole_request() {
    let (peer, relay) = pair(Script::answering(202));
    relay.set(Fault::ResetOnAnswer);
    let mut stream = connect(&relay);
    assert!(is_dead(ask(&mut stream)));
    assert_eq!(peer.connection(0).requests[0].body, b"abc");
    assert_eq!(relay.passed().1, 0);
    relay.set(Fault::Pass);
    ask(&mut connect(&relay)).unwrap();
}

#[test]
fn refuse_keeps_new_connections_out_and_old_ones_alive() {
    let (_peer, relay) = pair(Script::answering(202));
    let mut old = connect(&relay);
    ask(&mut old).unwrap();
    for _ in 0..3 {
        relay.refuse(true);
        assert_eq!(TcpStream::connect(relay.addr()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        ask(&mut old).unwrap();
        relay.refuse(false);
        ask(&mut connect(&relay)).unwrap();
    }
}

#[test]
fn kill_resets_what_runs_and_nothing_else() {
    let (_peer, relay) = pair(Script::answering(202));
    let mut old = connect(&relay);
    ask(&mut old).unwrap();
    relay.kill();
    assert_eq!(old.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    ask(&mut connect(&relay)).unwrap();
    assert_eq!(relay.reset_count(), 1);
}

#[test]
fn a_dead_target_resets_the_client() {
    let (peer, relay) = pair(Script::answering(202));
    drop(peer);
    assert!(is_dead(ask(&mut connect(&relay))));
    assert_eq!(relay.reset_count(), 0, "not the relay's own doing");
}

#[test]
fn a_reset_by_the_target_reaches_the_client() {
    let (_peer, relay) = pair(Script::new().read_request().rst());
    assert_eq!(ask(&mut connect(&relay)), Err(ErrorKind::ConnectionReset));
}
