//! Reasons, columns and codes as people see them, and rules that the recorded verdicts leave out.

use wf_parse::{Code, Format, Granularity, Kind, Limits, Parser, Record, Verdict};

const NOW_MILLIS: i64 = 1_700_000_000_000;

fn parser() -> Parser {
    Parser::new().limits(Limits::PROXY).now_millis(NOW_MILLIS).remote_host("REMOTE")
}

/// The problem of a line as `column: reason`.
#[track_caller]
fn check_as(format: Format, line: &str, code: Code, expected: &str) {
    let parsed = parser().parse(format, line);
    let Some(problem) = parsed.problem() else { panic!("{line} is {}", parsed.verdict()) };
    assert_eq!(format!("{}: {problem}", problem.column()), expected, "{line}");
    assert_eq!(problem.code(), code, "{line}");
}

#[track_caller]
fn check(line: &str, code: Code, expected: &str) {
    check_as(Format::Auto, line, code, expected);
}

#[track_caller]
fn accepts(format: Format, line: &str) {
    let parsed = parser().parse(format, line);
    assert_eq!(parsed.verdict(), Verdict::Accept, "{line}: {:?}", parsed.problem());
}

#[test]
fn values() {
    let missing = "the value is missing: the tag source stands where it belongs";
    check("foo source=h", Code::Syntax, &format!("5: {missing}"));
    check("foo", Code::Syntax, &format!("4: {missing}"));
    check(
        "foo nan source=h",
        Code::Syntax,
        "5: 'nan' is not a number; the receiver reads only the spelling NaN",
    );
    check(
        "foo -inf source=h",
        Code::Syntax,
        "5: '-inf' is not a number; the receiver reads only the spelling Infinity",
    );
    check("foo true source=h", Code::Syntax, "5: 'true' is not a number; write 1");
    check("foo 1L source=h", Code::Syntax, "5: '1L' is not a number; leave off the suffix");
    check("foo 90% source=h", Code::Syntax, "5: '90%' is not a number; leave off the unit");
    check(
        "foo 1,5 source=h",
        Code::Syntax,
        "5: '1,5' is not a number; the decimal sign is '.', and digits are not grouped",
    );
    check("foo 1_000 source=h", Code::Syntax, "5: '1_000' is not a number; digits are not grouped");
    check(
        "foo 0x10 source=h",
        Code::Syntax,
        "5: '0x10' is not a number; a hexadecimal number needs an exponent of two, as in 0x10p0",
    );
    check("  foo bar source=h", Code::Syntax, "7: 'bar' is not a number");
    check(
        "∆foo 0 source=h",
        Code::DeltaValue,
        "6: a delta counter must be above zero; the receiver drops the line without a word",
    );
}

#[test]
fn timestamps() {
    check(
        "foo 1 5xx=3 source=h",
        Code::Syntax,
        "7: '5xx' is read as a timestamp because it starts with a digit; put source= first or send a timestamp",
    );
    check(
        "foo 1 1700000000s source=h",
        Code::Syntax,
        "7: '1700000000s' is not a timestamp; give the number alone, in s, ms, µs or ns since 1970",
    );
    check(
        "foo 1 -1700000000 source=h",
        Code::Syntax,
        "7: -1700000000 is missing its '='; a timestamp has no sign and follows the value",
    );
    check(
        "foo 1 source=h 1700000000",
        Code::Syntax,
        "16: 1700000000 is missing its '='; a timestamp stands only once, directly after the value",
    );
    check("foo 1 1 source=h", Code::Time, "7: the timestamp is a year or more in the past; check its unit");
    check(
        "foo 1 1700086400 source=h",
        Code::Time,
        "7: the timestamp is a day or more in the future; check its unit",
    );
}

