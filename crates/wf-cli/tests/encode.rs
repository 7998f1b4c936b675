//! `wf encode`: every type, refusals that name the field, and hostile input.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

fn encode(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .arg("encode")
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

fn one(arguments: &[&str], line: &str) -> Value {
    let output = encode(&[&["--output=json"], arguments].concat(), line.as_bytes());
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(i32::from(value["ok"] == false)), "{value}");
    value
}

#[track_caller]
fn check(object: &Value, encoded: &str) {
    let output = encode(&[], object.to_string().as_bytes());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), encoded);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.code(), Some(0));
    let expected = json!({"line": 1, "ok": true, "encoded": encoded, "changed": []});
    assert_eq!(one(&[], &object.to_string()), expected);
}

#[track_caller]
fn refuse(line: &str, error: &str) {
    assert_eq!(one(&[], line), json!({"line": 1, "ok": false, "error": error}), "{line}");
}

#[track_caller]
fn changed(arguments: &[&str], object: &Value, encoded: &str, words: &[&str]) {
    let expected = json!({"line": 1, "ok": true, "encoded": encoded, "changed": words});
    assert_eq!(one(arguments, &object.to_string()), expected);
}

const TRACE: &str = "7b3bf470-9456-11e8-9eb6-529269fb1459";
const SPAN: &str = "0313bafe-9457-11e8-9eb6-529269fb1459";

#[test]
fn the_documents_examples_come_out_as_documented() {
    check(
        &json!({"type": "metric", "name": "new-york.power.usage", "value": 42422, "timestamp": 1533529977,
            "source": "localhost", "tags": {"datacenter": "dc1"}}),
        "\"new-york.power.usage\" 42422.0 1533529977 source=\"localhost\" \"datacenter\"=\"dc1\"\n",
    );
    check(
        &json!({"type": "delta", "name": "delta.counter", "value": 1, "source": "localhost",
            "tags": [["datacenter", "dc1"]]}),
        "\"∆delta.counter\" 1.0 source=\"localhost\" \"datacenter\"=\"dc1\"\n",
    );
    check(
        &json!({"type": "histogram", "name": "request.latency", "centroids": [[30, 20], [5.1, 10]],
            "granularities": ["!M", "!H", "!D"], "timestamp": 1493773500, "source": "appServer1",
            "tags": {"region": "us-west"}}),
        &["!M", "!H", "!D"]
            .map(|bin| {
                format!(
                    "{bin} 1493773500 #20 30.0 #10 5.1 \"request.latency\" source=\"appServer1\" \
                     \"region\"=\"us-west\"\n"
                )
            })
            .concat(),
    );
    check(
        &json!({"type": "span", "name": "getAllUsers", "start_millis": 1552949776000i64, "duration_millis": 343,
            "source": "localhost", "trace_id": TRACE, "span_id": SPAN, "parents": [SPAN],
            "follows_from": [TRACE], "tags": [["application", "Wavefront"], ["http.method", "GET"]]}),
        &format!(
            "\"getAllUsers\" source=\"localhost\" traceId={TRACE} spanId={SPAN} parent={SPAN} \
             followsFrom={TRACE} \"application\"=\"Wavefront\" \"http.method\"=\"GET\" 1552949776000 343\n"
        ),
    );
    check(
        &json!({"type": "source_tag", "action": "add", "source": "s", "tags": ["a", "b"]}),
        "@SourceTag action=add source=\"s\" \"a\" \"b\"\n",
    );
    check(
        &json!({"type": "source_description", "action": "save", "source": "s", "description": "a \"b\""}),
        "@SourceDescription action=save source=\"s\" \"a \\\"b\\\"\"\n",
    );
    check(
        &json!({"type": "source_description", "action": "delete", "source": "s"}),
        "@SourceDescription action=delete source=\"s\"\n",
    );
}

