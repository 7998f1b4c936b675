//! `wf listen`, as a child process with clients of its own.
#![cfg(unix)]

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::Value;

/// A `wf listen` whose address is known.
struct Listener {
    child: Child,
    /// `None` once stdout is closed.
    stdout: Option<JoinHandle<String>>,
    stderr: BufReader<std::process::ChildStderr>,
    addr: String,
}

impl Listener {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_wf"))
            .arg("listen")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        stderr.read_line(&mut first).unwrap();
        let addr = first.trim_end().strip_prefix("wf: http ").unwrap_or_else(|| panic!("{first}")).to_owned();
        let mut stdout = child.stdout.take().unwrap();
        // Read all along, or the listener would wait for its reader.
        let stdout = thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, stdout: Some(stdout), stderr, addr }
    }

    fn url(&self) -> String {
        format!("proxy://{}", self.addr)
    }

    /// Sends a signal, and gives all that was printed and the exit code.
    fn stop(mut self, signal: &str) -> (String, Option<i32>) {
        let killed = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        let code = self.child.wait().unwrap().code();
        (self.stdout.take().unwrap().join().unwrap(), code)
    }
}

/// Posts lines and gives the status.
fn post(addr: &str, head: &str, body: &str) -> u16 {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    write!(
        stream,
        "POST /{head} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

fn write(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wf"));
    command.args(["write", "--output=json", "--url", url]).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn ledger(output: &Output) -> Value {
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{errors}"))
}

fn path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("wf-listen-{}-{name}", std::process::id()))
}

/// Lines of five kinds in turn, with their number as `id`.
fn mixed(lines: usize) -> String {
    (0..lines)
        .map(|i| match i % 5 {
            0 => format!("cpu.load {i} source=h id={i}\n"),
            1 => format!("∆requests 1 source=h id={i}\n"),
            2 => format!("!M #1 2.5 latency source=h id={i}\n"),
            3 => format!(
                "s source=h traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 spanId=0313bafe-9457-11e8-9eb6-529269fb1459 \
                 application=a service=b id={i} 1533529977627 2\n"
            ),
            _ => format!("@Event 1533529977627 1533529977628 deploy id={i}\n"),
        })
        .collect()
}

#[test]
fn lines_verdicts_and_totals() {
    let listener = Listener::start(&["--http=:0", "--output=json"]);
    assert_eq!(post(&listener.addr, "report?f=wavefront", "a 1 source=h\nb x source=h\n\n"), 202);
    let (text, code) = listener.stop("-INT");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((code, lines.len()), (Some(0), 4), "{text}");
    let cells =
        |line: &Value, cells: &[&str]| cells.iter().map(|cell| line[*cell].to_string()).collect::<Vec<_>>();
    assert_eq!(
        cells(&lines[0], &["line", "verdict", "kind", "code", "text"]),
        ["1", "\"accept\"", "\"metric\"", "null", "\"a 1 source=h\""]
    );
    assert!(lines[0]["canonical"].as_str().unwrap().starts_with("\"a\" 1.0 "), "{text}");
    assert_eq!(
        cells(&lines[1], &["line", "verdict", "code", "column", "canonical"]),
        ["2", "\"reject\"", "\"WF-300\"", "3", "null"]
    );
    assert!(lines[1]["reason"].as_str().unwrap().contains("not a number"), "{text}");
    assert_eq!(lines[2]["verdict"], "ignore");
    assert_eq!(lines[3]["totals"]["metric"]["accepted"], 1);
    assert_eq!(lines[3]["totals"]["metric"]["rejected"], 1);
}

#[test]
fn text_has_a_line_each_and_counts_every_second() {
    let mut listener = Listener::start(&["--http=localhost:0"]);
    assert_eq!(post(&listener.addr, "", "a 1 source=h\nb x source=h\n"), 202);
    let mut counts = String::new();
    listener.stderr.read_line(&mut counts).unwrap();
    assert_eq!(counts, "wf: metric 1 (rejected 1)\n");
    let (text, code) = listener.stop("-INT");
    assert_eq!(code, Some(0));
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "accept metric: a 1 source=h");
    assert!(
        lines[1].starts_with("reject metric WF-300 column 3 (") && lines[1].ends_with("): b x source=h"),
        "{text}"
    );
    assert_eq!(lines[2..], ["totals: metric 1 (rejected 1)"]);
}

