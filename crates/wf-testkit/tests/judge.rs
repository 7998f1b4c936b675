//! The kit together: a toy sender between a relay that breaks connections and a receiver that counts, and the judge.
//!
//! What it is for: an honest sender passes, and each way to cheat is found.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use wf_receiver::{Answer, Kind, Receiver};
use wf_testkit::{Class, Fault, Oracle, Relay, Rng, Seen, Totals, for_each_seed, watchdog};

const BATCHES: u64 = 60;
const BATCH: u64 = 50;

/// How the toy sender treats a batch whose fate it does not know.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    /// Books it as unconfirmed.
    Honest,
    /// Sends it again.
    Resend,
    /// Says it was dropped.
    CallItDropped,
    /// Says it was delivered.
    CallItDelivered,
    /// Forgets it.
    Forget,
}

fn line(id: u64) -> String {
    format!("\"∆d\" {}.0 source=\"h\" \"id\"=\"{}\"\n", id + 1, Oracle::id(id))
}

fn post(relay: &Relay, body: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(relay.addr()).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
    let length = body.len();
    write!(stream, "POST /report?f=wavefront HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    answer.split(' ').nth(1)?.parse().ok()
}

/// Runs the sender under faults; gives the judge's findings for points of this class.
fn run(habit: Habit, class: Class, seed: u64) -> Result<(), String> {
    let receiver = Receiver::start().unwrap();
    let relay = Relay::start(receiver.addr());
    let oracle = Oracle::new(class, (BATCHES * BATCH) as usize, seed);
    let mut totals = Totals::default();
    let mut rng = Rng::new(seed);
    for batch in 0..BATCHES {
        let mut body = String::new();
        for id in batch * BATCH..(batch + 1) * BATCH {
            if rng.below(10) == 0 {
                oracle.refused(id);
                totals.refused += 1;
                continue;
            }
            oracle.accepted(id);
            body += &line(id);
        }
        let points = body.lines().count() as u64;
        totals.accepted += points;
        relay.set(match rng.below(4) {
            0 => Fault::ResetOnAnswer,
            1 => Fault::ResetAt { seed, within: body.len() as u64 },
            _ => Fault::Pass,
        });
        receiver.answer_always((rng.below(5) == 0).then(|| Answer::status(429)));
        let answer = post(&relay, &body);
        match (answer, habit) {
            (Some(202), _) | (None, Habit::CallItDelivered) => totals.delivered += points,
            (Some(_), _) | (None, Habit::CallItDropped) => totals.dropped += points,
            (None, Habit::Honest) => totals.unconfirmed += points,
            (None, Habit::Resend) => {
                relay.set(Fault::Pass);
                receiver.answer_always(None);
                match post(&relay, &body) {
                    Some(202) => totals.delivered += points,
                    _ => totals.unconfirmed += points,
                }
            }
            (None, Habit::Forget) => {}
        }
    }
    // The last connection may be reset while its request is still being counted.
    drop(relay);
    let mut seen = Seen::new((BATCHES * BATCH) as usize);
    receiver.for_each_id(Kind::Delta, |id, times| seen.add(id, times));
    let judged = oracle.judge(&totals, &seen);
    if judged.is_ok() {
        oracle.assert_sum(&totals, &seen, receiver.sum_of(Kind::Delta), |id| (id + 1) as f64);
    }
    judged
}

#[test]
fn an_honest_sender_passes() {
    for_each_seed(|seed| {
        let judged = watchdog(Duration::from_secs(60), move || run(Habit::Honest, Class::Additive, seed));
        assert_eq!(judged, Ok(()));
    });
}

#[test]
fn resending_passes_for_what_may_come_twice() {
    for_each_seed(|seed| assert_eq!(run(Habit::Resend, Class::Replaceable, seed), Ok(())));
}

#[test]
fn every_way_to_cheat_is_found() {
    for_each_seed(|seed| {
        for (habit, finding) in [
            (Habit::Resend, "D: seen more than once: "),
            (Habit::CallItDelivered, "O: delivered "),
            (Habit::Forget, "L: accepted "),
        ] {
            let found = run(habit, Class::Additive, seed).expect_err("a finding");
            assert!(found.starts_with(finding), "{found}");
        }
    });
}

#[test]
fn calling_it_dropped_is_found_where_more_arrived_than_the_books_allow() {
    for_each_seed(|seed| {
        let found = run(Habit::CallItDropped, Class::Additive, seed).expect_err("a finding");
        assert!(found.starts_with("O: dropped "), "{found}");
    });
}