#[test]
fn a_span_is_followed_by_its_logs() {
    let line = format!(
        "\"s\" source=\"h\" traceId={TRACE} spanId={SPAN} \"_spanLogs\"=\"true\" 1552949776000 343\n"
    );
    let logs = format!(
        "{{\"traceId\":\"{TRACE}\",\"spanId\":\"{SPAN}\",\"logs\":[{{\"timestamp\":1552949776000123,\
         \"fields\":{{\"event\":\"miss\"}}}}],\"span\":{}}}\n",
        Value::from(line.as_str())
    );
    check(
        &json!({"type": "span", "name": "s", "start_millis": 1552949776000i64, "duration_millis": 343,
            "source": "h", "trace_id": TRACE, "span_id": SPAN,
            "span_logs": [{"timestamp_micros": 1552949776000123i64, "fields": {"event": "miss"}}]}),
        &(line + &logs),
    );
}

#[test]
fn an_event_is_a_line_or_json() {
    let event = |form: Value| {
        json!({"type": "event", "name": "e", "start_millis": 1552949776000i64, "end_millis": 1552949777000i64,
            "hosts": ["a", "b"], "tags": ["t"], "annotations": {"severity": "info"}, "form": form})
    };
    let line = "@Event 1552949776000 1552949777000 \"e\" severity=\"info\" host=\"a\" host=\"b\" tag=\"t\"\n";
    check(&event(Value::Null), line);
    check(&event(json!("line")), line);
    check(
        &event(json!("json")),
        "{\"name\":\"e\",\"annotations\":{\"severity\":\"info\"},\"hosts\":[\"a\",\"b\"],\
         \"startTime\":1552949776000,\"endTime\":1552949777000,\"tags\":[\"t\"]}\n",
    );
    refuse(&event(json!("xml")).to_string(), "form is neither line nor json");
}