#[test]
fn a_hundred_thousand_lines_are_in_both_books() {
    let (input, record) = (path("input"), path("record"));
    fs::write(&input, mixed(100_000)).unwrap();
    let listener = Listener::start(&["--http=:0", "--output=json", "--record", record.to_str().unwrap()]);
    let output = write(&listener.url(), &[input.to_str().unwrap()]).output().unwrap();
    let (text, code) = listener.stop("-INT");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let ledger = ledger(&output);
    assert_eq!((&ledger["offered"], &ledger["delivered"]), (&100_000.into(), &100_000.into()), "{ledger}");
    assert_eq!((code, text.lines().count()), (Some(0), 100_001));
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    for kind in ["metric", "delta", "histogram", "span", "event"] {
        assert_eq!(last["totals"][kind]["accepted"], 20_000, "{kind}: {last}");
        assert_eq!(last["totals"][kind]["rejected"], 0, "{kind}: {last}");
    }
    let recorded = fs::read_to_string(&record).unwrap();
    let mut recorded: Vec<_> = recorded.lines().collect();
    let sent = fs::read_to_string(&input).unwrap();
    let mut sent: Vec<_> = sent.lines().collect();
    recorded.sort_unstable();
    sent.sort_unstable();
    assert!(recorded == sent, "every line, once, as it was given");
    fs::remove_file(input).unwrap();
    fs::remove_file(record).unwrap();
}

#[test]
fn a_listener_killed_three_times_loses_nothing() {
    const LINES: usize = 40_000;
    let record = path("kill-record");
    let lines: Vec<String> = (0..LINES).map(|i| format!("cpu.load {i} source=h")).collect();
    let recorded = || fs::read_to_string(&record).unwrap_or_default().lines().count();
    let arguments = ["--output=json", "--record", record.to_str().unwrap()];
    let mut listener = Listener::start(&[&["--http=:0"][..], &arguments].concat());
    let http = format!("--http={}", listener.addr);
    let again = [&[http.as_str()][..], &arguments].concat();
    let mut writer = write(&listener.url(), &[]).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = writer.stdin.take().unwrap();
    for (round, part) in lines.chunks(LINES / 4).enumerate() {
        let before = recorded();
        stdin.write_all((part.join("\n") + "\n").as_bytes()).unwrap();
        if round < 3 {
            // Killed as the first lines of this part are there, so that some are on their way.
            while recorded() == before {
                thread::sleep(Duration::from_millis(2));
            }
            listener.stop("-KILL");
            listener = Listener::start(&again);
        }
    }
    drop(stdin);
    let output = writer.wait_with_output().unwrap();
    listener.stop("-INT");
    let ledger = ledger(&output);
    let count = |cell: &str| ledger[cell].as_u64().unwrap();
    let unconfirmed: u64 =
        ledger["unconfirmed"].as_object().unwrap().values().filter_map(Value::as_u64).sum();
    assert_eq!(count("accepted"), LINES as u64, "{ledger}");
    assert_eq!(count("delivered") + unconfirmed, LINES as u64, "nothing was dropped: {ledger}");
    let text = fs::read_to_string(&record).unwrap();
    let seen = text.lines().count() as u64;
    assert!(count("delivered") <= seen, "delivered is what was seen, at least: {ledger}, seen {seen}");
    let mut distinct: Vec<_> = text.lines().collect();
    distinct.sort_unstable();
    distinct.dedup();
    // What was cut off by a kill, in the middle of a write, is no line that was acknowledged.
    let known: HashSet<_> = lines.iter().map(String::as_str).collect();
    let whole = distinct.iter().filter(|line| known.contains(*line)).count() as u64;
    assert!(whole + unconfirmed >= LINES as u64, "nothing delivered is missing: {ledger}, {whole} distinct");
    fs::remove_file(record).unwrap();
}

