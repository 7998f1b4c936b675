//! The examples are run as a newcomer would run them.

use std::process::{Command, Output};

use wf_receiver::{Kind, Receiver};

/// Runs an example that `cargo test` has built beside this test.
fn run(example: &str, arguments: &[&str]) -> String {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.set_file_name("examples");
    path.push(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        // A test run of its own (`--test slice`) builds no examples.
        let built =
            Command::new(env!("CARGO")).args(["build", "--package", "wf-sdk", "--example", example]).status();
        assert!(built.unwrap().success());
    }
    let Output { status, stdout, stderr } = Command::new(&path).args(arguments).output().unwrap();
    let text = String::from_utf8(stdout).unwrap();
    assert!(status.success(), "{example}: {text}\n{}", String::from_utf8_lossy(&stderr));
    text
}

#[test]
fn hello_delivers_its_point() {
    let receiver = Receiver::start().unwrap();
    let printed = run("hello", &[&receiver.url()]);
    assert_eq!(printed, "offered 1 accepted 1 delivered 1 pending 0\n");
    assert_eq!(receiver.seen(Kind::Metric), 1);
    let line = receiver.accepted().pop().unwrap().text;
    assert!(line.starts_with("\"new-york.power.usage\" 42422.0 "), "{line}");
    assert!(line.contains("source=\"web-1\"") && line.contains("\"env\"=\"prod\""), "{line}");
}

#[test]
fn custom_transport_comes_up_in_the_end() {
    let printed = run("custom_transport", &[]);
    assert!(printed.contains("\"cpu.load\" 0.7 1533529977 source=\"web-1\"\n"), "{printed}");
    assert!(printed.contains("\"∆requests\" 1.0 source=\"web-1\"\n"), "{printed}");
    assert!(printed.contains("delivered 2 pending 0 (failed attempts: 3)"), "{printed}");
}

#[test]
fn format_only_prints_lines() {
    let printed = run("format_only", &[]);
    assert_eq!(
        printed.lines().collect::<Vec<_>>(),
        [
            "\"new-york.power.usage\" 42422.0 1533529977 source=\"localhost\" \"env\"=\"prod\"",
            "changed on the way: {name}",
            "\"∆requests\" 1.0 source=\"localhost\" \"env\"=\"prod\"",
            "!M 1493773500 #20 30.0 #10 5.1 \"request.latency\" source=\"localhost\" \"env\"=\"prod\"",
            "!D 1493773500 #20 30.0 #10 5.1 \"request.latency\" source=\"localhost\" \"env\"=\"prod\"",
            "\"getAllUsers\" source=\"localhost\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
             spanId=00000000-0000-0000-0000-000000000001 \"env\"=\"prod\" 1552949776000 343",
        ]
    );
}

#[test]
fn share_a_sender_delivers_for_everybody() {
    let receiver = Receiver::start().unwrap();
    let printed = run("share_a_sender", &[&receiver.url()]);
    assert_eq!(printed, "offered 84 accepted 84 delivered 84 pending 0\n");
    assert_eq!((receiver.seen(Kind::Delta), receiver.seen(Kind::Metric)), (40, 44));
}

#[test]
fn async_main_flushes_and_closes() {
    let receiver = Receiver::start().unwrap();
    let printed = run("async_main", &[&receiver.url()]);
    assert_eq!(printed, "flushed: true\noffered 24 accepted 24 delivered 24 pending 0\n");
    assert_eq!(
        (receiver.seen(Kind::Span), receiver.seen(Kind::SpanLogs), receiver.seen(Kind::Metric)),
        (8, 8, 8)
    );
}