#[test]
fn numbers_tags_and_the_default_source_are_taken_as_given() {
    for (value, text) in [
        ("0.1", "0.1"),
        ("1e16", "1e+16"),
        ("9007199254740993", "9007199254740992.0"),
        ("-0.0", "-0.0"),
        ("2.2250738585072011e-308", "2.225073858507201e-308"),
    ] {
        let line = format!(r#"{{"type":"metric","name":"m","value":{value},"source":"h"}}"#);
        assert_eq!(one(&[], &line)["encoded"], format!("\"m\" {text} source=\"h\"\n"));
    }
    let tags = json!({"type": "metric", "name": "m", "value": 1, "tags": {"z": "1", "a": "2", "m": "3"}});
    let encoded = "\"m\" 1.0 source=\"d\" \"z\"=\"1\" \"a\"=\"2\" \"m\"=\"3\"\n";
    changed(&["--default-source=d"], &tags, encoded, &[]);
    for source in [json!(null), json!(""), json!(" ")] {
        let object = json!({"type": "metric", "name": "m", "value": 1, "source": source});
        changed(&["--default-source=d"], &object, "\"m\" 1.0 source=\"d\"\n", &[]);
        refuse(&object.to_string(), "source is missing and there is no default");
    }
}

#[test]
fn changes_have_their_words_and_reject_refuses_them() {
    let metric = |name: &str, source: &str, key: &str, value: &str| json!({"type": "metric", "name": name, "value": 1, "source": source, "tags": [[key, value]]});
    let point = |name: &str, rest: &str| format!("\"{name}\" 1.0 source=\"h\" {rest}\n");
    let cut = "x".repeat(300);
    for (object, encoded, words) in [
        (metric("a b", "h", "k", "v"), point("a-b", "\"k\"=\"v\""), &["name"][..]),
        (metric("m", " h", "k", "v"), point("m", "\"k\"=\"v\""), &["source"]),
        (metric("m", "h", "k k", "v"), point("m", "\"k-k\"=\"v\""), &["tag_key"]),
        (metric("m", "h", "k", " v"), point("m", "\"k\"=\"v\""), &["tag_value"]),
        (metric("m", "h", "k", "a\nb"), point("m", "\"k\"=\"a\\nb\""), &["tag_value", "control"]),
        (metric("m", "h", "k", "v\\"), point("m", "\"k\"=\"v\""), &["tag_value", "backslash"]),
        (
            metric("m", "h", "k", &cut),
            point("m", &format!("\"k\"=\"{}\"", &cut[..253])),
            &["tag_value", "truncated"],
        ),
        (
            json!({"type": "metric", "name": "m", "value": 1, "source": "h", "tags": [["k", "1"], ["k", "2"]]}),
            point("m", "\"k\"=\"2\""),
            &["tag_dropped"],
        ),
    ] {
        changed(&[], &object, &encoded, words);
        let refused = one(&["--reject"], &object.to_string());
        assert_eq!(refused["ok"], false, "{refused}");
    }
    changed(&[], &metric("a/b", "h", "k/", "v"), &point("a/b", "\"k/\"=\"v\""), &[]);
    changed(
        &["--names=python"],
        &metric("a/b", "h", "k/", "v"),
        &point("a-b", "\"k-\"=\"v\""),
        &["name", "tag_key"],
    );
    let long = metric(&"x".repeat(300), "h", "k", "v").to_string();
    let allowed =
        ["proxy", "tenant", "default"].map(|limits| one(&["--limits", limits], &long)["ok"].clone());
    assert_eq!(allowed, [true, false, false]);
    assert_eq!(one(&[], &long)["error"], "name is too long");
}

#[test]
fn refusals_name_the_field() {
    let metric = |rest: &str| format!(r#"{{"type":"metric","name":"m","source":"h"{rest}}}"#);
    let span = |rest: &str| format!(r#"{{"type":"span","name":"s","source":"h"{rest}}}"#);
    let histogram = |rest: &str| format!(r#"{{"type":"histogram","name":"m","source":"h"{rest}}}"#);
    const TYPES: &str = "metric, delta, histogram, span, event, source_tag, source_description";
    let unknown = "unknown field valu; known are type, name, value, timestamp, source, tags";
    for (line, error) in [
        ("{}".to_owned(), format!("type is missing; it is one of {TYPES}").as_str()),
        (r#"{"type":1}"#.to_owned(), "type is not a text"),
        (r#"{"type":"x"}"#.to_owned(), &format!("type x is unknown; it is one of {TYPES}")),
        ("[]".to_owned(), "not a JSON object"),
        ("{\"type\"".to_owned(), "not JSON: EOF while parsing an object at column 7"),
        (metric(r#","valu":1"#), unknown),
        (metric(""), "value is missing"),
        (metric(r#","value":null"#), "value is missing"),
        (metric(r#","value":"1""#), "value is neither a number nor \"NaN\", \"Infinity\" or \"-Infinity\""),
        (metric(r#","value":"NaN""#), "value is not a finite number"),
        (metric(r#","value":"-Infinity""#), "value is not a finite number"),
        (metric(r#","value":1,"timestamp":1.5"#), "timestamp is not an integer of 64 bits"),
        (metric(r#","value":1,"timestamp":-1"#), "timestamp is out of range"),
        (metric(r#","value":1,"tags":1"#), "tags is neither an object nor a list of pairs"),
        (metric(r#","value":1,"tags":{"a":1}"#), "tags.a is not a text"),
        (metric(r#","value":1,"tags":[["a","b"],["c"]]"#), "tags[1] is not a list of a key and a value"),
        (metric(r#","value":1,"tags":{"a":" "}"#), "tag value is blank"),
        (histogram(r#","centroids":[[1]]"#), "centroids[0] is not a list of a mean and a count"),
        (histogram(r#","centroids":[[1,1.5]]"#), "centroids[0][1] is not an integer of 64 bits"),
        (
            histogram(r#","centroids":[[1,1]],"granularities":["M"]"#),
            "granularities[0] is none of !M, !H, !D",
        ),
        (histogram(r#","centroids":[]"#), "histogram has no centroid"),
        (
            span(r#","start_millis":1,"duration_millis":0,"trace_id":"x""#),
            "trace_id: id is not 32 hexadecimal digits, with or without the hyphens of a uuid",
        ),
        (
            span(r#","span_logs":[{"time":1}]"#),
            "unknown field span_logs[0].time; known are timestamp_micros, fields",
        ),
        (span(r#","span_logs":[{}]"#), "span_logs[0].timestamp_micros is missing"),
        (span(r#","span_logs":[1]"#), "span_logs[0] is not a JSON object"),
        (r#"{"type":"source_tag","action":"x","tags":[]}"#.to_owned(), "action is none of add, save, delete"),
        (r#"{"type":"source_description","action":"save"}"#.to_owned(), "description is missing"),
        (
            r#"{"type":"source_description","action":"delete","source":"h","description":"d"}"#.to_owned(),
            "description has no place in a delete",
        ),
    ] {
        refuse(&line, error);
    }
}

#[test]
fn lines_are_numbered_and_blank_ones_skipped() {
    let good = r#"{"type":"metric","name":"m","value":1,"source":"h"}"#;
    let input = format!("{good}\n\n \r\n{{\n{good}\r\n");
    let output = encode(&[], input.as_bytes());
    assert_eq!(output.stdout, b"\"m\" 1.0 source=\"h\"\n\"m\" 1.0 source=\"h\"\n");
    let error = "wf: stdin:4: not JSON: EOF while parsing an object at column 1\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), error);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_name_that_is_there_twice_is_an_error_that_names_it() {
    let top = r#"{"type":"metric","name":"m","value":1,"value":2,"source":"h"}"#;
    let tags = r#"{"type":"metric","name":"m","value":1,"source":"h","tags":{"k":"1","k":"2"}}"#;
    let output = encode(&[], format!("{top}\n{tags}\n").as_bytes());
    let errors = "wf: stdin:1: \"value\" is there twice at column 47\n\
                  wf: stdin:2: \"k\" is there twice at column 75\n";
    assert_eq!(String::from_utf8(output.stderr).unwrap(), errors);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
}

#[test]
fn hostile_input_is_refused_line_by_line() {
    let good = br#"{"type":"metric","name":"m","value":1,"source":"h"}"#;
    let mut long = br#"{"type":"metric","value":1,"source":"h","name":""#.to_vec();
    long.resize(5 << 20, b'x');
    long.extend(br#""}"#);
    let deep = "[".repeat(1 << 20).into_bytes();
    let huge = vec![b' '; (16 << 20) + 1];
    let input = [b"\xff\x00", &long[..], &deep, b"{\"type\":\"metric\",\"value\":1e999}", &huge, good]
        .join(&b"\n"[..]);
    let output = encode(&["--output=json"], &input);
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let errors: Vec<_> = lines.iter().map(|line| line["error"].as_str().unwrap_or("")).collect();
    assert_eq!(
        errors,
        [
            "not UTF-8",
            "name is too long",
            "not JSON: recursion limit exceeded at column 128",
            "not JSON: number out of range at column 30",
            "longer than 16777216 bytes",
            "",
        ]
    );
    assert_eq!(output.status.code(), Some(1));

    let binary: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    assert_eq!(encode(&[], &binary).status.code(), Some(1));
    let empty = encode(&[], b"");
    assert_eq!((empty.status.code(), empty.stdout.len()), (Some(0), 0));
}

#[test]
fn exit_codes_tell_usage_from_unreadable() {
    let code = |arguments: &[&str]| encode(arguments, b"").status.code();
    assert_eq!(code(&["/nonexistent/file"]), Some(5));
    for wrong in ["--limits=x", "--names=x", "--output=x", "--nope"] {
        assert_eq!(code(&[wrong]), Some(2), "{wrong}");
    }
    let help = String::from_utf8(encode(&["--help"], b"").stdout).unwrap();
    assert!(help.contains("Example: echo '{\"type\":\"metric\""), "{help}");
}

#[test]
fn a_closed_stdout_is_a_quiet_end() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_wf"))
        .arg("encode")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let line = "{\"type\":\"metric\",\"name\":\"m\",\"value\":1,\"source\":\"h\"}\n";
    child.stdin.take().unwrap().write_all(line.repeat(2).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}