#[test]
fn further_ports_and_tokens() {
    let token = path("token");
    fs::write(&token, "secret\n").unwrap();
    let mut listener =
        Listener::start(&["--http=:0", "--traces=127.0.0.1:0", "--token-file", token.to_str().unwrap()]);
    fs::remove_file(token).unwrap();
    let mut traces = String::new();
    listener.stderr.read_line(&mut traces).unwrap();
    let traces = traces.trim_end().strip_prefix("wf: traces ").unwrap();
    assert_ne!(traces, listener.addr);
    assert_eq!(post(&listener.addr, "", "a 1 source=h\n"), 401);
    assert_eq!(post(&listener.addr, "?t=secret", "a 1 source=h\n"), 202);
    let span = "s traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 spanId=0313bafe-9457-11e8-9eb6-529269fb1459 \
        application=a service=b 1533529977627 2\n";
    assert_eq!(post(traces, "?t=secret", span), 202);
    let (text, _) = listener.stop("-INT");
    assert!(text.ends_with("totals: metric 1 · span 1\n"), "{text}");
    assert!(!text.contains("secret"));
}

#[test]
fn tls_says_what_to_trust() {
    let mut listener = Listener::start(&["--http=:0", "--tls"]);
    let mut pem = String::new();
    while !pem.ends_with("-----END CERTIFICATE-----\n") {
        assert_ne!(listener.stderr.read_line(&mut pem).unwrap(), 0, "{pem}");
    }
    let (authority, input) = (path("ca.pem"), path("tls-input"));
    fs::write(&authority, pem.split_once('\n').unwrap().1).unwrap();
    fs::write(&input, "a 1 source=h\n").unwrap();
    let url = format!("proxys://{}", listener.addr);
    let output = write(&url, &[input.to_str().unwrap()]).env("SSL_CERT_FILE", &authority).output().unwrap();
    assert!(output.status.success(), "{}", ledger(&output));
    let (text, _) = listener.stop("-INT");
    assert!(text.starts_with("accept metric: a 1 source=h\n"), "{text}");
    fs::remove_file(authority).unwrap();
    fs::remove_file(input).unwrap();
}

#[test]
fn bad_arguments_are_named() {
    #[track_caller]
    fn check(arguments: &[&str], code: i32, error: &str) {
        let output = Command::new(env!("CARGO_BIN_EXE_wf")).arg("listen").args(arguments).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {errors}");
        assert!(errors.contains(error), "{arguments:?}: {errors}");
    }
    check(&["--http=0.0.0.0:2878"], 2, "this machine only");
    check(&["--http=2878"], 2, "HOST:PORT");
    check(&["--http=:65536"], 2, "0 to 65535");
    check(&["--http=:0", "--record=/no/such/directory/file"], 5, "/no/such/directory/file");
    check(&["--http=:0", "--token-file=/no/such/file"], 5, "/no/such/file");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    check(&[&format!("--http={}", taken.local_addr().unwrap())], 1, "could not start");
    let help = Command::new(env!("CARGO_BIN_EXE_wf")).args(["listen", "--help"]).output().unwrap();
    assert!(String::from_utf8(help.stdout).unwrap().contains("Example: wf listen --http "));
}

#[test]
fn a_closed_stdout_ends_it_without_a_panic() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .args(["listen", "--http=:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut first = String::new();
    stderr.read_line(&mut first).unwrap();
    let addr = first.trim_end().strip_prefix("wf: http ").unwrap();
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.write_all(b"a 1 source=h\n").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(1), "a panic exits with 101");
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("stopped: "), "{rest}");
}

#[test]
fn hostile_bytes_do_not_stop_it() {
    let listener = Listener::start(&["--http=:0", "--output=json"]);
    for bytes in [
        &b""[..],
        b"\n\n",
        b"\xff\xfe\0\n",
        &[b'x'; 100_000],
        b"POST / HTTP/1.1\r\ncontent-length: 99\r\n\r\nx",
    ] {
        let mut stream = TcpStream::connect(&listener.addr).unwrap();
        // It may have closed the connection already.
        let _ = stream.write_all(bytes);
    }
    assert_eq!(post(&listener.addr, "", "good 1 source=h\n"), 202);
    let (text, code) = listener.stop("-INT");
    assert_eq!(code, Some(0));
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(lines.any(|line| line["text"] == "good 1 source=h"), "{text}");
}
