//! Any line is judged without a panic, and what the receiver would send on reads back as itself.
#![cfg_attr(fuzzing, no_main)]

use arbitrary::Arbitrary;
use wf_parse::{Event, Format, Parser, Record, Verdict};

/// What the receiver takes for milliseconds.
const MILLIS: std::ops::Range<i64> = 1_000_000_000_000..10_000_000_000_000;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    format: u8,
    http: bool,
    line: &'a str,
}

fn check(input: Input<'_>) {
    const FORMATS: [Format; 6] =
        [Format::Auto, Format::Wavefront, Format::Histogram, Format::Trace, Format::SpanLogs, Format::Event];
    let format = FORMATS[usize::from(input.format) % FORMATS.len()];
    let parser = Parser::new().now_millis(1_700_000_000_000).http(input.http);
    let parsed = parser.parse(format, input.line);
    assert_eq!(parsed.problem().is_some(), !matches!(parsed.verdict(), Verdict::Accept | Verdict::Ignore));
    if let Some(problem) = parsed.problem() {
        assert!((1..=input.line.chars().count() + 1).contains(&problem.column()), "{problem:?}");
    }
    assert_eq!(parsed.canonical().is_some(), parsed.verdict() == Verdict::Accept);

    let Some(canonical) = parsed.canonical() else { return };
    // Two flaws of the receiver's: a backslash before the closing quote escapes it, and a time that it writes in
    // milliseconds is read in another unit if it is small or large.
    let other_unit = match parsed.record() {
        Some(Record::Event(event)) => {
            !MILLIS.contains(&event.start_millis) || !MILLIS.contains(&event.end_millis)
        }
        Some(Record::Span(span)) => !MILLIS.contains(&span.start_millis),
        _ => false,
    };
    // And one of this input: a line has no line feed, so what is written for one cannot be a line again.
    if other_unit || canonical.contains("\\\"") || input.line.contains('\n') {
        return;
    }
    // Several operations on source tags are several lines.
    for line in canonical.split('\n') {
        let again = parser.parse(format, line);
        // The receiver puts keys of one bucket in the reverse order, so they come back turned around.
        if let (Some(Record::Event(once)), Some(Record::Event(twice))) = (parsed.record(), again.record()) {
            assert_eq!(in_order(once), in_order(twice), "{line}");
            continue;
        }
        assert_eq!(again.canonical().as_deref(), Some(line), "{again:?}");
    }
}

fn in_order<'a>(event: &'a Event<'_>) -> impl PartialEq + std::fmt::Debug + use<'a> {
    let mut annotations: Vec<_> = event.annotations.iter().map(|tag| (&*tag.key, &*tag.value)).collect();
    let mut dimensions: Vec<_> =
        event.dimensions.iter().map(|dimension| (&*dimension.key, &dimension.values)).collect();
    annotations.sort_unstable();
    dimensions.sort_unstable();
    // A missing name is written as one.
    let name = event.name.as_deref().unwrap_or("null");
    (name, event.start_millis, event.end_millis, &event.hosts, &event.tags, annotations, dimensions)
}

wf_fuzz::target!("parse", check);
