//! What a point was meant to say, held against what was read from its line.

use wf_format::Changed;
use wf_parse::{Record, Tag};

use crate::points::{Pairs, Point};

/// The source of points that have none.
pub(crate) const DEFAULT_SOURCE: &str = "web-1";

/// Names what differs. What the encoder says it has changed may differ in texts, never in numbers.
pub(crate) fn difference(point: &Point, changed: Changed, read: &Record<'_>) -> Option<&'static str> {
    let exact = changed.is_empty();
    let texts = |sent: &[(&str, &str)]| !exact || sent.iter().all(|(sent, read)| sent == read);
    let tags = |sent: &Pairs, read: &[Tag<'_>]| !exact || same(sent, read);
    let checks: Vec<(&str, bool)> = match (point, read) {
        (Point::Metric(sent), Record::Metric(read)) => vec![
            ("value", sent.value == read.value),
            ("timestamp", sent.timestamp.is_none_or(|time| millis(time) == read.timestamp_millis)),
            ("texts", texts(&[(&sent.name, &read.name), (source(&sent.source), &read.source)])),
            ("tags", tags(&sent.tags, &read.tags)),
        ],
        (Point::Delta(sent), Record::Metric(read)) => vec![
            ("kind", read.is_delta()),
            ("value", sent.value == read.value),
            ("timestamp", sent.timestamp.is_none_or(|time| millis(time) == read.timestamp_millis)),
            ("texts", texts(&[(bare(&sent.name), bare(&read.name)), (source(&sent.source), &read.source)])),
            ("tags", tags(&sent.tags, &read.tags)),
        ],
        (Point::Histogram(sent), Record::Histogram(read)) => {
            let centroids = sent.centroids.iter().map(|&(mean, count)| (mean.value(), count));
            let bin = read.granularity.millis();
            vec![
                ("granularity", sent.granularities.iter().any(|it| it.marker() == read.granularity.marker())),
                ("centroids", centroids.eq(read.centroids.iter().map(|it| (it.mean, it.count.into())))),
                (
                    "timestamp",
                    sent.timestamp.is_none_or(|time| millis(time) / bin * bin == read.timestamp_millis),
                ),
                ("texts", texts(&[(&sent.name, &read.name), (source(&sent.source), &read.source)])),
                ("tags", tags(&sent.tags, &read.tags)),
            ]
        }
        (Point::Span(sent), Record::Span(read)) => vec![
            ("times", (sent.start, sent.duration) == (read.start_millis, read.duration_millis)),
            ("ids", [sent.trace_id, sent.span_id].map(uuid) == [&*read.trace_id, &*read.span_id]),
            ("texts", texts(&[(&sent.name, &read.name), (source(&sent.source), &read.source)])),
        ],
        (Point::Span(sent), Record::SpanLogs(read)) => {
            let times = sent.logs.iter().map(|(micros, _)| *micros);
            let fields = sent.logs.iter().zip(&read.logs).all(|((_, sent), read)| {
                let read = read.fields.as_ref();
                read.is_some_and(|read| sent.iter().all(|(key, _)| read.iter().any(|(name, _)| name == key)))
            });
            vec![
                ("times", times.eq(read.logs.iter().map(|log| log.timestamp_micros))),
                (
                    "ids",
                    [sent.trace_id, sent.span_id].map(uuid) == [read.trace_id.clone(), read.span_id.clone()],
                ),
                ("fields", fields),
            ]
        }
        (Point::Event(sent), Record::Event(read)) => {
            let end = sent.end.unwrap_or(sent.start + 1);
            vec![
                ("times", (sent.start, end) == (read.start_millis, read.end_millis)),
                ("texts", texts(&[(&sent.name, read.name.as_deref().unwrap_or_default())])),
                ("tags", !exact || sent.tags == read.tags),
                ("annotations", !exact || same(&sent.annotations, &read.annotations)),
            ]
        }
        _ => vec![("kind", false)],
    };
    checks.into_iter().find(|(_, is_same)| !is_same).map(|(what, _)| what)
}

/// Without order: the receiver's is its own.
fn same(sent: &Pairs, read: &[Tag<'_>]) -> bool {
    let mut sent: Vec<(&str, &str)> = sent.iter().map(|(key, value)| (&**key, &**value)).collect();
    let mut read: Vec<(&str, &str)> = read.iter().map(|tag| (&*tag.key, &*tag.value)).collect();
    sent.sort_unstable();
    read.sort_unstable();
    sent == read
}

/// A blank source is none.
fn source(sent: &Option<String>) -> &str {
    sent.as_deref().filter(|source| !source.trim().is_empty()).unwrap_or(DEFAULT_SOURCE)
}

fn bare(name: &str) -> &str {
    name.strip_prefix(['∆', 'Δ']).unwrap_or(name)
}

fn uuid(id: u128) -> String {
    wf_format::Id::from(id).to_string()
}

/// As the receiver tells units apart.
fn millis(time: i64) -> i64 {
    if time < 1_000_000_000_000 {
        time * 1000
    } else if time < 10_000_000_000_000 {
        time
    } else if time < 10_000_000_000_000_000 {
        time / 1000
    } else {
        // Read as a double, which does not hold every nanosecond.
        time as f64 as i64 / 1_000_000
    }
}
