//! It speaks TLS with an authority of its own.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, DEFAULT_VERSIONS, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use wf_receiver::{Answer, Kind, Receiver};

use crate::client::Client;

const LINE: &str = "a 1 source=h id=1\n";

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A connection of a client that trusts what `pem` vouches for.
fn connect(
    addr: SocketAddr,
    pem: &str,
    name: &'static str,
    versions: &[&'static SupportedProtocolVersion],
) -> Stream {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(addr).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    StreamOwned::new(connection, socket)
}

/// A connection of a client that ought to be served.
fn trusting(receiver: &Receiver, addr: SocketAddr) -> Stream {
    connect(addr, receiver.ca_pem().unwrap(), "localhost", DEFAULT_VERSIONS)
}

/// Asks for the end of the connection, so the answer is all that comes.
fn post(stream: &mut Stream, headers: &str) -> std::io::Result<String> {
    let length = LINE.len();
    write!(
        stream,
        "POST /report HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{LINE}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Writes lines and the end of them; nothing is read.
fn write_all(stream: &mut Stream, text: &str) {
    stream.write_all(text.as_bytes()).unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
}

#[test]
fn every_name_of_loopback_and_both_versions_are_served() {
    let receiver = Receiver::builder().tls(true).start().unwrap();
    let pem = receiver.ca_pem().unwrap();
    for name in ["localhost", "127.0.0.1", "::1"] {
        for version in [&TLS12, &TLS13] {
            let mut stream = connect(receiver.addr(), pem, name, &[version]);
            let answer = post(&mut stream, "").unwrap();
            assert!(answer.starts_with("HTTP/1.1 202 "), "{name} {version:?}: {answer}");
        }
    }
    assert_eq!((receiver.counts().accepted.total(), receiver.counts().failed_handshakes), (6, 0));
}

#[test]
fn nobody_else_vouches_for_it_and_it_has_no_other_name() {
    let receiver = Receiver::builder().tls(true).start().unwrap();
    let stranger = Receiver::builder().tls(true).start().unwrap();
    let own = receiver.ca_pem().unwrap();
    for (pem, name) in [(stranger.ca_pem().unwrap(), "localhost"), (own, "example.com"), (own, "127.0.0.2")] {
        let mut stream = connect(receiver.addr(), pem, name, DEFAULT_VERSIONS);
        assert_eq!(post(&mut stream, "").unwrap_err().kind(), ErrorKind::InvalidData, "{name}");
    }
    assert!(receiver.wait_until(Duration::from_secs(20), |counts| counts.failed_handshakes == 3));
    assert_eq!(receiver.counts().requests, 0);
}

#[test]
fn plain_text_is_not_understood() {
    let receiver = Receiver::builder().tls(true).start().unwrap();
    let mut client = Client::new(&receiver);
    client.write(LINE.as_bytes()).unwrap();
    assert!(client.read().is_err());
    assert!(receiver.wait_until(Duration::from_secs(20), |counts| counts.failed_handshakes == 1));
    assert_eq!((receiver.counts().connections, receiver.counts().accepted.total()), (1, 0));
}

#[test]
fn urls_name_the_scheme() {
    let plain = Receiver::start().unwrap();
    assert_eq!((plain.ca_pem(), plain.https_url("t")), (None, None));
    let receiver = Receiver::builder().tls(true).start().unwrap();
    assert_eq!(receiver.url(), format!("proxys://127.0.0.1:{}", receiver.port()));
    for (token, encoded) in [("a-1._~", "a-1._~"), ("a@b/c:é %", "a%40b%2Fc%3A%C3%A9%20%25")] {
        let url = format!("https://{encoded}@127.0.0.1:{}", receiver.port());
        assert_eq!(receiver.https_url(token), Some(url));
    }
}

#[test]
fn a_token_is_wanted_within_tls_too() {
    let receiver = Receiver::builder().tls(true).token("t").start().unwrap();
    for (headers, status) in [("authorization: Bearer t\r\n", 202), ("", 401)] {
        let answer = post(&mut trusting(&receiver, receiver.addr()), headers).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    assert_eq!((receiver.counts().accepted.total(), receiver.counts().unauthorized), (1, 1));
}

#[test]
fn raw_tcp_is_counted_when_the_receiver_ends_and_its_end_is_announced() {
    let receiver = Receiver::builder().tls(true).start().unwrap();
    for round in 1..=5 {
        let mut stream = trusting(&receiver, receiver.addr());
        write_all(&mut stream, &LINE.repeat(500));
        let mut answer = Vec::new();
        // An end that is not announced would be an error.
        assert_eq!(stream.read_to_end(&mut answer).unwrap(), 0);
        assert_eq!(receiver.times_seen(Kind::Metric, "1"), 500 * round);
    }
    assert_eq!((receiver.counts().streams, receiver.counts().text_bytes), (5, 2500 * LINE.len() as u64));
}

#[test]
fn lines_of_a_client_that_never_reads_are_counted() {
    let receiver = Receiver::builder().tls(true).start().unwrap();
    // More than the buffers between the two hold: some are still on the client's side when it goes.
    let padded = LINE.replace('\n', &" ".repeat(30_000)) + "\n";
    let mut stream = trusting(&receiver, receiver.addr());
    write_all(&mut stream, &padded.repeat(400));
    drop(stream);
    let all = |counts: &wf_receiver::Counts| counts.accepted.total() == 400;
    assert!(receiver.wait_until(Duration::from_secs(20), all), "{:?}", receiver.counts());
}

#[test]
fn every_port_speaks_it() {
    let receiver = Receiver::builder().tls(true).distributions_port(0).traces_port(0).start().unwrap();
    for (addr, line) in [
        (receiver.addr(), LINE),
        (receiver.distributions_addr().unwrap(), "!M #1 2 lat source=h\n"),
        (receiver.traces_addr().unwrap(), "s traceId=1-1-1-1-1 spanId=1-1-1-1-1 1700000000000 1\n"),
    ] {
        let mut stream = trusting(&receiver, addr);
        write_all(&mut stream, line);
        stream.read_to_end(&mut Vec::new()).unwrap();
    }
    let seen = [Kind::Metric, Kind::Histogram, Kind::Span].map(|kind| receiver.seen(kind));
    assert_eq!(seen, [1, 1, 1]);
}

#[test]
fn a_scripted_reset_is_one() {
    let receiver = Receiver::builder().tls(true).start().unwrap();
    receiver.script([Answer::reset().after_storing()]);
    let error = post(&mut trusting(&receiver, receiver.addr()), "").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(receiver.counts().accepted.total(), 1);
}