/// Both ends of the window are outside it.
#[test]
fn the_time_window_excludes_its_ends() {
    let oldest = NOW_MILLIS - 8760 * 3_600_000;
    let newest = NOW_MILLIS + 24 * 3_600_000;
    for (time, verdict) in [
        (oldest, Verdict::Reject),
        (oldest + 1, Verdict::Accept),
        (newest - 1, Verdict::Accept),
        (newest, Verdict::Reject),
    ] {
        let line = format!("foo 1 {time} source=h");
        assert_eq!(parser().parse(Format::Auto, &line).verdict(), verdict, "{line}");
    }
    // A span may start at the very end, and however long ago.
    for (time, verdict) in [(newest, Verdict::Accept), (newest + 1, Verdict::Reject), (1, Verdict::Accept)] {
        let line = format!("op source=h traceId=1-1-1-1-1 spanId=s {time} 1");
        assert_eq!(parser().parse(Format::Trace, &line).verdict(), verdict, "{line}");
    }
}

#[test]
fn tags() {
    check("foo 1 source", Code::Syntax, "7: source is missing its '='");
    check("foo 1 source=h k v", Code::Syntax, "16: k is missing its '='");
    check(
        "foo 1 source=h k=v=w",
        Code::Syntax,
        "19: a tag cannot start with '='; put a value that holds '=' in quotes",
    );
    check("foo 1 source=h k=#ff0000", Code::Syntax, "19: ff0000 is missing its '='");
    check("foo 1 source=h k=", Code::Syntax, "18: k has no value after its '='");
    check("foo 1 source=h k=\"a", Code::Syntax, "18: the quote before 'a' is never closed");
    check(
        r#"foo 1 source=h k="C:\""#,
        Code::Syntax,
        r#"18: the quote before 'C:\"' is never closed; a backslash before " keeps the quote open, so quoted text cannot end in a backslash"#,
    );
    check(
        "foo 1 source=h k=\" \"",
        Code::TagValueBlank,
        "16: the point tag k is blank; leave it out or give it a value",
    );
    check(
        "foo 1 source=h \"a:b\"=v",
        Code::KeyCharacters,
        "16: point tag keys may not contain ':'; use \".\"",
    );
    check(
        "foo 1 source=h \"∆\"=v",
        Code::Internal,
        "16: point tag keys may not be a lone delta sign; the receiver fails on it",
    );
    check(
        "foo 1 \"\"=v source=h",
        Code::Syntax,
        "7: an empty token stands where a timestamp or a tag key belongs",
    );
}

#[test]
fn names() {
    check("foo:bar 1 source=h", Code::NameCharacters, "1: metric names may not contain ':'; use \".\"");
    check("\"foo bar\" 1 source=h", Code::NameCharacters, "1: metric names may not contain ' '; use \"-\"");
    check(
        "fo∆o 1 source=h",
        Code::NameCharacters,
        "1: metric names may not contain '∆'; it may only come first",
    );
    check(
        "fo~o 1 source=h",
        Code::NameCharacters,
        "1: metric names may not contain '~'; it may only come first, or second after a delta sign",
    );
    check("\"\" 1 source=h", Code::NameCharacters, "1: metric names may not be empty");
    check(
        "∆ 1 source=h",
        Code::Internal,
        "1: metric names may not be a lone delta sign; the receiver fails on it",
    );
    check("foo 1 source=\" \"", Code::SourceBlank, "7: the source is blank; name the host that reports");
}

