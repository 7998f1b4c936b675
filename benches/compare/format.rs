//! Points to lines, and lines back to points.
//!
//! `memcpy` is memcpy + zmij + itoa: finished text around the numbers copied, the value by zmij and the timestamp by itoa.

use std::fmt::Write;
use std::hint::black_box;

use anyhow::{Context, ensure};
use benches::measure::{Contestant, Effort, nanos_each_pass, race};
use benches::row::Row;
use benches::{Sample, Trace, distributions, histogram_of, metric_of, mixed, span_of, spans};
use questdb::ingress::{Buffer, ProtocolVersion, TimestampNanos};
use serde_json::{Value, json};
use wf_format::{Centroid, Format, Point, Series};
use wf_parse::{Parser, Verdict};

use crate::python::Python;

const UNIT: &str = "ns/line";

pub(crate) fn rows(effort: Effort, python: Option<&Python>) -> anyhow::Result<Vec<Row>> {
    let mut rows = metric(effort, python)?;
    rows.extend(series(effort)?);
    rows.extend(histogram(effort, python)?);
    rows.extend(span(effort, python)?);
    Ok(rows)
}

pub(crate) fn parse_rows(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let points = mixed();
    let lines: Vec<_> = points.iter().map(|point| text(&metric_of(point))).collect();
    let parser = Parser::new().now_millis(NOW_MILLIS);
    for line in &lines {
        check_accepted(&parser, line)?;
    }
    let mut encoder = Encoder::new();
    let figures = race(
        effort,
        vec![
            Contestant::new("ours", || {
                per_item(effort, 20, &lines, |line| {
                    black_box(parser.parse(wf_parse::Format::Auto, line));
                })
            }),
            Contestant::new("encode", || {
                per_item(effort, 100, &points, |point| encoder.encode(&metric_of(point)))
            }),
        ],
    )?;
    Ok(Row::all("parse/metric-mixed", UNIT, &figures))
}

fn metric(effort: Effort, python: Option<&Python>) -> anyhow::Result<Vec<Row>> {
    let points = mixed();
    let pieces = pieces(&points)?;
    check_questdb(&points)?;
    let mut encoder = Encoder::new();
    let mut buf = [0; 1024];
    let mut text = String::new();
    let mut buffer = Buffer::new(ProtocolVersion::V1);
    let mut contestants = vec![
        Contestant::new("ours", || per_item(effort, 100, &points, |point| encoder.encode(&metric_of(point)))),
        Contestant::new("memcpy", || {
            per_item(effort, 100, &pieces, |pieces| {
                black_box(pieces.join(&mut buf));
            })
        }),
        Contestant::new("questdb", || {
            per_item(effort, 20, &points, |point| {
                if buffer.len() > QUESTDB_FLUSH {
                    buffer.clear();
                }
                questdb_line(&mut buffer, point).expect("a valid row");
                black_box(buffer.as_bytes());
            })
        }),
        Contestant::new("write!", || {
            per_item(effort, 20, &points, |point| {
                text.clear();
                write_metric(&mut text, point).expect("a string takes all");
                black_box(text.as_bytes());
            })
        }),
    ];
    if let Some(python) = python {
        contestants.push(Contestant::fallible("python", || python.ask("metric")));
    }
    Ok(Row::all("format/metric-mixed", UNIT, &race(effort, contestants)?))
}

fn series(effort: Effort) -> anyhow::Result<Vec<Row>> {
    let points = mixed();
    let pieces = pieces(&points)?;
    let all: Vec<_> = points
        .iter()
        .map(|point| {
            let series = Series::new(&Format::DEFAULT, &metric_of(point), vec![0; 256])?;
            Ok((series, point.value, point.timestamp))
        })
        .collect::<Result<_, wf_format::FormatError>>()?;
    for ((series, value, timestamp), point) in all.iter().zip(&points) {
        ensure!(text(&series.point(*value).timestamp(*timestamp)) == text(&metric_of(point)));
    }
    let mut encoder = Encoder::new();
    let mut buf = [0; 1024];
    let contestants = vec![
        Contestant::new("ours", || {
            per_item(effort, 100, &all, |(series, value, timestamp)| {
                encoder.encode(&series.point(*value).timestamp(*timestamp));
            })
        }),
        Contestant::new("memcpy", || {
            per_item(effort, 100, &pieces, |pieces| {
                black_box(pieces.join(&mut buf));
            })
        }),
    ];
    Ok(Row::all("format/series", UNIT, &race(effort, contestants)?))
}

