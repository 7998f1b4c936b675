//! It starts anywhere and stops at once.

use std::io::ErrorKind;
use std::net::TcpStream;

use wf_receiver::Receiver;

use crate::client::{Client, post};

#[test]
fn close_frees_the_port_and_the_connections_at_once() {
    for _ in 0..20 {
        let receiver = Receiver::start().unwrap();
        let port = receiver.port();
        let mut client = Client::new(&receiver);
        assert_eq!(client.post("", "cpu 1 source=h\n").status, 202);
        receiver.close();
        assert!(client.read().is_err());
        assert_eq!(TcpStream::connect(("127.0.0.1", port)).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        let again = Receiver::builder().port(port).start().unwrap();
        assert_eq!(post(&again, "", "cpu 1 source=h\n").status, 202);
    }
}

#[test]
fn a_taken_port_is_an_error() {
    let receiver = Receiver::start().unwrap();
    let error = Receiver::builder().port(receiver.port()).start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    for builder in [
        Receiver::builder().traces_port(receiver.port()),
        Receiver::builder().distributions_port(receiver.port()),
    ] {
        assert_eq!(builder.start().unwrap_err().kind(), ErrorKind::AddrInUse);
    }
}

#[test]
fn further_ports_open_when_asked_and_close_with_the_rest() {
    let plain = Receiver::start().unwrap();
    assert_eq!((plain.distributions_addr(), plain.traces_addr()), (None, None));
    let receiver = Receiver::builder().distributions_port(0).traces_port(0).start().unwrap();
    let ports = [Some(receiver.addr()), receiver.distributions_addr(), receiver.traces_addr()];
    let clients = ports.map(|addr| Client::at(addr.unwrap()));
    receiver.close();
    for mut client in clients {
        assert!(client.read().is_err());
    }
}

#[test]
fn the_url_names_the_port() {
    let receiver = Receiver::start().unwrap();
    assert_eq!(receiver.url(), format!("proxy://127.0.0.1:{}", receiver.port()));
    assert!(receiver.addr().ip().is_loopback());
}

#[test]
fn receivers_do_not_share_anything() {
    let (one, other) = (Receiver::start().unwrap(), Receiver::start().unwrap());
    post(&one, "", "cpu 1 source=h\n");
    assert_eq!((one.counts().accepted.total(), other.counts().accepted.total()), (1, 0));
}

#[tokio::test]
async fn works_and_stops_inside_a_runtime() {
    let receiver = Receiver::start().unwrap();
    assert_eq!(post(&receiver, "", "cpu 1 source=h\n").status, 202);
    drop(receiver);
}

#[test]
fn a_thread_that_panics_with_the_lock_does_no_harm() {
    let receiver = Receiver::start().unwrap();
    post(&receiver, "", "cpu 1 source=h id=a\n");
    std::thread::scope(|scope| {
        let visit = || receiver.for_each_id(wf_receiver::Kind::Metric, |_, _| panic!("in the visitor"));
        assert!(scope.spawn(visit).join().is_err());
    });
    assert_eq!(post(&receiver, "", "cpu 1 source=h id=a\n").status, 202);
    assert_eq!(receiver.counts().accepted.total(), 2);
}
