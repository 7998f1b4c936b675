//! Recorded verdicts of the real receiver, each against ours.
//!
//! `receiver.jsonl` holds lines chosen by hand, with what a running proxy made of them. `decoder.jsonl` holds random hostile
//! lines, some of each kind, verdict and code, with what the proxy's own decoder and validator (java-lib 2023-08.2) made of
//! them; canonical text of span logs it has only where a number is of interest, and no numbers of which Java 17 prints more
//! digits than needed.

use serde_json::Value;
use wf_parse::{Format, Kind, Limits, Parser, Verdict};

/// The clock of the recording, in milliseconds since the epoch.
const NOW_MILLIS: i64 = 1_700_000_000_000;

/// The rows of `decoder.jsonl`.
const ROWS: usize = 745;

fn rows() -> Vec<Value> {
    include_str!("data/receiver.jsonl").lines().map(|row| serde_json::from_str(row).unwrap()).collect()
}

fn parser() -> Parser {
    Parser::new().limits(Limits::PROXY).now_millis(NOW_MILLIS).remote_host("REMOTE")
}

fn format(row: &Value) -> Format {
    row["f"].as_str().map_or(Format::Auto, Format::from_query)
}

fn line(row: &Value) -> &str {
    row["line"].as_str().unwrap()
}

/// Runs a check on every row and lists all that fail.
fn each(check: impl Fn(&Value) -> Result<(), String>) {
    let rows = rows();
    assert_eq!(rows.len(), 210);
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|row| check(row).err().map(|why| format!("{} {:?}: {why}", row["id"], line(row))))
        .collect();
    assert!(failures.is_empty(), "{} rows:\n{}", failures.len(), failures.join("\n"));
}

fn equal<T: PartialEq + std::fmt::Debug>(ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("ours {ours:?}, theirs {theirs:?}")) }
}

#[test]
fn verdicts_equal_the_receivers() {
    each(|row| {
        let parsed = parser().parse(format(row), line(row));
        equal(parsed.verdict().to_string().as_str(), row["verdict"].as_str().unwrap())
    });
}

#[test]
fn canonical_lines_equal_the_receivers() {
    each(|row| {
        let parsed = parser().parse(format(row), line(row));
        // The recording has none for span logs, whose text ours sorts by key.
        if parsed.kind() == Kind::SpanLogs {
            return equal(row.get("canonical"), None);
        }
        let canonical = parsed.canonical();
        // Of several operations of one line, the first was recorded.
        equal(canonical.as_deref().and_then(|lines| lines.split('\n').next()), row["canonical"].as_str())
    });
}

#[test]
fn codes_equal_the_receivers() {
    each(|row| {
        let parsed = parser().parse(format(row), line(row));
        let code = parsed.problem().map(|problem| problem.code().to_string());
        let theirs = row["reason"].as_str().map(|reason| match reason.find("WF-") {
            Some(at) => reason[at..at + 6].to_owned(),
            // What the decoder throws is logged under one code; what escapes the listener has none of its own.
            None if reason.starts_with("REJECT") => "WF-300".to_owned(),
            None => "WF-500".to_owned(),
        });
        equal(code, theirs)
    });
}

/// The recorded text of a record names its class; deltas and metrics share one.
#[test]
fn kinds_equal_the_receivers() {
    each(|row| {
        let parsed = parser().parse(format(row), line(row));
        let Some(text) = row["parsed"].as_str() else { return Ok(()) };
        let word = match text {
            _ if text.contains("{SOURCE_DESCRIPTION ") => "sourceDescription",
            _ if text.contains("{SOURCE_TAG ") => "sourceTag",
            _ if text.starts_with("SpanLogs{") => "spanLogs",
            _ if text.starts_with("Span{") => "span",
            _ if text.starts_with("Event{") => "event",
            _ if text.contains("value=Histogram{") => "histogram",
            _ if text.contains("{metric=<∆") || text.contains("{metric=<Δ") => "delta",
            _ => "metric",
        };
        equal(parsed.kind().as_str(), word)
    });
}

/// Tags of points in the recorded order, also where the line is refused.
#[test]
fn tags_stand_in_the_receivers_order() {
    each(|row| {
        let parsed = parser().parse(format(row), line(row));
        let Some(text) = row["parsed"].as_str().filter(|text| text.starts_with("ReportPoint{")) else {
            return Ok(());
        };
        let tags = match parsed.record() {
            Some(wf_parse::Record::Metric(metric)) => &metric.tags,
            Some(wf_parse::Record::Histogram(histogram)) => &histogram.tags,
            other => return Err(format!("{other:?}")),
        };
        let ours: Vec<String> = tags.iter().map(|tag| format!("{}={}", tag.key, tag.value)).collect();
        let at = text.find(" tags={").unwrap();
        equal(format!("{{{}}}}}", ours.join(", ")).as_str(), &text[at + 6..])
    });
}

/// Lines that end the rest of their request are those whose error has no code.
#[test]
fn only_uncoded_errors_end_the_request() {
    each(|row| {
        let parsed = parser().parse(format(row), line(row));
        let theirs = row["verdict"] == "error" && !row["reason"].as_str().unwrap().starts_with("WF-");
        equal(parsed.problem().is_some_and(wf_parse::Problem::ends_request), theirs)?;
        equal(parsed.verdict() == Verdict::Error && parsed.problem().is_none(), false)
    });
}

#[test]
fn random_lines_equal_the_decoders() {
    let rows = include_str!("data/decoder.jsonl").lines();
    let mut count = 0;
    for row in rows {
        let row: Value = serde_json::from_str(row).unwrap();
        let parsed = parser().parse(format(&row), line(&row));
        let code = parsed.problem().map(|problem| problem.code().to_string());
        let mut canonical = parsed.canonical();
        if parsed.kind() == Kind::SpanLogs {
            // In which the order of members says nothing.
            let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            let theirs = row["canonical"].as_str();
            canonical = canonical.filter(|ours| theirs.is_some_and(|theirs| json(theirs) == json(ours)));
            canonical = canonical.and_then(|_| theirs.map(str::to_owned));
        }
        let ours = (parsed.verdict().to_string(), code.as_deref(), canonical.as_deref());
        let theirs =
            (row["verdict"].as_str().unwrap().to_owned(), row["code"].as_str(), row["canonical"].as_str());
        assert_eq!(ours, theirs, "{row}");
        count += 1;
    }
    assert_eq!(count, ROWS);
}
