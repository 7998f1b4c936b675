//! The JSON of span logs: what is written is read back field by field, and any text at all is judged without a panic.
#![cfg_attr(fuzzing, no_main)]

use std::collections::BTreeMap;

use arbitrary::Arbitrary;
use wf_format::{FormatError, SpanLog, SpanLogs};
use wf_parse::{Format, Parser, Record, Verdict};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    ids: [u128; 2],
    logs: Vec<(i64, Vec<(&'a str, &'a str)>)>,
    /// Puts this text into the written line, at the place.
    damage: Option<(u16, &'a str)>,
    text: &'a str,
}

fn check(input: Input<'_>) {
    let parser = Parser::new().now_millis(1_700_000_000_000);
    judge(&parser, input.text);

    let logs: Vec<_> = input.logs.iter().map(|(micros, fields)| SpanLog::new(*micros, fields)).collect();
    wf_fuzz::with_buffer(wf_format::MAX_LINE_LEN, |buf| check_written(&parser, &input, &logs, buf));
}

fn check_written(parser: &Parser, input: &Input<'_>, logs: &[SpanLog<'_>], buf: &mut [u8]) {
    let line = match SpanLogs::new(input.ids[0], input.ids[1], logs).encode(buf) {
        Ok(encoded) => std::str::from_utf8(encoded.line).expect("a line is text"),
        Err(error) => {
            let is_negative = input.logs.iter().any(|(micros, _)| *micros < 0);
            assert_eq!(matches!(error, FormatError::NoLogs), logs.is_empty());
            assert!(!matches!(error, FormatError::OutOfRange(_)) || is_negative);
            return;
        }
    };
    let parsed = parser.parse(Format::SpanLogs, line);
    let Some(Record::SpanLogs(read)) = parsed.record() else { panic!("{line:?} is {parsed:?}") };
    assert_eq!(parsed.verdict(), Verdict::Accept, "{line:?}");
    let ids = input.ids.map(|id| wf_format::Id::from(id).to_string());
    assert_eq!([&read.trace_id, &read.span_id], [&ids[0], &ids[1]]);
    assert_eq!(read.logs.len(), input.logs.len());
    for (read, (micros, sent)) in read.logs.iter().zip(&input.logs) {
        assert_eq!(read.timestamp_micros, *micros);
        // Of a key given twice the receiver keeps the last.
        let sent: BTreeMap<&str, &str> = sent.iter().copied().collect();
        let fields = read.fields.as_ref().expect("fields are always written");
        let read: BTreeMap<_, _> =
            fields.iter().map(|(key, value)| (&**key, value.as_deref().expect("a text"))).collect();
        assert_eq!(read, sent, "{line:?}");
    }

    if let Some((place, text)) = input.damage {
        let mut place = usize::from(place) % line.len();
        while !line.is_char_boundary(place) {
            place -= 1;
        }
        judge(parser, &format!("{}{text}{}", &line[..place], &line[place..]));
    }
}

/// Whatever it is; what would be sent on is the same again.
fn judge(parser: &Parser, text: &str) {
    let parsed = parser.parse(Format::SpanLogs, text);
    if let Some(problem) = parsed.problem() {
        assert!((1..=text.chars().count() + 1).contains(&problem.column()), "{problem:?}");
    }
    if let Some(canonical) = parsed.canonical() {
        let again = parser.parse(Format::SpanLogs, &canonical);
        assert_eq!(again.canonical().as_deref(), Some(&*canonical), "{text:?}");
    }
}

wf_fuzz::target!("span_log", check);
