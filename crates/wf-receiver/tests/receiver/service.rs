//! What the service has and a proxy usually has not: tokens and the API for events.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use wf_receiver::{Answer, Format, Kind, Receiver};

use crate::client::{Client, gzip};

const JSON: &str = "content-type: application/json\r\n";
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
fn what_comes_without_the_token_is_in_the_books_and_takes_no_scripted_answer() {
    let receiver = Receiver::builder().token("t").start().unwrap();
    receiver.script([Answer::status(500)]);
    let mut client = Client::new(&receiver);
    let reply = client.ask("POST", "/report", "", LINE.repeat(3).as_bytes());
    assert_eq!((reply.status, reply.body.as_str()), (401, "401 Unauthorized\n"));
    assert_eq!(client.ask("POST", "/api/v2/event", JSON, EVENT.replace(',', ",\n").as_bytes()).status, 401);
    let counts = receiver.counts();
    assert_eq!((counts.requests, counts.unauthorized, counts.unread, counts.scripted), (2, 2, 4, 0));
    assert_eq!((counts.accepted.total(), counts.rejected.total()), (0, 0));
    let authorized = client.ask("POST", "/report", "authorization: Bearer t\r\n", LINE.as_bytes());
    assert_eq!((authorized.status, receiver.script_left()), (500, 0));
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
    assert_eq!((answer.len(), counts.accepted.total(), counts.rejected.total()), (0, 0, 0));
    assert_eq!((counts.unread, counts.unauthorized, counts.streams), (1000, 1, 1));
    assert_eq!(counts.text_bytes, 1000 * LINE.len() as u64);
}

/// Posts to the API for events.
#[track_caller]
fn check(receiver: &Receiver, headers: &str, body: &[u8], status: u16) {
    let mut client = Client::new(receiver);
    let reply = client.ask("POST", "/api/v2/event", headers, body);
    let result = if status == 200 { "\"result\":\"OK\"" } else { "\"result\":\"ERROR\"" };
    assert_eq!(reply.status, status, "{reply:?}");
    assert!(reply.body.contains(result) && reply.body.contains(&format!("\"code\":{status}")), "{reply:?}");
    assert!(reply.head.contains("content-type: application/json\r\n"), "{reply:?}");
    assert_eq!(client.ask("OPTIONS", "/", "", b"").status, 204, "the connection is of use");
}

#[test]
fn an_event_is_one_json_object_a_request() {
    let receiver = Receiver::start().unwrap();
    for body in [EVENT, &format!("{EVENT}\n"), &EVENT.replace(',', ",\n")] {
        check(&receiver, JSON, body.as_bytes(), 200);
    }
    check(&receiver, "content-type: Application/JSON; charset=utf-8\r\n", EVENT.as_bytes(), 200);
    assert_eq!((receiver.seen(Kind::Event), receiver.times_seen(Kind::Event, "e")), (4, 4));
    assert_eq!((receiver.accepted()[0].kind, receiver.accepted()[0].text.as_str()), (Kind::Event, EVENT));
    for bad in
        ["", "{", "7", "@Event 1 2 n", &format!("[{EVENT}]"), &EVENT.repeat(2), &EVENT.replace("name", "nom")]
    {
        check(&receiver, JSON, bad.as_bytes(), 400);
    }
    let counts = receiver.counts();
    assert_eq!((counts.rejected.of(Kind::Event), counts.accepted.total()), (7, 4));
    let missing = receiver.rejected().pop().unwrap();
    assert_eq!((missing.code.as_str(), missing.reason.as_str()), ("400", "name is missing"));
}

#[test]
fn an_event_is_neither_compressed_nor_of_another_content_type() {
    let receiver = Receiver::start().unwrap();
    check(&receiver, &format!("{JSON}content-encoding: gzip\r\n"), &gzip(EVENT.as_bytes()), 400);
    check(&receiver, "content-type: application/octet-stream\r\n", EVENT.as_bytes(), 400);
    check(&receiver, "", EVENT.as_bytes(), 400);
    let put = Client::new(&receiver).ask("PUT", "/api/v2/event", JSON, EVENT.as_bytes());
    assert_eq!(put.status, 400);
    assert_eq!((receiver.counts().rejected.of(Kind::Event), receiver.counts().accepted.total()), (4, 0));
}

#[test]
fn an_events_answer_holds_the_event() {
    let receiver = Receiver::start().unwrap();
    let reply = Client::new(&receiver).ask("POST", "/gateway/api/v2/event", JSON, EVENT.as_bytes());
    let expected = format!(r#"{{"status":{{"result":"OK","message":"","code":200}},"response":{EVENT}}}"#);
    assert_eq!(reply.body, expected);
}

#[test]
fn event_lines_come_at_every_path_as_to_a_proxy() {
    let receiver = Receiver::start().unwrap();
    let line = "@Event 1700000000000 1700000000001 \"n\" id=\"line\"\n";
    let octets = "content-type: application/octet-stream\r\ncontent-encoding: gzip\r\n";
    let mut client = Client::new(&receiver);
    for (target, headers, body) in [
        ("/api/v2/event", "", line.as_bytes()),
        ("/api/v2/event", octets, &gzip(line.as_bytes())),
        ("/report?f=event", "", line.as_bytes()),
        ("/report", "", line.as_bytes()),
    ] {
        assert_eq!(client.ask("POST", target, headers, body).status, 202, "{target} {headers}");
    }
    assert_eq!(receiver.times_seen(Kind::Event, "line"), 4);
    // A proxy knows no events as JSON; elsewhere an object is span logs.
    assert_eq!(client.ask("POST", "/report", JSON, EVENT.as_bytes()).status, 202);
    assert_eq!(receiver.counts().rejected.of(Kind::SpanLogs), 1);
}

#[test]
fn answers_to_events_can_be_scripted() {
    let receiver = Receiver::start().unwrap();
    let only = |status| Answer::status(status).only_for(Format::Event);
    receiver.script([only(406), only(500).after_storing(), Answer::status(413).unless_at_most(1)]);
    let mut client = Client::new(&receiver);
    let event = EVENT.replace(',', ",\n");
    let mut post = || client.ask("POST", "/api/v2/event", JSON, event.as_bytes()).status;
    assert_eq!([post(), post(), post(), post()], [406, 500, 200, 200]);
    assert_eq!((receiver.seen(Kind::Event), receiver.counts().unread), (3, 1));
}

#[test]
fn a_trace_port_knows_no_api_for_events() {
    let receiver = Receiver::builder().traces_port(0).start().unwrap();
    let mut client = Client::at(receiver.traces_addr().unwrap());
    assert_eq!(client.ask("POST", "/api/v2/event", JSON, EVENT.as_bytes()).status, 202);
    assert_eq!(receiver.counts().rejected.of(Kind::SpanLogs), 1);
}
