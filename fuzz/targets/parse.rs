//! Any line is judged without a panic, and what the receiver would send on reads back as itself.
#![cfg_attr(fuzzing, no_main)]

use arbitrary::Arbitrary;
use wf_parse::{Format, Parser, Record, Verdict};

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
    // Three flaws of the receiver's: a backslash before the closing quote escapes it, a time that it writes in milliseconds
    // is read in another unit if it is small or large, and counts below zero may come to a zero that it refuses.
    let is_flawed = match parsed.record() {
        Some(Record::Event(event)) => {
            !MILLIS.contains(&event.start_millis) || !MILLIS.contains(&event.end_millis)
        }
        // A duration that is not shorter than the start is read as an end, and one of too many seconds turns negative.
        Some(Record::Span(span)) => {
            !MILLIS.contains(&span.start_millis) || !(0..span.start_millis).contains(&span.duration_millis)
        }
        Some(Record::Histogram(histogram)) => histogram.centroids.iter().any(|centroid| centroid.count < 0),
        _ => false,
    };
    // And one of this input: a line has no line feed, so what is written for one cannot be a line again.
    if is_flawed || canonical.contains("\\\"") || input.line.contains('\n') {
        return;
    }
    // Several operations on source tags are several lines.
    for line in canonical.split('\n') {
        let again = parser.parse(format, line);
        // Tags come in the order of a map, which is another one if it had to grow for a source, and in which events put keys
        // of one bucket in the reverse order.
        assert_eq!(again.canonical().as_deref().map(words), Some(words(line)), "{again:?}");
    }
}

/// The parts of a line, in an order of their own.
fn words(line: &str) -> Vec<&str> {
    let mut words: Vec<&str> = line.split(" \"").collect();
    words.sort_unstable();
    words
}

wf_fuzz::target!("parse", check);
