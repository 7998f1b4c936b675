//! What the service has and a proxy usually has not: tokens, TLS and the API for events.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use wf_receiver::{Answer, Format, Kind, Receiver};

use crate::client::Client;

const LINE: &str = "a 1 source=h id=1\n";
const EVENT: &str = r#"{"name":"n","annotations":{"id":"e"},"hosts":["h"],"startTime":1700000000000,"endTime":1700000000001}"#;

#[test]
fn a_token_is_wanted_from_every_request() {
    let receiver = Receiver::builder().token("wf-CANARY").start().unwrap();
    let mut client = Client::new(&receiver);
    let mut ask = |target: &str, headers: &str| client.ask("POST", target, headers, LINE.as_bytes()).status;
    assert_eq!(ask("/report?f=wavefront", ""), 401);
    assert_eq!(ask("/report?f=wavefront", "authorization: Bearer other\r\n"), 401);
    assert_eq!(ask("/report?f=wavefront&token=other", ""), 401);
    assert_eq!(receiver.counts().unauthorized, 3);
    assert_eq!(receiver.counts().accepted.total(), 0);
    for (target, headers) in [
        ("/report?f=wavefront", "authorization: Bearer wf-CANARY\r\n"),
        ("/report?f=wavefront", "authorization: wf-CANARY\r\n"),
        ("/report?f=wavefront", "x-auth-token: wf-CANARY\r\n"),
        ("/report?f=wavefront&t=wf-CANARY", ""),
        ("/report?token=wf-CANARY", ""),
        ("/report?api_key=wf-CANARY", ""),
    ] {
        assert_eq!(ask(target, headers), 202, "{target} {headers}");
    }
    assert_eq!((receiver.counts().accepted.total(), receiver.counts().unauthorized), (6, 3));
    let shown = format!("{receiver:?} {:?}", Receiver::builder().token("wf-CANARY"));
    assert!(!shown.contains("CANARY"), "{shown}");
}

#[test]
fn raw_tcp_has_no_token_and_is_thrown_away() {
    let receiver = Receiver::builder().token("t").start().unwrap();
    let mut stream = TcpStream::connect(receiver.addr()).unwrap();
    stream.write_all(LINE.repeat(1000).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let counts = receiver.counts();
    assert_eq!((answer.len(), counts.accepted.total(), counts.unauthorized, counts.streams), (0, 0, 1, 1));
}

#[test]
fn an_event_is_one_json_object_a_request() {
    let receiver = Receiver::start().unwrap();
    let mut client = Client::new(&receiver);
    let mut post = |body: &str| client.ask("POST", "/api/v2/event", "", body.as_bytes());
    let reply = post(EVENT);
    assert_eq!(reply.status, 200);
    assert!(reply.body.contains(r#""result":"OK""#) && reply.head.contains("application/json"), "{reply:?}");
    assert_eq!(post(&format!("{EVENT}\n")).status, 200);
    assert_eq!((receiver.seen(Kind::Event), receiver.times_seen(Kind::Event, "e")), (2, 2));
    for bad in [&format!("[{EVENT}]"), &[EVENT, EVENT].concat(), &EVENT.replace("name", "nom"), "{"] {
        let reply = post(bad);
        assert_eq!(reply.status, 400, "{bad}");
        assert!(reply.body.contains(r#""result":"ERROR""#), "{reply:?}");
    }
    assert_eq!(receiver.counts().rejected.of(Kind::Event), 4);
    assert_eq!(post("@Event 1700000000000 1700000000001 \"n\" id=\"line\"\n").status, 202, "as a proxy does");
    assert_eq!(receiver.times_seen(Kind::Event, "line"), 1);
}

#[test]
fn answers_to_events_can_be_scripted() {
    let receiver = Receiver::start().unwrap();
    let only = |status| Answer::status(status).only_for(Format::Event);
    receiver.script([only(406), only(500).after_storing()]);
    let mut client = Client::new(&receiver);
    let mut post = || client.ask("POST", "/api/v2/event", "", EVENT.as_bytes()).status;
    assert_eq!([post(), post(), post()], [406, 500, 200]);
    assert_eq!(receiver.seen(Kind::Event), 2);
}

/// A client that trusts what `pem` vouches for.
fn tls(receiver: &Receiver, pem: &str, name: &'static str) -> std::io::Result<Vec<u8>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name).unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(receiver.addr()).unwrap());
    let length = LINE.len();
    write!(
        stream,
        "POST /report HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{LINE}"
    )?;
    let mut answer = Vec::new();
    // The end may come without a goodbye; the answer is what counts.
    let _ = stream.read_to_end(&mut answer);
    Ok(answer)
}

#[test]
fn tls_is_spoken_with_an_authority_of_its_own() {
    let receiver = Receiver::builder().tls(true).start().unwrap();
    assert!(receiver.url().starts_with("proxys://127.0.0.1:"));
    let pem = receiver.ca_pem().unwrap();
    for name in ["localhost", "127.0.0.1"] {
        assert!(tls(&receiver, pem, name).unwrap().starts_with(b"HTTP/1.1 202"), "{name}");
    }
    assert_eq!(receiver.counts().accepted.total(), 2);

    let stranger = Receiver::builder().tls(true).start().unwrap();
    assert!(tls(&receiver, stranger.ca_pem().unwrap(), "localhost").is_err());
    assert!(tls(&receiver, pem, "example.com").is_err());
    assert_eq!(receiver.counts().accepted.total(), 2);
    assert_eq!(Receiver::start().unwrap().ca_pem(), None);
}
