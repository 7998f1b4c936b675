//! `wf send`: a datum of each kind, seen by a receiver.

use std::{
    process::{Command, Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use wf_receiver::{Answer, Kind, Receiver};

fn send(url: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wf"));
    // What stands behind `--` is no option.
    command.arg("send").args(&arguments[..1]).args(["--output=json", "--url", url]).args(&arguments[1..]);
    command.env_remove("WAVEFRONT_TOKEN").output().unwrap()
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Sends one datum, and compares the line that arrives.
#[track_caller]
fn check(arguments: &[&str], kind: Kind, line: &str) {
    let receiver = Receiver::start().unwrap();
    let output = send(&receiver.url(), arguments);
    assert!(output.status.success(), "{arguments:?}: {}", errors(&output));
    let ledger: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&ledger["offered"], &ledger["delivered"]), (&1.into(), &1.into()), "{ledger}");
    let texts: Vec<_> = receiver.accepted().into_iter().map(|line| line.text).collect();
    assert_eq!(receiver.counts().accepted.of(kind), texts.len() as u64, "{arguments:?}: {texts:?}");
    assert_eq!(texts.join("\n"), line, "{arguments:?}");
}

#[test]
fn each_kind_arrives() {
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().to_string();
    check(
        &["metric", "cpu.load", "0.7", "--tag", "env=prod", "--tag", "a=b=c", "--source", "h", "--ts", &now],
        Kind::Metric,
        &format!("\"cpu.load\" 0.7 {now} source=\"h\" \"env\"=\"prod\" \"a\"=\"b=c\""),
    );
    check(
        &["metric", "t", "-3.5", "--source=h", "--ts", &now],
        Kind::Metric,
        &format!("\"t\" -3.5 {now} source=\"h\""),
    );
    check(&["delta", "requests", "2", "--source=h"], Kind::Delta, "\"∆requests\" 2.0 source=\"h\"");
    check(
        &[
            "dist",
            "latency",
            "30x20",
            "-7",
            "--source=h",
            "--ts",
            &now,
            "--granularity=m",
            "--granularity=d",
            "--",
            "-5.1x10",
        ],
        Kind::Histogram,
        &format!(
            "!M {now} #20 30.0 #1 -7.0 #10 -5.1 \"latency\" source=\"h\"\n\
             !D {now} #20 30.0 #1 -7.0 #10 -5.1 \"latency\" source=\"h\""
        ),
    );
    check(
        &[
            "span",
            "checkout",
            "--start-millis=1552949776000",
            "--duration-millis=343",
            "--trace-id=7b3bf470-9456-11e8-9eb6-529269fb1459",
            "--span-id=0313bafe-9457-11e8-9eb6-529269fb1459",
            "--source=h",
            "--tag=application=shop",
            "--tag=service=cart",
        ],
        Kind::Span,
        "\"checkout\" source=\"h\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
         spanId=0313bafe-9457-11e8-9eb6-529269fb1459 \"application\"=\"shop\" \"service\"=\"cart\" 1552949776000 343",
    );
    check(
        &[
            "event",
            "deployment",
            "--start-millis=1552949776000",
            "--end-millis=1552949776100",
            "--annotation=severity=info",
            "--tag=eu",
            "--host=web-1",
        ],
        Kind::Event,
        "@Event 1552949776000 1552949776100 \"deployment\" severity=\"info\" host=\"web-1\" tag=\"eu\"",
    );
}

#[test]
fn a_span_needs_neither_ids_nor_a_start_and_an_event_no_time() {
    let receiver = Receiver::start().unwrap();
    let output = send(&receiver.url(), &["span", "checkout", "--duration-millis=343", "-t", "service=cart"]);
    assert!(output.status.success(), "{}", errors(&output));
    let ids = errors(&output);
    let (trace, own) = ids.trim_end().strip_prefix("wf: trace ").unwrap().split_once(" span ").unwrap();
    assert_ne!(trace, own);
    let line = receiver.accepted()[0].text.clone();
    assert!(line.contains(&format!("traceId={trace} spanId={own} \"service\"=\"cart\" ")), "{line}");
    assert!(send(&receiver.url(), &["event", "deployment"]).status.success());
    assert_eq!(receiver.counts().accepted.of(Kind::Event), 1);
}

#[cfg(unix)]
#[test]
fn an_interrupt_gives_up_and_prints_the_ledger() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_always(Some(Answer::status(500)));
    let child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .args(["send", "metric", "m", "1", "--output=json", "--url", &receiver.url()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    assert!(receiver.wait_until(Duration::from_secs(30), |counts| counts.requests > 0));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", errors(&output));
    let ledger: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&ledger["delivered"], &ledger["pending"]), (&0.into(), &0.into()), "{ledger}");
}

#[test]
fn a_datum_that_cannot_be_a_line_is_refused() {
    let receiver = Receiver::start().unwrap();
    let output = send(&receiver.url(), &["delta", "requests", "-1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(errors(&output).starts_with("wf: refused: "), "{}", errors(&output));
    let ledger: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ledger["refused"]["invalid"], 1, "{ledger}");
    assert_eq!(receiver.counts().requests, 0, "nothing was sent");
}

#[test]
fn exit_codes_and_examples() {
    #[track_caller]
    fn refused(url: &str, arguments: &[&str], code: i32, error: &str) {
        let output = send(url, arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", errors(&output));
        assert!(errors(&output).contains(error), "{arguments:?}: {}", errors(&output));
    }
    let url = "proxy://127.0.0.1:1";
    refused(url, &["metric", "m", "1", "--deadline=1"], 3, "");
    refused(url, &["metric", "m", "one"], 2, "one");
    refused(url, &["metric", "m"], 2, "<VALUE>");
    refused(url, &["metric", "m", "1", "--tag=k"], 2, "KEY=VALUE");
    refused(url, &["dist", "d", "3x"], 2, "MEANxCOUNT");
    refused(url, &["dist", "d", "3", "--granularity=w"], 2, "m, h or d");
    refused(url, &["span", "s", "--trace-id=1"], 2, "hexadecimal");
    refused("ftp://h", &["metric", "m", "1"], 2, "scheme");
    refused(url, &["metric", "m", "1", "--token-file=/no/such/file"], 5, "/no/such/file");
    for kind in ["metric", "delta", "dist", "span", "event"] {
        let help = send(url, &[kind, "--help"]);
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains(&format!("Example: wf send {kind} ")), "{help}");
    }
}