#[test]
fn lengths() {
    let long = |units: usize| "x".repeat(units);
    check(
        &format!("{} 1 source=h", long(1024)),
        Code::MetricLength,
        "1: the metric name is 1024 characters long; at most 1023 are allowed",
    );
    check(
        &format!("!M #1 1 {} source=h", long(1024)),
        Code::HistogramLength,
        "9: the histogram name is 1024 characters long; at most 1023 are allowed",
    );
    check(
        &format!("foo 1 source={}", long(1024)),
        Code::SourceLength,
        "7: the source is 1024 characters long; at most 1023 are allowed",
    );
    check(
        &format!("foo 1 source=h k={}", long(254)),
        Code::TagLength,
        "16: key and value of k are 255 characters long together; at most 254 are allowed",
    );
    let tags: String = (0..101).map(|i| format!(" k{i}=v")).collect();
    check(
        &format!("foo 1 source=h{tags}"),
        Code::TagCount,
        "606: 101 point tags are too many; at most 100 are allowed",
    );
    let span = |tags: &str| format!("op source=h traceId=1-1-1-1-1 spanId=s {tags} 1700000000000 1");
    check_as(
        Format::Trace,
        &span(&format!("{}=v", long(129))),
        Code::SpanKeyLength,
        "40: the span tag key is 129 characters long; at most 128 are allowed",
    );
    check_as(
        Format::Trace,
        &span("k=\"\""),
        Code::SpanValueBlank,
        "40: the span tag k is blank; leave it out or give it a value",
    );
    check_as(
        Format::Trace,
        &span("\"a b\"=v"),
        Code::SpanKeyCharacters,
        "40: span tag keys may not contain ' '; use \"-\"",
    );
    let tags: String = (10..31).map(|i| format!("k{i}=v ")).collect();
    check_as(
        Format::Trace,
        &span(&tags),
        Code::SpanTagCount,
        "160: 21 span tags are too many; at most 20 are allowed",
    );
    check_as(
        Format::Trace,
        &format!("{} source=h traceId=1-1-1-1-1 spanId=s 1700000000000 1", long(129)),
        Code::SpanNameLength,
        "1: the span name is 129 characters long; at most 128 are allowed",
    );
    check_as(
        Format::Trace,
        "op source=\" \" traceId=1-1-1-1-1 spanId=s 1700000000000 1",
        Code::SpanSourceBlank,
        "4: the source is blank; name the host that reports",
    );
    check_as(
        Format::Trace,
        &format!("op source={} traceId=1-1-1-1-1 spanId=s 1700000000000 1", long(1024)),
        Code::SpanSourceLength,
        "4: the source is 1024 characters long; at most 1023 are allowed",
    );
}

/// Keys and values have limits of their own that the proxy's common one hides; a tenant's key limit does not hide.
#[test]
fn tenant_limits() {
    let parser = parser().limits(Limits::TENANT);
    let key = "k".repeat(65);
    let line = format!("foo 1 source=h {key}=v");
    assert_eq!(parser.parse(Format::Auto, &line).problem().unwrap().code(), Code::TagKeyLength);
    let mut limits = Limits::PROXY;
    limits.point_tag_value = 10;
    let parsed = parser.clone().limits(limits).parse(Format::Auto, "foo 1 source=h k=01234567890");
    assert_eq!(parsed.problem().unwrap().code(), Code::TagValueLength);
    let centroids = "#1 1 ".repeat(101);
    let line = format!("!M {centroids}foo source=h");
    let problem = parser.parse(Format::Auto, &line);
    assert_eq!(problem.problem().unwrap().to_string(), "101 centroids are too many; at most 100 are allowed");
    accepts(Format::Auto, &line);
}

#[test]
fn histograms() {
    check(
        "!M 1700000000 r source=h",
        Code::Syntax,
        "15: a distribution needs at least one centroid, #COUNT MEAN, before its name",
    );
    check("!M #20.0 30 r source=h", Code::Syntax, "5: the count '20.0' is not a whole number of 32 bits");
    check("!M #20 x r source=h", Code::Syntax, "8: the mean 'x' is not a number");
    check(
        "!M #0 30 r source=h",
        Code::EmptyHistogram,
        "4: all counts are zero; a distribution needs at least one value",
    );
    check_as(
        Format::Histogram,
        "foo 1 source=h",
        Code::Syntax,
        "1: a distribution starts with !M, !H or !D, not with 'foo'",
    );
    check_as(
        Format::Histogram,
        "!M #1 1",
        Code::Syntax,
        "8: the name is missing: the tag source stands where it belongs",
    );
}