fn histogram(effort: Effort, python: Option<&Python>) -> anyhow::Result<Vec<Row>> {
    let points = distributions();
    for (sample, centroids) in &points {
        let mut line = String::new();
        write_histogram(&mut line, sample, centroids)?;
        ensure!(text(&histogram_of(sample, centroids)) == line, "write! wrote other bytes: {line}");
    }
    let mut encoder = Encoder::new();
    let mut out = String::new();
    let mut contestants = vec![
        Contestant::new("ours", || {
            per_item(effort, 20, &points, |(sample, centroids)| {
                encoder.encode(&histogram_of(sample, centroids))
            })
        }),
        Contestant::new("write!", || {
            per_item(effort, 5, &points, |(sample, centroids)| {
                out.clear();
                write_histogram(&mut out, sample, centroids).expect("a string takes all");
                black_box(out.as_bytes());
            })
        }),
    ];
    if let Some(python) = python {
        contestants.push(Contestant::fallible("python", || python.ask("histogram")));
    }
    Ok(Row::all("format/histogram-20", UNIT, &race(effort, contestants)?))
}

fn span(effort: Effort, python: Option<&Python>) -> anyhow::Result<Vec<Row>> {
    let points = spans();
    for point in &points {
        let mut line = String::new();
        write_span(&mut line, point)?;
        ensure!(text(&span_of(point)) == line, "write! wrote other bytes: {line}");
    }
    let mut encoder = Encoder::new();
    let mut out = String::new();
    let mut contestants = vec![
        Contestant::new("ours", || per_item(effort, 100, &points, |point| encoder.encode(&span_of(point)))),
        Contestant::new("write!", || {
            per_item(effort, 20, &points, |point| {
                out.clear();
                write_span(&mut out, point).expect("a string takes all");
                black_box(out.as_bytes());
            })
        }),
    ];
    if let Some(python) = python {
        contestants.push(Contestant::fallible("python", || python.ask("span")));
    }
    Ok(Row::all("format/span-5", UNIT, &race(effort, contestants)?))
}

/// Nanoseconds for one item, the median of so many passes in a full run.
fn per_item<T>(effort: Effort, passes: usize, items: &[T], mut work: impl FnMut(&T)) -> f64 {
    nanos_each_pass(effort.of(passes), items.len(), || items.iter().for_each(|item| work(black_box(item))))
}

/// Encodes into memory of its own, with a format whose settings the compiler does not know.
pub(crate) struct Encoder {
    format: Format<'static>,
    buf: [u8; 2048],
}

impl Encoder {
    pub(crate) fn new() -> Self {
        Self { format: black_box(Format::DEFAULT), buf: [0; 2048] }
    }

    #[inline]
    pub(crate) fn encode(&mut self, point: &impl Point) {
        black_box(self.format.encode(point, &mut self.buf).expect("a valid point").line);
    }
}

fn text(point: &impl Point) -> String {
    let mut buf = vec![0; 4096];
    let encoded = Format::DEFAULT.encode(point, &mut buf).expect("a valid point");
    String::from_utf8(encoded.line.to_vec()).expect("text")
}

/// The lines of [`mixed`] points.
pub(crate) fn mixed_lines() -> Vec<String> {
    mixed().iter().map(|point| text(&metric_of(point))).collect()
}

/// A line in finished pieces, its numbers left out.
struct Pieces {
    head: String,
    value: f64,
    timestamp: i64,
    tail: String,
}

impl Pieces {
    fn join<'b>(&self, buf: &'b mut [u8]) -> &'b [u8] {
        let mut len = 0;
        let mut put = |piece: &[u8]| {
            buf[len..][..piece.len()].copy_from_slice(piece);
            len += piece.len();
        };
        put(self.head.as_bytes());
        put(zmij::Buffer::new().format_finite(self.value).as_bytes());
        put(b" ");
        put(itoa::Buffer::new().format(self.timestamp).as_bytes());
        put(self.tail.as_bytes());
        &buf[..len]
    }
}

/// Cuts our own lines, which the receiver must accept, and checks that the pieces make the same bytes.
fn pieces(points: &[Sample]) -> anyhow::Result<Vec<Pieces>> {
    let mut buf = [0; 1024];
    let cut = |point: &Sample| {
        let line = text(&metric_of(point));
        check_accepted(&Parser::new().now_millis(NOW_MILLIS), &line)?;
        let (name, rest) = line.split_once("\" ").context("a quoted name")?;
        let mut words = rest.splitn(3, ' ');
        let pieces = Pieces {
            head: format!("{name}\" "),
            value: point.value,
            timestamp: point.timestamp,
            tail: format!(" {}", words.nth(2).context("a source")?),
        };
        ensure!(pieces.join(&mut buf) == line.as_bytes(), "the pieces make other bytes: {line}");
        Ok(pieces)
    };
    points.iter().map(cut).collect()
}

