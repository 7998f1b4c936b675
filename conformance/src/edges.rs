//! Where ours changes or refuses a point on purpose and Python does not, pinned to the letter on both sides.
//!
//! `generate.rs` leaves these out, so that what differs among its points is a surprise.

use crate::ours;
use crate::points::{Distribution, Event, Mean, Point, Scalar, Span};

pub(crate) struct Edge {
    what: &'static str,
    pub(crate) point: Point,
    /// The line, or the reason for refusing the point.
    ours: &'static str,
    /// The line, or the exception's name; empty where nothing is sent.
    theirs: &'static str,
}

impl Edge {
    /// Tells what either side does now in place of what is written here.
    pub(crate) fn complaint(&self, theirs: &str) -> Option<String> {
        let ours =
            ours::lines("host", &self.point).map_or_else(|error| error.to_string(), |lines| lines.concat());
        let wrong = |side, expected, found| {
            format!("{}: {side}\n  expected {expected:?}\n  found    {found:?}", self.what)
        };
        if ours != self.ours {
            Some(wrong("ours", self.ours, &*ours))
        } else if theirs != self.theirs {
            Some(wrong("theirs", self.theirs, theirs))
        } else {
            None
        }
    }
}

pub(crate) fn all() -> Vec<Edge> {
    let edge = |what, point, ours, theirs| Edge { what, point, ours, theirs };
    vec![
        edge(
            "blanks around a name",
            metric(" cpu\t", &[]),
            "\"cpu\" 1.0 source=\"s\"\n",
            "\"-cpu-\" 1.0 source=\"s\"\n",
        ),
        edge(
            "controls in a value",
            metric("cpu", &[("k", "a\rb\u{4}c")]),
            "\"cpu\" 1.0 source=\"s\" \"k\"=\"a b c\"\n",
            "\"cpu\" 1.0 source=\"s\" \"k\"=\"a\rb\u{4}c\"\n",
        ),
        edge(
            "a backslash at the end, which escapes the closing quote",
            metric("cpu", &[("dir", "C:\\"), ("k", "v")]),
            "\"cpu\" 1.0 source=\"s\" \"dir\"=\"C:\" \"k\"=\"v\"\n",
            "\"cpu\" 1.0 source=\"s\" \"dir\"=\"C:\\\" \"k\"=\"v\"\n",
        ),
        edge(
            "two keys that become the same",
            metric("cpu", &[("a b", "1"), ("a*b", "2")]),
            "\"cpu\" 1.0 source=\"s\" \"a-b\"=\"2\"\n",
            "\"cpu\" 1.0 source=\"s\" \"a-b\"=\"1\" \"a-b\"=\"2\"\n",
        ),
        edge(
            "a tag that is the source to the receiver",
            metric("cpu", &[("source", "x")]),
            "tag key is reserved",
            "\"cpu\" 1.0 source=\"s\" \"source\"=\"x\"\n",
        ),
        edge(
            "a delta of zero, which Python does not send",
            Point::Delta(Scalar { name: "hits".to_owned(), source: source(), ..Default::default() }),
            "value of a delta counter is not positive",
            "",
        ),
        edge(
            "a count of zero",
            Point::Histogram(Distribution {
                name: "h".to_owned(),
                centroids: vec![(Mean::Float(1.0), 0)],
                granularities: vec![wf_format::Granularity::Day],
                source: source(),
                ..Default::default()
            }),
            "centroid count is out of range",
            "!D #0 1.0 \"h\" source=\"s\"\n",
        ),
        edge(
            "a star in a span's name, which a proxy replaces",
            span("GET *", &[]),
            "\"GET -\" source=\"s\" traceId=00000000-0000-0000-0000-000000000001 \
             spanId=00000000-0000-0000-0000-000000000002 1700000000000 5\n",
            "\"GET *\" source=\"s\" traceId=00000000-0000-0000-0000-000000000001 \
             spanId=00000000-0000-0000-0000-000000000002 1700000000000 5\n",
        ),
        edge(
            "a key that is a number, which the receiver takes for the start",
            span("a", &[("404", "x")]),
            "span tag key is made of digits alone",
            "\"a\" source=\"s\" traceId=00000000-0000-0000-0000-000000000001 \
             spanId=00000000-0000-0000-0000-000000000002 \"404\"=\"x\" 1700000000000 5\n",
        ),
        edge(
            "blanks around an event's texts, and a key to replace",
            Point::Event(Event {
                name: " deploy ".to_owned(),
                start: 1_700_000_000_000,
                annotations: vec![("a b".to_owned(), " x".to_owned())],
                source: source(),
                ..Default::default()
            }),
            "@Event 1700000000000 1700000000001 \"deploy\" a-b=\"x\" host=\"s\"\n",
            "@Event 1700000000000 1700000000001 \" deploy \" a b=\" x\" host=\"s\"\n",
        ),
    ]
}

fn metric(name: &str, tags: &[(&str, &str)]) -> Point {
    Point::Metric(Scalar {
        name: name.to_owned(),
        value: 1.0,
        source: source(),
        tags: tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
        ..Default::default()
    })
}

fn span(name: &str, tags: &[(&str, &str)]) -> Point {
    Point::Span(Span {
        name: name.to_owned(),
        start: 1_700_000_000_000,
        duration: 5,
        trace_id: 1,
        span_id: 2,
        source: source(),
        tags: tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
        ..Default::default()
    })
}

#[expect(clippy::unnecessary_wraps, reason = "a point's field")]
fn source() -> Option<String> {
    Some("s".to_owned())
}