#[test]
fn spans() {
    let check = |line: &str, code, expected: &str| check_as(Format::Trace, line, code, expected);
    check(
        "op source=h spanId=s 1700000000000 1",
        Code::Syntax,
        "37: the tag traceId is missing; write traceId=UUID",
    );
    check(
        "op source=h traceId=t 1700000000000 1",
        Code::Syntax,
        "38: the tag spanId is missing; write spanId=UUID",
    );
    check(
        "op source=h traceId=t spanId=s",
        Code::Syntax,
        "31: the start is missing; a span ends in START_MILLIS DURATION_MILLIS",
    );
    check(
        "op source=h traceId=t spanId=s 1700000000000",
        Code::Syntax,
        "45: the duration is missing; a span ends in START_MILLIS DURATION_MILLIS",
    );
    check(
        "op source=h 1700000000000 -5",
        Code::Syntax,
        "27: the duration is missing: '-5' stands where a number that starts with a digit belongs",
    );
    check(
        "op traceId=t spanId=s 1700000000000 1",
        Code::Syntax,
        "38: the tag source follows the duration; all tags stand before the start",
    );
    check(
        "op source=h traceId=t spanId=s 1700000000000 1 x",
        Code::Syntax,
        "48: 'x' follows the duration, which ends a span",
    );
    check(
        "op source=h traceId=t spanId=s 1700000000000 1",
        Code::Internal,
        "13: traceId 't' is not a UUID; the receiver fails on it and loses the rest of the request",
    );
    accepts(Format::Trace, "op source=h traceId=t spanId=s debug=true 1700000000000 1");
}

/// On trace ports nobody adds a source, so a span without one is taken.
#[test]
fn without_annotation_the_source_is_unknown() {
    let line = "op traceId=1-1-1-1-1 spanId=s 1700000000000 1";
    assert_eq!(parser().parse(Format::Trace, line).verdict(), Verdict::Reject);
    let parsed = parser().annotate(false).parse(Format::Trace, line);
    assert_eq!((parsed.verdict(), parsed.source()), (Verdict::Accept, Some("unknown")));
}

#[test]
fn span_values_are_cut_not_refused() {
    // The mark comes after the count: 21 tags.
    let tags: String = (10..29).map(|i| format!("k{i}=v ")).collect();
    let line =
        format!("op source=h traceId=1-1-1-1-1 spanId=s {tags}long={}😀 1700000000000 1", "v".repeat(127));
    let parsed = parser().parse(Format::Trace, &line);
    assert_eq!(parsed.verdict(), Verdict::Accept);
    assert_eq!(parsed.tag("long").unwrap(), format!("{}?", "v".repeat(127)));
    assert_eq!(parsed.tag("_spanLogs"), Some("true"));
    let line = format!(
        "op source=h traceId=1-1-1-1-1 spanId=s _spanLogs=x long={} 1700000000000 1",
        "v".repeat(129)
    );
    assert_eq!(parser().parse(Format::Trace, &line).tag("_spanLogs"), Some("true"));
}

#[test]
fn span_logs() {
    check("{\"traceId\":\"t\"}", Code::Syntax, "16: \"spanId\" is missing or not a string");
    check(
        "{\"traceId\":\"t\",\"spanId\":1,\"logs\":[]}",
        Code::Syntax,
        "37: \"spanId\" is missing or not a string",
    );
    check(
        "{\"traceId\":\"t\",\"spanId\":\"s\"}",
        Code::Syntax,
        "29: \"logs\" is missing; it may be an empty array",
    );
    check(
        "{\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[{}]}",
        Code::Syntax,
        "41: a log has no \"timestamp\" (microseconds since 1970)",
    );
    check("{bad}", Code::Syntax, "2: the JSON is broken: key must be a string");
    check_as(Format::SpanLogs, "foo", Code::Syntax, "2: the JSON is broken: expected ident");
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(1000), "]".repeat(1000));
    check(&deep, Code::Syntax, "1005: the JSON is nested more than 1000 levels deep");
    let long = format!("{{\"x\":{}}}", "1".repeat(1001));
    check(&long, Code::Syntax, "6: the number has more than 1000 digits");
    let line = r#"{"traceId":"t","spanId":"s","logs":[{"timestamp":1,"fields":{"code":500}}]}"#;
    assert_eq!(parser().parse(Format::Auto, line).verdict(), Verdict::Discard);
    check(
        line,
        Code::Internal,
        "1: the field 'code' is not text; the receiver drops the whole span log without a word: write it as a string",
    );
    let line = r#"{"traceId":"t","spanId":"s","logs":[],"span":"op 1700000000000 1"}"#;
    check(line, Code::Syntax, "1: in \"span\": the tag spanId is missing; write spanId=UUID");
}

