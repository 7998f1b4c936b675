//! It answers what a test prescribes.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use wf_receiver::{Answer, Format, Kind, Receiver};

use crate::client::{Client, Reply, post};

const LINE: &str = "cpu 1 source=h id=a\n";

fn statuses(receiver: &Receiver, requests: usize) -> Vec<u16> {
    let mut client = Client::new(receiver);
    (0..requests).map(|_| client.post("wavefront", LINE).status).collect()
}

fn seen(receiver: &Receiver) -> u32 {
    receiver.times_seen(Kind::Metric, "a")
}

#[test]
fn answers_are_used_up_in_order_and_then_it_is_honest() {
    let receiver = Receiver::start().unwrap();
    receiver.script([Answer::status(500), Answer::honest()]);
    receiver.script([Answer::status(429)]);
    assert_eq!(receiver.script_left(), 3);
    assert_eq!(statuses(&receiver, 5), [500, 202, 429, 202, 202]);
    assert_eq!(receiver.script_left(), 0);
    let counts = receiver.counts();
    assert_eq!((seen(&receiver), counts.requests, counts.scripted, counts.unread), (3, 5, 2, 2));
}

#[test]
fn always_holds_until_it_is_taken_back_and_the_script_goes_first() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_always(Some(Answer::status(503)));
    receiver.script([Answer::status(401)]);
    assert_eq!(statuses(&receiver, 3), [401, 503, 503]);
    receiver.answer_always(None);
    assert_eq!(statuses(&receiver, 1), [202]);
    assert_eq!(seen(&receiver), 1);
}

#[test]
fn a_batch_is_stored_before_the_answer_only_if_asked() {
    let receiver = Receiver::start().unwrap();
    receiver.script([Answer::status(500), Answer::status(502).after_storing(), Answer::status(202)]);
    assert_eq!(statuses(&receiver, 3), [500, 502, 202]);
    assert_eq!(seen(&receiver), 1);
}

#[test]
fn answers_carry_headers_and_a_body() {
    let receiver = Receiver::start().unwrap();
    receiver.script([
        Answer::status(429).retry_after(2),
        Answer::status(301).header("Location", "http://other/").body("moved"),
        Answer::status(503).header("retry-after", "1e99").header("bad name", 1).header("x", "bad\nvalue"),
        Answer::status(7),
    ]);
    let replies: Vec<Reply> = (0..4).map(|_| post(&receiver, "", LINE)).collect();
    assert!(replies[0].head.contains("retry-after: 2\r\n"), "{}", replies[0].head);
    assert!(replies[1].head.contains("location: http://other/\r\n"), "{}", replies[1].head);
    assert_eq!(replies[1].body, "moved");
    assert!(
        replies[2].head.contains("retry-after: 1e99\r\n") && !replies[2].head.contains("bad"),
        "{}",
        replies[2].head
    );
    assert_eq!(replies[3].status, 500);
}

#[test]
fn too_large_unless_at_most() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_always(Some(Answer::status(413).unless_at_most(2)));
    for (lines, status) in [(3, 413), (2, 202), (1, 202), (4, 413)] {
        assert_eq!(post(&receiver, "", &(LINE.repeat(lines) + "\n")).status, status, "{lines} lines");
    }
    assert_eq!(seen(&receiver), 3);
}

#[test]
fn one_format_can_be_singled_out() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_always(Some(Answer::status(403).only_for(Format::Histogram)));
    let statuses = ["wavefront", "histogram", "trace", ""].map(|f| post(&receiver, f, "").status);
    assert_eq!(statuses, [202, 403, 202, 202]);
    receiver.answer_always(Some(Answer::status(403).only_for(Format::Auto)));
    assert_eq!(["wavefront", ""].map(|f| post(&receiver, f, "").status), [202, 403]);
}

#[test]
fn an_answer_that_does_not_concern_its_request_is_used_up() {
    let receiver = Receiver::start().unwrap();
    receiver.script([Answer::status(413).unless_at_most(1), Answer::status(500)]);
    assert_eq!(statuses(&receiver, 2), [202, 500]);
}

#[test]
fn reset_resets_before_or_after_storing() {
    let receiver = Receiver::start().unwrap();
    for (answer, stored) in [(Answer::reset(), 0), (Answer::reset().after_storing(), 1)] {
        receiver.script([answer]);
        let mut client = Client::new(&receiver);
        client.send("POST", "/report?f=wavefront", "", LINE.as_bytes()).unwrap();
        assert_eq!(client.read().unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(seen(&receiver), stored);
    }
    assert_eq!(receiver.counts().requests, 2);
}

#[test]
fn hang_never_answers() {
    let receiver = Receiver::start().unwrap();
    receiver.script([Answer::hang(), Answer::hang().after_storing()]);
    let mut clients = [Client::new(&receiver), Client::new(&receiver)];
    for (stored, client) in clients.iter_mut().enumerate() {
        client.send("POST", "/report?f=wavefront", "", LINE.as_bytes()).unwrap();
        assert!(receiver.wait_until(Duration::from_secs(20), |counts| counts.scripted == stored as u64 + 1));
    }
    // A later request is answered, so the thread is not held.
    assert_eq!(statuses(&receiver, 1), [202]);
    assert_eq!(seen(&receiver), 2);
    receiver.close();
    assert!(clients.iter_mut().all(|client| client.read().is_err()));
}

#[test]
fn an_answer_can_wait() {
    let receiver = Receiver::start().unwrap();
    receiver.script([Answer::status(500).after(Duration::from_millis(50))]);
    let start = Instant::now();
    assert_eq!(statuses(&receiver, 1), [500]);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[test]
fn options_and_unreadable_bodies_take_no_answer() {
    let receiver = Receiver::start().unwrap();
    receiver.script([Answer::status(500)]);
    assert_eq!(Client::new(&receiver).ask("OPTIONS", "/", "", b"").status, 204);
    assert_eq!(Client::new(&receiver).ask("POST", "/", "content-encoding: gzip\r\n", b"no").status, 400);
    assert_eq!(receiver.script_left(), 1);
}
