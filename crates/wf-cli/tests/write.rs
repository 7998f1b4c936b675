//! `wf write`, into a receiver and into `wf listen`, as child processes.

use std::{
    fs,
    io::Write,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use wf_receiver::{Answer, Kind, Receiver};

fn wf(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wf"));
    command.args(arguments).env_remove("WAVEFRONT_TOKEN");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Writes `input` to the stdin of `wf write`, and gives its output.
fn write(url: &str, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = wf(&["write", "--output=json", "--url", url]).args(arguments).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A command that ends early closes the pipe.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

fn ledger(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", errors(output)))
}

fn errors(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const SPAN: &str = "s source=h traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
    spanId=0313bafe-9457-11e8-9eb6-529269fb1459 application=a service=b 1533529977627 2";
const SPAN_LOGS: &str = r#"{"traceId":"7b3bf470-9456-11e8-9eb6-529269fb1459","spanId":"0313bafe-9457-11e8-9eb6-529269fb1459","logs":[{"timestamp":1533529977627000,"fields":{"k":"v"}}]}"#;

/// One line of each kind.
fn each_kind() -> [(Kind, &'static str); 8] {
    [
        (Kind::Metric, "cpu.load 0.7 source=h"),
        (Kind::Delta, "∆requests 2 source=h"),
        (Kind::Histogram, "!M #3 1.5 latency source=h"),
        (Kind::Span, SPAN),
        (Kind::SpanLogs, SPAN_LOGS),
        (Kind::Event, "@Event 1533529977627 1533529977628 deploy severity=info host=h tag=t"),
        (Kind::SourceTag, "@SourceTag action=add source=h tag1"),
        (Kind::SourceDescription, "@SourceDescription action=save source=h \"text\""),
    ]
}

#[test]
fn every_kind_is_known_by_its_line() {
    let receiver = Receiver::start().unwrap();
    let lines = each_kind().map(|(_, line)| line).join("\n");
    let output = write(&receiver.url(), &[], lines.as_bytes());
    assert!(output.status.success(), "{}", errors(&output));
    let ledger = ledger(&output);
    assert_eq!((&ledger["offered"], &ledger["delivered"]), (&8.into(), &8.into()), "{ledger}");
    for (kind, line) in each_kind() {
        assert_eq!(receiver.counts().accepted.of(kind), 1, "{kind}");
        assert!(receiver.accepted().iter().any(|it| it.text == line), "as it was given: {line}");
    }
}

#[test]
fn refused_lines_are_named_with_their_numbers() {
    let receiver = Receiver::start().unwrap();
    let output =
        write(&receiver.url(), &[], b"a 1 source=h\n\nb x source=h\n\xff\xfe\r\nc 2 source=h\r\n[1]\n");
    assert_eq!(output.status.code(), Some(1));
    let ledger = ledger(&output);
    assert_eq!(ledger["offered"], 5, "a blank line is none: {ledger}");
    assert_eq!((&ledger["refused"]["invalid"], &ledger["delivered"]), (&3.into(), &2.into()));
    let errors = errors(&output);
    for start in
        ["wf: stdin:3: refused: WF-300 column 3: ", "wf: stdin:4: refused: ", "wf: stdin:6: refused: "]
    {
        assert_eq!(errors.lines().filter(|line| line.starts_with(start)).count(), 1, "{start}: {errors}");
    }
    assert_eq!(errors.lines().count(), 3);
    assert_eq!(receiver.counts().rejected.total(), 0, "what is refused is not sent");
}

#[test]
fn unchecked_lines_are_sent_for_the_server_to_refuse() {
    let receiver = Receiver::start().unwrap();
    let output = write(&receiver.url(), &["--unchecked"], b"a 1 source=h\nb x source=h\n");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!((receiver.counts().accepted.total(), receiver.counts().rejected.total()), (1, 1));
}

#[test]
fn the_default_source_is_for_lines_without_one() {
    let receiver = Receiver::start().unwrap();
    let lines = format!("a 1\nb 1 source=other\nc 1 source=mine\n∆d 1\n!M #1 2 h\n{SPAN}\n");
    let output = write(&receiver.url(), &["--default-source", "mine"], lines.as_bytes());
    assert!(output.status.success(), "{}", errors(&output));
    let mut lines: Vec<_> = receiver.accepted().into_iter().map(|line| line.text).collect();
    lines.sort_unstable();
    let mut expected = [
        r#"a 1 source="mine""#,
        "b 1 source=other",
        "c 1 source=mine",
        r#"∆d 1 source="mine""#,
        r#"!M #1 2 h source="mine""#,
        SPAN,
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

#[test]
fn a_format_decides_what_lines_are() {
    let receiver = Receiver::start().unwrap();
    let output = write(&receiver.url(), &["--format=trace"], format!("{SPAN}\na 1 source=h\n").as_bytes());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!((receiver.counts().accepted.of(Kind::Span), receiver.counts().accepted.total()), (1, 1));
}

#[test]
fn the_exit_code_tells_what_went_wrong() {
    #[track_caller]
    fn check(arguments: &[&str], code: i32, error: &str) {
        let mut child = wf(&["write"]).args(arguments).spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(b"a 1 source=h\n");
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", errors(&output));
        assert!(errors(&output).contains(error), "{arguments:?}: {}", errors(&output));
    }
    let receiver = Receiver::start().unwrap();
    let (url, nobody) = (receiver.url(), "proxy://127.0.0.1:1");
    check(&["--url", &url], 0, "");
    check(&[], 2, "--url");
    check(&["--url", "ftp://host"], 2, "scheme");
    check(&["--url", "https://host"], 2, "WAVEFRONT_TOKEN");
    check(&["--url", &url, "--rate", "0"], 2, "--rate");
    check(&["--url", &url, "--format", "log"], 2, "--format");
    check(&["--url", &url, "--deadline=-1"], 2, "--deadline");
    check(&["--url", nobody, "--deadline", "1"], 3, "nothing was sent (connect)");
    let closed = Receiver::builder().token("secret").start().unwrap();
    check(&["--url", &closed.url(), "--deadline", "1"], 4, "answered 401, the token is missing or wrong");
    for (status, code) in [(403, 4), (500, 1)] {
        receiver.answer_always(Some(Answer::status(status)));
        check(&["--url", &url, "--deadline", "1"], code, &format!("answered {status}"));
    }
    receiver.answer_always(None);
    check(&["--url", &url, "/no/such/file"], 5, "/no/such/file");
    check(&["--url", &url, "--token-file", "/no/such/file"], 5, "/no/such/file");
    let help = wf(&["write", "--help"]).output().unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains("Example: wf write --url "));
}

#[test]
fn a_server_that_takes_nothing_ends_it() {
    let receiver = Receiver::start().unwrap();
    receiver.answer_always(Some(Answer::status(500)));
    let lines = "a 1 source=h\n".repeat(200_000);
    let started = Instant::now();
    let output = write(&receiver.url(), &["--deadline=1"], lines.as_bytes());
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(output.status.code(), Some(1), "reached, and nothing delivered: {}", errors(&output));
    let ledger = ledger(&output);
    assert!(ledger["offered"].as_u64().unwrap() < 200_000, "{ledger}");
    assert!(errors(&output).contains("took nothing for 1 s"), "{}", errors(&output));
}

#[test]
fn the_token_comes_from_a_file_and_is_never_printed() {
    const TOKEN: &str = "a-Secret/token@9";
    let receiver = Receiver::builder().token(TOKEN).start().unwrap();
    let file = std::env::temp_dir().join(format!("wf-write-token-{}", std::process::id()));
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let output = write(&receiver.url(), &["--token-file", file.to_str().unwrap()], b"a 1 source=h\nb\n");
    assert_eq!((receiver.counts().accepted.total(), receiver.counts().unauthorized), (1, 0));
    assert!(!errors(&output).contains(TOKEN) && !ledger(&output).to_string().contains(TOKEN));
    fs::write(&file, " \n").unwrap();
    let output = write(&receiver.url(), &["--token-file", file.to_str().unwrap()], b"");
    assert_eq!(output.status.code(), Some(5));
    fs::remove_file(file).unwrap();
}

#[test]
fn events_reach_the_service_as_json() {
    let receiver = Receiver::builder().tls(true).token("t").start().unwrap();
    let authority = std::env::temp_dir().join(format!("wf-write-ca-{}.pem", std::process::id()));
    fs::write(&authority, receiver.ca_pem().unwrap()).unwrap();
    let url = format!("https://127.0.0.1:{}", receiver.port());
    let mut child = wf(&["write", "--output=json", "--url", &url])
        .env("WAVEFRONT_TOKEN", "t")
        .env("SSL_CERT_FILE", &authority)
        .spawn()
        .unwrap();
    let event = "@Event 1533529977627 1533529977628 deploy severity=info host=h tag=t\n";
    child.stdin.take().unwrap().write_all(format!("a 1 source=h\n{event}").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    fs::remove_file(authority).unwrap();
    assert!(output.status.success(), "{}", errors(&output));
    let counts = receiver.counts();
    assert_eq!((counts.accepted.of(Kind::Metric), counts.accepted.of(Kind::Event)), (1, 1));
}

#[test]
fn raw_tcp_is_unconfirmed_and_good_enough() {
    let receiver = Receiver::start().unwrap();
    let url = format!("tcp://{}", receiver.addr());
    let output = write(&url, &[], b"a 1 source=h\nb 1 source=h\n");
    assert!(output.status.success(), "{}", errors(&output));
    assert_eq!(ledger(&output)["unconfirmed"]["no_ack"], 2);
    assert!(receiver.wait_until(Duration::from_secs(10), |counts| counts.accepted.total() == 2));
}

#[test]
fn the_rate_is_kept() {
    let receiver = Receiver::start().unwrap();
    let started = Instant::now();
    let output = write(&receiver.url(), &["--rate=100/s"], "a 1 source=h\n".repeat(101).as_bytes());
    assert!(output.status.success(), "{}", errors(&output));
    assert!(started.elapsed() >= Duration::from_millis(950), "{:?}", started.elapsed());
}

#[test]
fn hostile_input_is_refused_line_by_line() {
    #[track_caller]
    fn check(input: &[u8], offered: u64, delivered: u64) {
        let receiver = Receiver::start().unwrap();
        let output = write(&receiver.url(), &[], input);
        let ledger = ledger(&output);
        assert_eq!(
            (&ledger["offered"], &ledger["delivered"]),
            (&offered.into(), &delivered.into()),
            "{ledger}"
        );
        assert_eq!(output.status.code(), Some(i32::from(offered != delivered)), "{}", errors(&output));
        assert_eq!(receiver.counts().accepted.total(), delivered);
    }
    check(b"", 0, 0);
    check(b"\n\n\r\n \t\n", 0, 0);
    check(b"a 1 source=h\0\n", 1, 0);
    check(b"a 1 source=h", 1, 1);
    let long = [b"a 1 source=h k=", "v".repeat(5 << 20).as_bytes(), b"\nb 1 source=h\n"].concat();
    check(&long, 2, 1);
    let longer = ["x".repeat(17 << 20).as_bytes(), b"\nb 1 source=h\n"].concat();
    check(&longer, 2, 1);
    // Bytes of a fixed sequence of random numbers.
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let bytes: Vec<u8> = (0..100_000).map(|_| random()).collect();
    let receiver = Receiver::start().unwrap();
    let output = write(&receiver.url(), &[], &bytes);
    assert_eq!(output.status.code(), Some(1));
    assert!(ledger(&output)["refused"]["invalid"].as_u64() > Some(0));
}

#[test]
fn a_closed_stdout_is_no_panic() {
    let receiver = Receiver::start().unwrap();
    let mut child = wf(&["write", "--url", &receiver.url()]).spawn().unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    child.stdin.take().unwrap().write_all(b"a 1 source=h\nbad\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "a panic exits with 101");
    assert_eq!(receiver.counts().accepted.total(), 1);
}

#[cfg(unix)]
#[test]
fn an_interrupt_delivers_what_was_read_and_prints_the_ledger() {
    let receiver = Receiver::start().unwrap();
    let mut child = wf(&["write", "--output=json", "--url", &receiver.url()]).spawn().unwrap();
    // Stdin stays open, so nothing but the signal ends it.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all("a 1 source=h\n".repeat(1000).as_bytes()).unwrap();
    assert!(receiver.wait_until(Duration::from_secs(30), |counts| counts.accepted.total() > 0));
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let ledger = ledger(&output);
    assert_eq!((output.status.code(), &ledger["pending"]), (Some(130), &0.into()), "{ledger}");
    assert_eq!(ledger["delivered"].as_u64(), Some(receiver.counts().accepted.total()));
    assert!(errors(&output).contains("interrupted"), "{}", errors(&output));
    drop(stdin);
}