fn check_accepted(parser: &Parser, line: &str) -> anyhow::Result<()> {
    let parsed = parser.parse(wf_parse::Format::Auto, line);
    ensure!(parsed.verdict() == Verdict::Accept, "{:?}: {line}", parsed.problem());
    Ok(())
}

/// Its names and values are checked and escaped too, to its own syntax.
pub(crate) fn questdb_line(buffer: &mut Buffer, point: &Sample) -> questdb::Result<()> {
    let Sample { name, value, timestamp, source, tags } = point;
    buffer.table(name.as_str())?.symbol("source", source)?;
    for (key, tag) in tags {
        buffer.symbol(*key, tag)?;
    }
    buffer.column_f64("value", *value)?.at(TimestampNanos::new(timestamp * 1_000_000_000))
}

fn check_questdb(points: &[Sample]) -> anyhow::Result<()> {
    let mut buffer = Buffer::new(ProtocolVersion::V1);
    points.iter().try_for_each(|point| questdb_line(&mut buffer, point))?;
    let lines = str::from_utf8(buffer.as_bytes())?.lines();
    ensure!(lines.clone().count() == points.len());
    for (point, line) in points.iter().zip(lines) {
        let value: f64 = line
            .split_once("value=")
            .and_then(|(_, rest)| rest.split(' ').next())
            .context("a value")?
            .parse()?;
        ensure!(value == point.value, "questdb wrote another value: {line}");
    }
    Ok(())
}

fn write_metric(out: &mut String, sample: &Sample) -> std::fmt::Result {
    let Sample { name, value, timestamp, source, tags } = sample;
    write!(out, "\"{name}\" {value:?} {timestamp} source=\"{source}\"")?;
    write_tags(out, tags)?;
    out.write_char('\n')
}

fn write_tags<V: std::fmt::Display>(out: &mut String, tags: &[(&str, V)]) -> std::fmt::Result {
    tags.iter().try_for_each(|(key, value)| write!(out, " \"{key}\"=\"{value}\""))
}

fn write_histogram(out: &mut String, sample: &Sample, centroids: &[Centroid]) -> std::fmt::Result {
    let Sample { name, timestamp, source, tags, .. } = sample;
    write!(out, "!M {timestamp}")?;
    for centroid in centroids {
        write!(out, " #{} {:?}", centroid.count, centroid.mean)?;
    }
    write!(out, " \"{name}\" source=\"{source}\"")?;
    write_tags(out, tags)?;
    out.write_char('\n')
}

/// Ids byte by byte, as libraries that keep them as `[u8; 16]` do.
fn write_span(out: &mut String, trace: &Trace) -> std::fmt::Result {
    write!(out, "\"{}\" source=\"{}\"", trace.name, trace.source)?;
    let ids = [("traceId", trace.trace), ("spanId", trace.span), ("parent", trace.parents[0].into())];
    for (key, id) in ids {
        write!(out, " {key}=")?;
        for (place, byte) in id.to_be_bytes().into_iter().enumerate() {
            let hyphen = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
            write!(out, "{hyphen}{byte:02x}")?;
        }
    }
    write_tags(out, &trace.tags)?;
    writeln!(out, " {} {}", trace.start, trace.duration)
}

/// What the Python SDK is given.
pub(crate) fn points_for_python() -> Value {
    let metric = |point: &Sample| json!([point.name, point.value, point.timestamp, point.source, point.tags]);
    let metrics: Vec<_> = mixed().iter().map(metric).collect();
    let histogram = |(sample, centroids): &(Sample, Vec<Centroid>)| {
        let centroids: Vec<_> = centroids.iter().map(|centroid| (centroid.mean, centroid.count)).collect();
        json!([sample.name, centroids, sample.timestamp, sample.source, sample.tags])
    };
    let histograms: Vec<_> = distributions().iter().map(histogram).collect();
    let span = |trace: &Trace| {
        let ids = [trace.trace, trace.span, trace.parents[0].into()].map(|id: u128| format!("{id:032x}"));
        json!([trace.name, trace.start, trace.duration, trace.source, ids, trace.tags])
    };
    let spans: Vec<_> = spans().iter().map(span).collect();
    json!({ "metrics": metrics, "histograms": histograms, "spans": spans })
}

/// A moment shortly after the timestamps of the points.
const NOW_MILLIS: i64 = 1_533_530_000_000;
/// Where the buffer would be sent.
pub(crate) const QUESTDB_FLUSH: usize = 64 * 1024;
