//! Whether the parser takes time in proportion to the line, whatever is in it.

use std::hint::black_box;

use anyhow::ensure;
use wf_parse::{Format, Parser};

/// Lines of a hostile shape, of any length.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    format: Format,
    head: &'static str,
    /// Repeated, the number of each repetition in the place of `%`.
    part: &'static str,
    tail: &'static str,
}

const fn shape(
    name: &'static str,
    format: Format,
    head: &'static str,
    part: &'static str,
    tail: &'static str,
) -> Shape {
    Shape { name, format, head, part, tail }
}

pub(crate) const SHAPES: [Shape; 19] = [
    shape("letters", Format::Auto, "", "x", " 1 source=h"),
    shape("digits", Format::Auto, "a ", "1", " source=h"),
    shape("point-and-zeros", Format::Auto, "a 0.", "0", "1 source=h"),
    shape("tags", Format::Auto, "a 1 source=h", " key%=v", ""),
    shape("the-same-tag", Format::Auto, "a 1 source=h", " k=v", ""),
    shape("marks", Format::Auto, "a 1", " source= ", "host="),
    shape("quotes", Format::Auto, "a 1 source=h", "\"", ""),
    shape("escapes", Format::Auto, "a 1 source=h k=\"", "\\\"", "\""),
    shape("equals", Format::Auto, "a 1 source=h k", "=", ""),
    shape("tabs", Format::Auto, "a 1 source=h k", "\t", "v"),
    shape("greek", Format::Auto, "a 1 source=h k=", "\u{3b1}\u{1f600}", ""),
    shape("centroids", Format::Histogram, "!M", " #1 %", " a source=h"),
    shape("span-tags", Format::Trace, "a source=h traceId=1-1-1-1-1 spanId=s", " key%=v", " 1700000000000 1"),
    shape("annotations", Format::Auto, "@Event 1700000000000 a", " key%=v", ""),
    shape(
        "span-logs",
        Format::SpanLogs,
        "{\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[",
        "{\"timestamp\":%,\"fields\":{\"k\":\"v\"}},",
        "{\"timestamp\":1,\"fields\":{}}]}",
    ),
    shape("nested-logs", Format::SpanLogs, "{\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[", "[", "]}"),
    shape(
        "deep-values",
        Format::SpanLogs,
        "{\"x\":[",
        DEEP,
        "0],\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[]}",
    ),
    shape("half-pairs", Format::SpanLogs, "{\"traceId\":\"", "\\ud83d", "\",\"spanId\":\"s\",\"logs\":[]}"),
    shape(
        "long-integers",
        Format::SpanLogs,
        "{\"x\":[",
        "18446744073709551616,",
        "0],\"traceId\":\"t\",\"spanId\":\"s\",\"logs\":[]}",
    ),
];

/// A value of 128 levels.
const DEEP: &str = concat!(
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],",
);

/// Lengths of a line, in bytes.
pub(crate) const SIZES: [usize; 4] = [1 << 10, 16 << 10, 256 << 10, 1 << 20];

/// What is parsed of each size in a round, in bytes.
pub(crate) const BYTES: usize = 1 << 20;

/// How much more a byte of any longer line may cost than one of a line of 1 KiB.
pub(crate) const TOLERANCE: f64 = 1.3;

impl Shape {
    pub(crate) fn run(&self, size: usize, rounds: u64) {
        let line = self.line(size);
        let parser = Parser::new().now_millis(1_700_000_000_000);
        for _ in 0..rounds as usize * (BYTES / size) {
            black_box(parser.parse(self.format, black_box(&line)));
        }
    }

    fn line(&self, size: usize) -> String {
        let mut line = self.head.to_owned();
        let mut number = 0;
        while line.len() + self.tail.len() < size {
            line += &self.part.replace('%', &number.to_string());
            number += 1;
        }
        line + self.tail
    }
}

/// Prints what a byte costs in lines of each size, and fails where longer lines cost more.
pub(crate) fn run(count: impl Fn(&Shape, usize) -> anyhow::Result<f64>) -> anyhow::Result<()> {
    let mut worse = Vec::new();
    println!("instructions a byte, in lines of 1 KiB, 16 KiB, 256 KiB and 1 MiB");
    for shape in &SHAPES {
        let costs = SIZES.map(|size| count(shape, size));
        let costs = costs.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
        let shown: String = costs.iter().map(|cost| format!("{cost:>9.2}")).collect();
        println!("{:<16}{shown}", shape.name);
        if costs.iter().any(|cost| *cost > costs[0] * TOLERANCE) {
            worse.push(shape.name);
        }
    }
    ensure!(worse.is_empty(), "not linear: {}", worse.join(", "));
    Ok(())
}
