//! `wf check`: the recorded verdicts of the real receiver through the command, its words for people, and hostile input.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

fn check(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .args(["check", "--now=1700000000", "--remote-host=REMOTE"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A command that ends early closes the pipe.
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output().unwrap()
    })
}

fn findings(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn finding(arguments: &[&str], line: &str) -> Value {
    let output = check(&[&["--output=json"], arguments].concat(), line.as_bytes());
    let mut findings = findings(&output);
    assert_eq!(findings.len(), 1, "{line}");
    findings.remove(0)
}

#[track_caller]
fn text(arguments: &[&str], input: &[u8], stdout: &str, stderr: &str, code: i32) {
    let output = check(arguments, input);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), stdout);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), stderr);
    assert_eq!(output.status.code(), Some(code));
}

/// What the recording says of a row, in the fields it has; `reason` and `column` are ours alone.
fn recorded(row: &Value) -> (&Value, Option<String>, Option<&str>) {
    let code = row["reason"].as_str().map(|reason| match reason.find("WF-") {
        Some(at) => reason[at..at + 6].to_owned(),
        // What the decoder throws is logged under one code; what escapes the listener has none of its own.
        None if reason.starts_with("REJECT") => "WF-300".to_owned(),
        None => "WF-500".to_owned(),
    });
    (&row["verdict"], code, row["canonical"].as_str())
}

#[test]
fn every_recorded_line_gets_the_receivers_verdict() {
    let rows = include_str!("../../wf-parse/tests/data/receiver.jsonl").lines();
    let rows: Vec<Value> = rows.map(|row| serde_json::from_str(row).unwrap()).collect();
    let mut seen = 0;
    for f in ["auto", "wavefront", "histogram", "trace", "event"] {
        let rows: Vec<&Value> = rows.iter().filter(|row| row["f"].as_str().unwrap_or("auto") == f).collect();
        let input: String = rows.iter().map(|row| row["line"].as_str().unwrap().to_owned() + "\n").collect();
        let output = check(&["--output=json", "--format", f], input.as_bytes());
        let findings = findings(&output);
        assert_eq!((findings.len(), output.status.code()), (rows.len(), Some(1)), "{f}");
        for (at, (row, finding)) in rows.into_iter().zip(&findings).enumerate() {
            let ours = (
                &finding["verdict"],
                finding["code"].as_str().map(str::to_owned),
                finding["canonical"].as_str(),
            );
            assert_eq!(ours, recorded(row), "{row}\n{finding}");
            assert_eq!(finding["line"], at + 1);
            assert_eq!(finding["reason"].is_string(), finding["code"].is_string(), "{finding}");
            assert_eq!(finding["column"].is_u64(), finding["code"].is_string(), "{finding}");
        }
        seen += findings.len();
    }
    assert_eq!(seen, 210);
}

#[test]
fn each_kind_has_its_word_and_all_fields() {
    let span = "s source=h traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
                spanId=0313bafe-9457-11e8-9eb6-529269fb1459 1700000000000 5";
    let logs = |value: &str| {
        format!(
            "{{\"traceId\":\"7b3bf470-9456-11e8-9eb6-529269fb1459\",\
             \"spanId\":\"0313bafe-9457-11e8-9eb6-529269fb1459\",\
             \"logs\":[{{\"timestamp\":1,\"fields\":{{\"a\":{value}}}}}]}}"
        )
    };
    for (format, line, kind, canonical) in [
        ("auto", "m 1", "metric", json!("\"m\" 1.0 1700000000 source=\"REMOTE\"")),
        ("auto", "∆d 1 source=h", "delta", json!("\"∆d\" 1.0 1700000000 source=\"h\"")),
        (
            "auto",
            "!M 1700000000 #1 2 m source=h",
            "histogram",
            json!("!M 1699999980 #1 2.0 \"m\" source=\"h\""),
        ),
        (
            "trace",
            span,
            "span",
            json!(
                "\"s\" source=\"h\" spanId=\"0313bafe-9457-11e8-9eb6-529269fb1459\" \
                 traceId=\"7b3bf470-9456-11e8-9eb6-529269fb1459\" 1700000000000 5"
            ),
        ),
        ("auto", &logs("\"b\""), "spanLogs", Value::Null),
        ("auto", "@Event 1700000000000 e", "event", json!("@Event 1700000000000 1700000000001 \"e\"")),
        (
            "auto",
            "@SourceTag action=add source=h a b",
            "sourceTag",
            json!("@SourceTag action=add source=\"h\" \"a\""),
        ),
        (
            "auto",
            "@SourceDescription action=save source=h d",
            "sourceDescription",
            json!("@SourceDescription action=save source=\"h\" \"d\""),
        ),
    ] {
        let expected = json!({
            "line": 1, "verdict": "accept", "kind": kind, "canonical": canonical,
            "code": null, "reason": null, "column": null,
        });
        assert_eq!(finding(&["--format", format], line), expected, "{line}");
    }
    let ignored = json!({
        "line": 1, "verdict": "ignore", "kind": "unknown", "canonical": null,
        "code": null, "reason": null, "column": null,
    });
    assert_eq!(finding(&[], " \t\n"), ignored);

    // Thrown away in silence, both under the same code.
    for (line, kind) in [("∆d -1 source=h", "delta"), (logs("1").as_str(), "spanLogs")] {
        let finding = finding(&[], line);
        assert_eq!(finding["verdict"], "discard", "{finding}");
        assert_eq!((&finding["code"], &finding["kind"]), (&json!("WF-404"), &json!(kind)), "{finding}");
        assert!(finding["reason"].is_string() && finding["canonical"].is_null(), "{finding}");
    }
    let escaped = finding(&["--format=trace"], &span.replace("traceId=7b3bf470", "traceId=x"));
    assert_eq!((&escaped["verdict"], &escaped["code"]), (&json!("error"), &json!("WF-500")));
    let late = finding(&[], "m 1 1500000000 source=h");
    assert_eq!((&late["verdict"], &late["code"]), (&json!("reject"), &json!("WF-402")));
    assert_eq!(finding(&[], "∆∆m 1,5 source=h")["column"], 5, "characters, not bytes");
}