/// Whatever stands for a timestamp, the receiver makes a number of it.
#[test]
fn span_log_timestamps_are_read_as_json_node_as_long() {
    for (json, micros) in [
        ("1700000000000000", 1_700_000_000_000_000),
        ("1.7e15", 1_700_000_000_000_000),
        ("\"12\"", 12),
        ("\" 1e3 \"", 1000),
        ("\"x\"", 0),
        ("null", 0),
        ("true", 1),
        ("{}", 0),
        ("-1.5", -1),
        ("1e300", i64::MAX),
        ("9223372036854775808", i64::MIN),
    ] {
        let line = format!(
            r#"{{"traceId":"t","spanId":"s","logs":[{{"timestamp":{json},"fields":{{"k":"v","n":null}}}}]}}"#
        );
        let parsed = parser().parse(Format::Auto, &line);
        let Some(Record::SpanLogs(logs)) = parsed.record() else { panic!("{line}: {:?}", parsed.problem()) };
        assert_eq!(logs.logs[0].timestamp_micros, micros, "{json}");
        assert_eq!(logs.logs[0].fields.as_ref().unwrap()[1], ("n".to_owned(), None));
        assert_eq!(parsed.verdict(), Verdict::Accept);
    }
}

#[test]
fn events() {
    check(
        "@Event name",
        Code::Syntax,
        "8: the start is missing: 'name' stands where a number that starts with a digit belongs",
    );
    check("@EventX 1598571847285 n", Code::Syntax, "1: an event starts with @Event, not with '@EventX'");
    check(
        "@Event 1598571847285 2fast",
        Code::Syntax,
        "22: '2fast' is not a timestamp; give the number alone, in s, ms, µs or ns since 1970",
    );
    check(
        "@Event 1598571847285 n \"a b\"=c",
        Code::KeyCharacters,
        "24: event annotation keys may not contain ' '; use \"-\"",
    );
}

#[test]
fn source_tags() {
    check(
        "@SourceTagx action=add source=h t",
        Code::Syntax,
        "1: '@SourceTagx' is not allowed here; write @SourceTag or @SourceDescription",
    );
    check(
        "@SourceTag action=put source=h t",
        Code::Syntax,
        "12: 'put' is no action; write add, save or delete",
    );
    check(
        "@SourceTag action=add host=h t",
        Code::Syntax,
        "23: action= and source= come first; 'host' is not allowed there",
    );
    check(
        "@SourceTag action=add source=h",
        Code::Syntax,
        "31: the source tag is missing; it follows action= and source=",
    );
    check(
        "@SourceTag action=add source=h x env:prod",
        Code::KeyCharacters,
        "34: source tags may not contain ':'; use \".\"",
    );
    check(
        "@SourceDescription action=save source=h description=x",
        Code::Syntax,
        "52: a description is one value; put it in quotes, without a key",
    );
    check(
        "@SourceDescription action=save source=h",
        Code::Syntax,
        "40: the description is missing; it follows action= and source=, in quotes",
    );
    accepts(Format::Auto, "@SourceDescription action=delete source=h");
    check(
        "@SourceDescription action=delete source=h a b",
        Code::Syntax,
        "45: a description is one value; put it in quotes, without a key",
    );
}

#[test]
fn a_json_array_ends_the_request() {
    let parsed = parser().parse(Format::Auto, "[{}]");
    assert_eq!((parsed.verdict(), parsed.kind()), (Verdict::Error, Kind::Unknown));
    assert!(parsed.problem().unwrap().ends_request());
    assert_eq!(parsed.problem().unwrap().code(), Code::Internal);
}

