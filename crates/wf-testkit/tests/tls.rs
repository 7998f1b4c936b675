//! The scripted peer inside TLS.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConnection, StreamOwned};
use wf_testkit::{Authority, End, Peer, Script};

const SOON: Duration = Duration::from_secs(10);
const POST: &[u8] = b"POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc";

fn connect(peer: &Peer, trusted: &Authority, name: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let tcp = TcpStream::connect(peer.addr()).unwrap();
    tcp.set_read_timeout(Some(SOON)).unwrap();
    let name = name.to_owned().try_into().unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(trusted.client()), name).unwrap(), tcp)
}

#[track_caller]
fn check(script: Script, expected: Result<&[u8], ErrorKind>) {
    let authority = Authority::new();
    let peer = Peer::builder().tls(authority.server("localhost")).scripts([script]).start();
    let mut stream = connect(&peer, &authority, "localhost");
    stream.write_all(POST).unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer).map(|_| answer).map_err(|error| error.kind());
    assert_eq!(read.as_deref().map_err(|it| *it), expected);
    assert!(peer.wait_until(SOON, |all| all[0].end == Some(End::Script)));
    assert_eq!(peer.connection(0).read, POST);
    assert_eq!(peer.connection(0).requests[0].body, b"abc");
}

#[test]
fn fin_says_goodbye() {
    check(Script::new().read_request().write("ok").fin(), Ok(b"ok"));
}

#[test]
fn an_end_without_fin_says_none() {
    check(Script::new().read_request().write("ok"), Err(ErrorKind::UnexpectedEof));
}

#[test]
fn rst_resets() {
    check(Script::new().read_request().rst(), Err(ErrorKind::ConnectionReset));
}

#[test]
fn a_handshake_that_fails_is_an_end() {
    let (authority, other) = (Authority::new(), Authority::new());
    let peer = Peer::builder().tls(authority.server("localhost")).scripts([Script::answering(202)]).start();
    for (trusted, name) in [(&other, "localhost"), (&authority, "elsewhere")] {
        let error = connect(&peer, trusted, name).write_all(POST).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    }
    assert!(
        peer.wait_until(SOON, |all| all.iter().filter(|it| matches!(it.end, Some(End::Failed(_)))).count()
            == 2)
    );
    assert!(peer.connections().iter().all(|it| it.read.is_empty()));
}

#[test]
fn a_certificate_can_be_made_wrong() {
    let authority = Authority::new();
    let expired =
        authority.server_with("127.0.0.1", |params| params.not_after = rcgen::date_time_ymd(2001, 1, 1));
    let peer = Peer::builder().tls(expired).scripts([Script::answering(202)]).start();
    let error = connect(&peer, &authority, "127.0.0.1").write_all(POST).unwrap_err();
    assert!(error.to_string().contains("expired"), "{error}");
}
