//! It counts by kind, granularity and id.

use std::collections::HashMap;
use std::time::Duration;

use wf_receiver::{Granularity, Kind, Limits, Receiver, Verdict};

use crate::client::{Client, post};

#[track_caller]
fn check_id(f: &str, line: &str, kind: Kind, id: &str) {
    let receiver = Receiver::start().unwrap();
    assert_eq!(post(&receiver, f, line).status, 202);
    assert_eq!(receiver.rejected(), []);
    assert_eq!(receiver.counts().accepted.of(kind), 1);
    assert_eq!(receiver.seen(kind), 1);
    assert_eq!(receiver.times_seen(kind, id), 1);
    assert_eq!(receiver.times_seen(kind, "other"), 0);
    assert_eq!(receiver.ids(kind), HashMap::from([(id.to_owned(), 1)]));
    assert_eq!(receiver.counts().without_id, 0);
}

#[test]
fn every_kind_is_known_by_its_id() {
    let trace = "traceId=1-1-1-1-1 spanId=1-1-1-1-1";
    check_id("wavefront", "cpu 1 source=h id=m1", Kind::Metric, "m1");
    check_id("wavefront", "\"∆cpu\" 1 source=h \"id\"=\"d 1\"", Kind::Delta, "d 1");
    check_id("histogram", "!H #2 0.5 lat source=h id=h1", Kind::Histogram, "h1");
    check_id("trace", &format!("op source=h {trace} id=s1 1700000000000 5"), Kind::Span, "s1");
    let logs = r#"{"traceId":"1-1-1-1-1","spanId":"1-1-1-1-1","logs":[{"timestamp":1700000000000000,"fields":{"x":"y"}},{"timestamp":1700000000000001,"fields":{"id":"l1"}}],"span":"op source=h traceId=1-1-1-1-1 spanId=1-1-1-1-1 1700000000000 5"}"#;
    check_id("spanLogs", logs, Kind::SpanLogs, "l1");
    check_id("event", "@Event 1700000000000 1700000000001 \"name\" id=e1 host=h", Kind::Event, "e1");
    check_id("", "@SourceTag action=add source=web-1 tag1", Kind::SourceTag, "web-1");
    check_id("", "@SourceDescription action=save source=web-2 \"text\"", Kind::SourceDescription, "web-2");
}