#[test]
fn blank_lines_are_ignored() {
    for line in ["", " ", "\t\r\n", "\u{0}\u{1f}"] {
        let parsed = parser().parse(Format::Auto, line);
        assert_eq!((parsed.verdict(), parsed.kind()), (Verdict::Ignore, Kind::Unknown), "{line:?}");
        assert!(parsed.problem().is_none() && parsed.record().is_none() && parsed.canonical().is_none());
    }
}

/// Over HTTP no-break spaces at the ends are trimmed too, and controls are not.
#[test]
fn http_trims_what_tcp_keeps() {
    let line = "\u{a0}foo 1 source=h";
    assert_eq!(parser().parse(Format::Auto, line).verdict(), Verdict::Reject);
    assert_eq!(parser().http(true).parse(Format::Auto, line).verdict(), Verdict::Accept);
    let line = "foo 1 source=h k=\u{a0}";
    assert_eq!(parser().parse(Format::Auto, line).verdict(), Verdict::Accept);
    assert_eq!(parser().http(true).parse(Format::Auto, line).verdict(), Verdict::Reject);
    assert_eq!(parser().parse(Format::Auto, "\u{1}").verdict(), Verdict::Ignore);
    assert_eq!(parser().http(true).parse(Format::Auto, "\u{1}").verdict(), Verdict::Reject);
}

#[test]
fn columns_count_characters_of_the_line_as_sent() {
    check("  ∆é\tx source=h", Code::Syntax, "6: 'x' is not a number");
    check("\u{2003}foo 1 source=h k= \r\n", Code::Syntax, "19: k has no value after its '='");
}

#[test]
fn long_tokens_are_cut_in_reasons() {
    let line = format!("foo {} source=h", "é".repeat(50));
    check(&line, Code::Syntax, &format!("5: '{}…' is not a number", "é".repeat(40)));
}

#[test]
fn what_a_record_answers() {
    let parsed = parser().parse(Format::Auto, "!H #1 2 name source=h k=v");
    assert_eq!(parsed.granularity(), Some(Granularity::Hour));
    assert_eq!((parsed.source(), parsed.tag("k"), parsed.tag("x")), (Some("h"), Some("v"), None));
    let parsed =
        parser().parse(Format::Trace, "op source=h traceId=1-1-1-1-1 spanId=s k=a k=b 1700000000000 1");
    assert_eq!((parsed.granularity(), parsed.tag("k")), (None, Some("a")));
    let parsed = parser().parse(Format::Auto, "@Event 1598571847285 1598571847286 n severity=info");
    assert_eq!((parsed.source(), parsed.tag("severity")), (None, Some("info")));
    // A refused line still says what it says.
    let parsed = parser().parse(Format::Auto, "∆foo -1 source=h k=v");
    assert_eq!(
        (parsed.verdict(), parsed.kind(), parsed.tag("k")),
        (Verdict::Discard, Kind::Delta, Some("v"))
    );
    // A line that does not decode is still of a kind.
    assert_eq!(parser().parse(Format::Auto, "\"∆foo\" x").kind(), Kind::Delta);
}

/// Without a pinned clock, now is now: a line with the current time passes, one a year old does not.
#[test]
fn the_system_clock_is_the_default() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let parser = Parser::new();
    assert_eq!(parser.parse(Format::Auto, &format!("foo 1 {now} source=h")).verdict(), Verdict::Accept);
    assert_eq!(
        parser.parse(Format::Auto, &format!("foo 1 {} source=h", now - 8761 * 3600)).verdict(),
        Verdict::Reject
    );
    let parsed = parser.parse(Format::Auto, "foo 1");
    let Some(Record::Metric(metric)) = parsed.record() else { panic!() };
    assert!(metric.timestamp_millis / 1000 >= now as i64);
    assert_eq!(parsed.source(), Some("localhost"));
}
