//! What no honest program sends, through every command that reads lines: an error that says so, no panic, no hang.

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use wf_receiver::Receiver;

/// One line of 100 MiB, and an ordinary one behind it.
const LONG: usize = 100 << 20;

/// Gives a command `line` so many times and then `last` to read.
fn wf(arguments: &[&str], line: &'static [u8], repeat: usize, last: &'static str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = thread::spawn(move || {
        let chunk = line.repeat((64 << 10) / line.len());
        for _ in 0..repeat * line.len() / chunk.len() {
            stdin.write_all(&chunk).unwrap();
        }
        stdin.write_all(last.as_bytes()).unwrap();
    });
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_line_of_100_mib_is_one_error_and_the_next_line_is_read() {
    let check = wf(&["check"], b"x", LONG, "\na 1 source=h\n");
    assert_eq!(check.status.code(), Some(1));
    assert!(text(&check.stdout).starts_with("stdin:1"), "{}", text(&check.stdout));
    assert!(text(&check.stdout).ends_with("lines: 2, accepted: 1, not accepted: 1, blank: 0\n"));
    assert!(check.stdout.len() < 1000, "an error does not repeat it all");

    let point = "\n{\"type\":\"metric\",\"name\":\"a\",\"value\":1,\"source\":\"h\"}\n";
    let encode = wf(&["encode"], b"[", LONG, point);
    assert_eq!((encode.status.code(), text(&encode.stdout)), (Some(1), "\"a\" 1.0 source=\"h\"\n"));
    assert_eq!(text(&encode.stderr), "wf: stdin:1: longer than 16777216 bytes\n");

    let receiver = Receiver::start().unwrap();
    let write = wf(&["write", "--output=json", "--url", &receiver.url()], b"\xFF", LONG, "\na 1 source=h\n");
    let ledger: Value = serde_json::from_slice(&write.stdout).unwrap();
    assert_eq!((&ledger["refused"]["too_long"], &ledger["delivered"]), (&1.into(), &1.into()), "{ledger}");
    assert!(text(&write.stderr).starts_with("wf: stdin:1: refused: "), "{}", text(&write.stderr));
    assert_eq!(write.status.code(), Some(1));
}

#[cfg(unix)]
#[test]
fn a_listener_survives_a_line_of_100_mib() {
    use std::io::{BufRead, BufReader};

    let mut child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .args(["listen", "--http=:0", "--output=json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
    let addr = first.trim_end().strip_prefix("wf: http ").unwrap().to_owned();

    let mut stream = TcpStream::connect(&addr).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(60))).unwrap();
    let chunk = vec![b'x'; 64 << 10];
    // A receiver may hang up on it, but what others send must arrive.
    let _ = (0..LONG / chunk.len()).try_for_each(|_| stream.write_all(&chunk));
    drop(stream);
    let mut stream = TcpStream::connect(&addr).unwrap();
    stream.write_all(b"a 1 source=h\n").unwrap();

    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("\"text\":\"a 1 source=h\"") {
        line.clear();
        assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended");
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let totals: Value = serde_json::from_str(rest.lines().last().unwrap()).unwrap();
    assert_eq!(totals["totals"]["metric"]["accepted"], 1, "{totals}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