#[test]
fn span_logs_are_one_record_a_line_known_by_the_first_id_in_it() {
    let log = |fields: &str| format!(r#"{{"timestamp":1700000000000000,"fields":{{{fields}}}}}"#);
    let line =
        |logs: &[String]| format!("{{\"traceId\":\"1\",\"spanId\":\"2\",\"logs\":[{}]}}\n", logs.join(","));
    let receiver = Receiver::start().unwrap();
    let several = [r#""x":"y""#, r#""id":"a","x":"y""#, r#""id":"b""#, r#""id":"a""#].map(log);
    let batch = [line(&several), line(&[log(r#""id":"c""#), log(r#""id":"c""#)]), line(&[])].concat();
    assert_eq!(post(&receiver, "spanLogs", &batch).status, 202);
    assert_eq!(receiver.counts().accepted.of(Kind::SpanLogs), 3);
    assert_eq!((receiver.seen(Kind::SpanLogs), receiver.counts().without_id), (3, 1));
    let once = ["a", "c"].map(|id| (id.to_owned(), 1));
    assert_eq!(receiver.ids(Kind::SpanLogs), HashMap::from(once));
}

#[test]
fn lines_without_an_id_are_counted_too() {
    let receiver = Receiver::start().unwrap();
    post(&receiver, "", "cpu 1 source=h\ncpu 2 source=h\ncpu 3 source=h id=x\n");
    assert_eq!((receiver.seen(Kind::Metric), receiver.ids(Kind::Metric).len()), (3, 1));
    assert_eq!(receiver.counts().without_id, 2);
}

#[test]
fn repetitions_show() {
    let receiver = Receiver::start().unwrap();
    let mut client = Client::new(&receiver);
    client.post("", "cpu 1 source=h id=x\ncpu 1 source=h id=y\n");
    client.post("", "cpu 1 source=h id=x\n");
    assert_eq!((receiver.seen(Kind::Metric), receiver.times_seen(Kind::Metric, "x")), (3, 2));
    let mut visited = Vec::new();
    receiver.for_each_id(Kind::Metric, |id, times| visited.push((id.to_owned(), times)));
    visited.sort();
    assert_eq!(visited, [("x".to_owned(), 2), ("y".to_owned(), 1)]);
}

#[test]
fn a_distribution_is_seen_when_every_granularity_came() {
    let receiver = Receiver::start().unwrap();
    let line = |marker: &str, id: &str| format!("{marker} #1 2 lat source=h id={id}\n");
    let mut client = Client::new(&receiver);
    client.post("histogram", &[line("!M", "a"), line("!H", "a"), line("!D", "a"), line("!M", "b")].concat());
    assert_eq!((receiver.seen(Kind::Histogram), receiver.times_seen(Kind::Histogram, "a")), (2, 1));
    client.post("histogram", &line("!M", "a"));
    assert_eq!((receiver.seen(Kind::Histogram), receiver.times_seen(Kind::Histogram, "a")), (2, 1));
    client.post("histogram", &[line("!H", "a"), line("!D", "a")].concat());
    assert_eq!((receiver.seen(Kind::Histogram), receiver.times_seen(Kind::Histogram, "a")), (3, 2));
    let accepted = receiver.counts().accepted;
    let of = [Granularity::Minute, Granularity::Hour, Granularity::Day].map(|it| accepted.of_granularity(it));
    assert_eq!((of, accepted.of(Kind::Histogram), accepted.total()), ([3, 2, 2], 7, 7));
}

#[test]
fn every_line_has_one_verdict() {
    let receiver = Receiver::start().unwrap();
    post(
        &receiver,
        "wavefront",
        "cpu 1 source=h\n\n  \nbad:name 1\n∆d 0 source=h\n∆ 1 source=h\n!M #1 1 x\n",
    );
    let counts = receiver.counts();
    assert_eq!((counts.accepted.total(), counts.rejected.total()), (1, 2));
    assert_eq!((counts.ignored, counts.discarded, counts.errors, counts.lost), (2, 1, 1, 0));
}

#[test]
fn rejections_say_where_and_why() {
    let receiver = Receiver::start().unwrap();
    post(&receiver, "wavefront", "good 1 source=h\nbad:name 1 source=h\r\n∆d 0 source=h\n");
    let [bad, discarded] = &receiver.rejected()[..] else { panic!("{:?}", receiver.rejected()) };
    assert_eq!(
        (bad.kind, bad.verdict, bad.line.as_str()),
        (Kind::Metric, Verdict::Reject, "bad:name 1 source=h\r")
    );
    assert_eq!((bad.code.as_str(), bad.column), ("WF-400", 1));
    assert!(bad.reason.contains("':'"), "{}", bad.reason);
    assert!(bad.to_string().starts_with("WF-400 at column 1: "), "{bad}");
    assert_eq!((discarded.kind, discarded.verdict), (Kind::Delta, Verdict::Discard));
    assert_eq!(discarded.code, "WF-404");
    let accepted = receiver.accepted();
    assert_eq!(
        (accepted.len(), accepted[0].kind, accepted[0].text.as_str()),
        (1, Kind::Metric, "good 1 source=h")
    );
}

#[test]
fn only_the_latest_lines_are_kept() {
    let lines = |range: std::ops::Range<u32>| {
        range.map(|n| format!("cpu {n} source=h\nb:d {n}\n")).collect::<String>()
    };
    let receiver = Receiver::builder().keep_lines(3).start().unwrap();
    post(&receiver, "", &lines(0..10));
    let texts: Vec<_> = receiver.accepted().into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["cpu 7 source=h", "cpu 8 source=h", "cpu 9 source=h"]);
    let texts: Vec<_> = receiver.rejected().into_iter().map(|it| it.line).collect();
    assert_eq!(texts, ["b:d 7", "b:d 8", "b:d 9"]);

    let none = Receiver::builder().keep_lines(0).start().unwrap();
    post(&none, "", &lines(0..10));
    assert_eq!((none.accepted().len(), none.rejected().len(), none.counts().accepted.total()), (0, 0, 10));
}

#[test]
fn only_so_many_ids_are_kept() {
    let receiver = Receiver::builder().keep_ids(2).start().unwrap();
    post(&receiver, "", &(0..5).map(|n| format!("cpu 1 source=h id={n}\n")).collect::<String>());
    assert_eq!((receiver.ids(Kind::Metric).len(), receiver.seen(Kind::Metric)), (2, 5));
    assert_eq!(receiver.counts().without_id, 3);
}

#[test]
fn sums_are_exact() {
    let receiver = Receiver::start().unwrap();
    post(&receiver, "", &"∆d 0.1 source=h\n".repeat(10));
    post(&receiver, "", "∆d 0 source=h\nm 5 source=h\n");
    assert_eq!((receiver.sum_of(Kind::Delta), receiver.sum_of(Kind::Metric)), (1.0, 5.0));
    assert_eq!(receiver.sum_of(Kind::Span), 0.0);
}

#[test]
fn lines_without_a_source_get_the_clients() {
    let source = |builder: wf_receiver::Builder| {
        let receiver = builder.start().unwrap();
        post(&receiver, "wavefront", "cpu 1\n");
        receiver.accepted()[0].source.clone().unwrap()
    };
    assert_eq!(source(Receiver::builder()), "127.0.0.1");
    assert_eq!(source(Receiver::builder().remote_host("web-1")), "web-1");
}

#[test]
fn limits_are_the_proxys_unless_said_otherwise() {
    let line = format!("{} 1 source=h\n", "n".repeat(500));
    let proxy = Receiver::start().unwrap();
    let tenant = Receiver::builder().limits(Limits::TENANT).start().unwrap();
    post(&proxy, "", &line);
    post(&tenant, "", &line);
    assert_eq!((proxy.counts().accepted.total(), tenant.counts().rejected.total()), (1, 1));
}

#[test]
fn the_time_window_follows_the_clock() {
    let now = 1_700_000_000;
    let lines = format!(
        "m 1 {now} source=h id=now\nm 1 {} source=h id=old\nm 1 {} source=h id=new\n",
        now - 400 * 86_400,
        now + 2 * 86_400
    );
    let seen = |builder: wf_receiver::Builder| {
        let receiver = builder.start().unwrap();
        post(&receiver, "wavefront", &lines);
        ["now", "old", "new"].map(|id| receiver.times_seen(Kind::Metric, id))
    };
    assert_eq!(seen(Receiver::builder().clock_millis(now * 1000)), [1, 0, 0]);
    assert_eq!(seen(Receiver::builder().clock_millis((now - 400 * 86_400) * 1000)), [0, 1, 0]);
    assert_eq!(seen(Receiver::builder().clock_millis(now * 1000).time_window(false)), [1, 1, 1]);
    assert_eq!(seen(Receiver::builder().time_window(false)), [1, 1, 1]);
    let system = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let receiver = Receiver::start().unwrap();
    post(&receiver, "wavefront", &format!("m 1 {system} source=h id=system\n"));
    assert_eq!(receiver.times_seen(Kind::Metric, "system"), 1);
}

#[test]
fn without_the_time_window_everything_else_is_still_checked() {
    let receiver = Receiver::builder().time_window(false).start().unwrap();
    let trace = "traceId=1-1-1-1-1 spanId=1-1-1-1-1";
    post(&receiver, "wavefront", "m 1 1000000000 source=h k=\"\"\nm 1 1000000000 source=h\n");
    post(&receiver, "histogram", "!D 1000000000 #0 1 m source=h\n!D 1000000000 #1 1 m source=h\n");
    post(&receiver, "trace", &format!("s source=h {trace} 9000000000000 1\n"));
    let counts = receiver.counts();
    assert_eq!((counts.accepted.total(), counts.rejected.total()), (3, 2), "{:?}", receiver.rejected());
}

#[test]
fn clear_forgets_counts_and_lines_but_not_the_script() {
    let receiver = Receiver::start().unwrap();
    receiver.script([wf_receiver::Answer::honest(), wf_receiver::Answer::status(500)]);
    let mut client = Client::new(&receiver);
    client.post("", "cpu 1 source=h id=x\nb:d 1\n");
    receiver.clear();
    assert_eq!(receiver.counts(), wf_receiver::Counts::default());
    assert_eq!(
        (receiver.accepted().len(), receiver.rejected().len(), receiver.seen(Kind::Metric)),
        (0, 0, 0)
    );
    assert_eq!(receiver.sum_of(Kind::Metric), 0.0);
    assert_eq!(client.post("", "").status, 500);
}

#[test]
fn wait_until_says_whether_it_came_true() {
    let receiver = Receiver::start().unwrap();
    assert!(!receiver.wait_until(Duration::from_millis(20), |counts| counts.requests == 1));
    std::thread::scope(|scope| {
        let waiting = scope
            .spawn(|| receiver.wait_until(Duration::from_secs(20), |counts| counts.accepted.total() == 2));
        post(&receiver, "", "cpu 1 source=h\n");
        post(&receiver, "", "cpu 1 source=h\n");
        assert!(waiting.join().unwrap());
    });
    assert!(receiver.wait_until(Duration::MAX, |counts| counts.requests == 2));
    assert!(receiver.wait_until(Duration::ZERO, |_| true));
}

#[test]
fn connections_count_side_by_side() {
    let receiver = Receiver::start().unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let receiver = &receiver;
            scope.spawn(move || {
                let mut client = Client::new(receiver);
                for n in 0..20 {
                    assert_eq!(client.post("", &format!("cpu 1 source=h id={thread}-{n}\n")).status, 202);
                }
            });
        }
    });
    let counts = receiver.counts();
    assert_eq!((counts.connections, counts.requests, counts.accepted.total()), (8, 160, 160));
    assert!(receiver.ids(Kind::Metric).values().all(|times| *times == 1));
}

#[test]
fn a_million_lines_keep_their_ids() {
    let receiver = Receiver::start().unwrap();
    let mut client = Client::new(&receiver);
    for batch in 0..100 {
        let text: String = (0..10_000)
            .map(|n| format!("\"∆d\" 1.0 source=\"h\" \"id\"=\"i{}\"\n", batch * 10_000 + n))
            .collect();
        assert_eq!(client.post("wavefront", &text).status, 202);
    }
    assert_eq!((receiver.seen(Kind::Delta), receiver.sum_of(Kind::Delta)), (1_000_000, 1e6));
    assert_eq!((receiver.times_seen(Kind::Delta, "i0"), receiver.times_seen(Kind::Delta, "i999999")), (1, 1));
    assert_eq!(receiver.accepted().len(), 1000);
}