#[test]
fn limits_now_and_host_have_defaults() {
    let name = "x".repeat(300);
    let line = format!("{name} 1 source=h");
    let verdicts = ["proxy", "tenant", "default"].map(|limits| finding(&["--limits", limits], &line));
    assert_eq!(verdicts[0], finding(&[], &line));
    assert_eq!(
        verdicts.map(|finding| finding["code"].clone()),
        [json!(null), json!("WF-408"), json!("WF-408")]
    );

    let output = Command::new(env!("CARGO_BIN_EXE_wf"))
        .args(["check", "--output=json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            child.stdin.take().unwrap().write_all(b"m 1\n")?;
            child.wait_with_output()
        })
        .unwrap();
    let finding = findings(&output).remove(0);
    let canonical = finding["canonical"].as_str().unwrap();
    let seconds: u64 = canonical.split(' ').nth(2).unwrap().parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!((now - 600..=now).contains(&seconds), "{canonical}");
    assert!(canonical.split_once(" source=\"").is_some_and(|(_, host)| host.len() > 1), "{canonical}");
}

#[test]
fn people_see_the_line_a_caret_and_what_to_write() {
    text(&[], b"m 1 source=h\n", "lines: 1, accepted: 1, not accepted: 0, blank: 0\n", "", 0);
    text(&[], b"\n \n", "lines: 2, accepted: 0, not accepted: 0, blank: 2\n", "", 0);
    text(
        &[],
        b"ok 1 source=h\n\n\tm 4,2 source=h\n\xE2\x88\x86d 0\n",
        concat!(
            "stdin:3:4: reject metric WF-300\n",
            "  |  m 4,2 source=h\n",
            "  |    ^\n",
            "  = '4,2' is not a number; the decimal sign is '.', and digits are not grouped\n",
            "stdin:4:4: discard delta WF-404\n",
            "  | ∆d 0\n",
            "  |    ^\n",
            "  = a delta counter must be above zero; the receiver drops the line without a word\n",
            "lines: 4, accepted: 1, not accepted: 2, blank: 1\n",
        ),
        "",
        1,
    );
}

#[test]
fn bytes_that_are_no_utf8_are_judged_and_named() {
    let stderr = "wf: stdin:1: not UTF-8; judged as the receiver reads it, with U+FFFD\n";
    let output = check(&["--output=json"], b"m 1 source=h k=\xff\n");
    assert_eq!(findings(&output)[0]["canonical"], "\"m\" 1.0 1700000000 source=\"h\" \"k\"=\"\u{FFFD}\"");
    assert_eq!(String::from_utf8(output.stderr).unwrap(), stderr);
    assert_eq!(output.status.code(), Some(0));

    // Every byte there is: no panic, and nothing that steers a terminal.
    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let output = check(&[], &binary);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.chars().any(|character| character.is_control() && character != '\n'));
}

#[test]
fn hostile_sizes_are_judged() {
    text(&[], b"", "lines: 0, accepted: 0, not accepted: 0, blank: 0\n", "", 0);
    let mut long = b"m 1 source=h k=".to_vec();
    long.resize(5 << 20, b'x');
    let output = check(&[], &long);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.len() < 1000, "an excerpt, not the line");
    let deep = "[".repeat(100_000);
    let deep = format!("{{\"a\":{deep}}}");
    assert_eq!(finding(&["--format=spanLogs"], &deep)["code"], "WF-300");

    long.resize((16 << 20) + 1, b'x');
    long.extend(b"\nm 1 source=h");
    let findings = findings(&check(&["--output=json"], &long));
    assert_eq!(findings[0]["verdict"], "reject");
    assert_eq!(findings[0]["reason"], "the line is longer than 16777216 bytes, more than any port takes");
    assert_eq!((findings.len(), &findings[1]["verdict"]), (2, &json!("accept")));
}

#[test]
fn exit_codes_tell_usage_from_unreadable() {
    let code = |arguments: &[&str]| check(arguments, b"").status.code();
    assert_eq!(code(&["/nonexistent/file"]), Some(5));
    assert_eq!(code(&["/"]), Some(5));
    for wrong in ["--format=x", "--limits=x", "--now=x", "--now=9999999999999999", "--output=x", "--nope"] {
        assert_eq!(code(&[wrong]), Some(2), "{wrong}");
    }
    let help = check(&["--help"], b"");
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("Example: echo 'cpu.load 0,42 source=web-1' | wf check"), "{help}");
}

#[test]
fn a_closed_stdout_is_a_quiet_end() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .args(["check", "--output=json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(b"m 1 source=h\nm 1 source=h\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
