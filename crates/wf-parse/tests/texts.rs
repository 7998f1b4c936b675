//! What a person reads: a bad line for every reason there is, with the caret and the reason, as a recorded page.
//!
//! After a change that is meant, `SNAPSHOTS=overwrite cargo test -p wf-parse --test texts` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use snapbox::{Data, assert_data_eq};
use wf_parse::{Format, Limits, Parser};

const METRICS: &[&str] = &[
    "foo",
    "foo source=h",
    "foo bar source=h",
    "foo nan source=h",
    "foo inf source=h",
    "foo true source=h",
    "foo false source=h",
    "foo 1L source=h",
    "foo 90% source=h",
    "foo 1,5 source=h",
    "foo 1_000 source=h",
    "foo 0x10 source=h",
    "foo = 1 source=h",
    "foo 1 5xx=3 source=h",
    "foo 1 1700000000s source=h",
    "foo 1 \"\" source=h",
    "foo 1 -1700000000 source=h",
    "foo 1 source=h 1700000000",
    "foo 1 1 source=h",
    "foo 1 1700086400 source=h",
    "foo 1 source",
    "foo 1 source=h k=v=w",
    "foo 1 source=h #ff0000",
    "foo 1 source=h k=",
    "foo 1 source=h k=\"a",
    "foo 1 source=h k=\"C:\\\"",
    "foo 1 source=h k=' ",
    "foo:bar 1 source=h",
    "foo~bar 1 source=h",
    "foo∆bar 1 source=h",
    "föö 1 source=h",
    "\"\" 1 source=h",
    "∆ 1 source=h",
    "∆foo -1 source=h",
    "foo 1 source=\" \"",
    "foo 1 source=h k=\" \"",
    "foo 1 source=h \"\"=v",
    "foo 1 source=h k:l=v",
    "foo 1 source=h ∆=v",
];
const HISTOGRAMS: &[&str] = &[
    "!m #1 2 foo source=h",
    "!M 1700000000 foo source=h",
    "!M # source=h",
    "!M #1.5 2 foo source=h",
    "!M #1 x foo source=h",
    "!M #1 2",
    "!M #1 2 k=v source=h",
    "!M #0 2 foo source=h",
    "!M #1 2 foo:bar source=h",
];
const SPANS: &[&str] = &[
    "op source=h traceId=t spanId=s",
    "op source=h traceId=t spanId=s 1",
    "op source=h traceId=t spanId=s x=y 1700000000000 z",
    "op source=h traceId=t spanId=s 1700000000000 1 k=v",
    "op source=h traceId=t spanId=s 1700000000000 1 2",
    "op source=h spanId=s 1700000000000 1",
    "op source=h traceId=t 1700000000000 1",
    "op source=h traceId=t spanId=s 1700000000000 1",
    "op source=\" \" traceId=1-1-1-1-1 spanId=s 1700000000000 1",
    "op source=h traceId=1-1-1-1-1 spanId=s k=\" \" 1700000000000 1",
    "op source=h traceId=1-1-1-1-1 spanId=s k:l=v 1700000000000 1",
    "op source=h traceId=1-1-1-1-1 spanId=s 1800000000000 1",
];
const SPAN_LOGS: &[&str] = &[
    "{",
    "[]",
    "{\"logs\":[]}",
    "{\"traceId\":\"t\",\"spanId\":\"s\"}",
    "{\"traceId\":1,\"spanId\":\"s\",\"logs\":[]}",
    "{\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[1]}",
    "{\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[{\"fields\":{}}]}",
    "{\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[{\"timestamp\":1,\"fields\":1}]}",
    "{\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[{\"timestamp\":1,\"fields\":{\"k\":1}}]}",
    "{\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[],\"span\":\"op 1 2\"}",
];
const OTHERS: &[&str] = &[
    "@Events 1700000000000 name",
    "@Event",
    "@Event x name",
    "@Event 1700000000000 k=v",
    "@Event 1700000000000 name k:l=v",
    "@SourceTags action=add source=h t",
    "@SourceTag source=h t",
    "@SourceTag action=add t",
    "@SourceTag action=add",
    "@SourceTag action=put source=h t",
    "@SourceTag action=add host=h t",
    "@SourceTag action=add source=h",
    "@SourceTag action=add source=h a:b",
    "@SourceDescription action=save source=h",
    "@SourceDescription action=save source=h one two",
    "[1]",
];

/// A line whose part `{}` is so many letters.
fn long(line: &str, letters: usize) -> String {
    line.replace("{}", &"x".repeat(letters))
}

#[test]
fn every_reason_reads_as_recorded() {
    let parser = Parser::new()
        .limits(Limits::TENANT)
        .now_millis(1_700_000_000_000)
        .remote_host("web-1")
        .annotate(false);
    let mut page = String::new();
    let mut write = |format: Format, line: &str, shown: &str| {
        let parsed = parser.parse(format, line);
        let problem = parsed.problem().unwrap_or_else(|| panic!("{} {line}", parsed.verdict()));
        let caret = if shown == line { problem.column() - 1 } else { 0 };
        let code = problem.code();
        writeln!(page, "{shown}\n{:caret$}^ {} {code}: {problem}\n", "", parsed.verdict()).unwrap();
    };
    for (format, lines) in [
        (Format::Auto, METRICS),
        (Format::Histogram, HISTOGRAMS),
        (Format::Trace, SPANS),
        (Format::SpanLogs, SPAN_LOGS),
        (Format::Auto, OTHERS),
    ] {
        for line in lines {
            write(format, line, line);
        }
    }
    let span = "traceId=1-1-1-1-1 spanId=s";
    for (format, line, letters) in [
        (Format::Auto, "{} 1 source=h", 300),
        (Format::Auto, "foo 1 source={}", 2000),
        (Format::Auto, "foo 1 source=h {}=v", 70),
        (Format::Auto, "foo 1 source=h k={}", 300),
        (Format::Auto, "foo 1 source=h key={}", 252),
        (Format::Auto, "!M #1 2 {} source=h", 300),
        (Format::Trace, &format!("{{}} source=h {span} 1700000000000 1"), 2000),
        (Format::Trace, &format!("op source={{}} {span} 1700000000000 1"), 2000),
        (Format::Trace, &format!("op source=h {span} {{}}=v 1700000000000 1"), 200),
    ] {
        write(format, &long(line, letters), &line.replace("{}", &format!("<{letters} letters>")));
    }
    let tags: String = (0..200).map(|i| format!(" k{i}=v")).collect();
    write(Format::Auto, &format!("foo 1 source=h{tags}"), "foo 1 source=h <200 tags>");
    let line = format!("op source=h {span}{tags} 1700000000000 1");
    write(Format::Trace, &line, "op source=h <200 tags> 1700000000000 1");

    let centroids = "#1 2 ".repeat(101);
    write(Format::Auto, &format!("!M {centroids}foo source=h"), "!M <101 centroids> foo source=h");

    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/texts.txt");
    assert_data_eq!(page, Data::read_from(&file, None).raw());
}
