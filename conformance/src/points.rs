//! Points as a caller would give them, to either SDK.

use serde_json::{Value, json};
use wf_format::Granularity;

pub(crate) type Pairs = Vec<(String, String)>;

#[derive(Clone, Debug)]
pub(crate) enum Point {
    Metric(Scalar),
    Delta(Scalar),
    Histogram(Distribution),
    Span(Span),
    Event(Event),
}

/// A metric or a delta counter.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scalar {
    pub(crate) name: String,
    pub(crate) value: f64,
    pub(crate) timestamp: Option<i64>,
    pub(crate) source: Option<String>,
    pub(crate) tags: Pairs,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Distribution {
    pub(crate) name: String,
    pub(crate) centroids: Vec<(Mean, i64)>,
    pub(crate) granularities: Vec<Granularity>,
    pub(crate) timestamp: Option<i64>,
    pub(crate) source: Option<String>,
    pub(crate) tags: Pairs,
}

/// The mean of a centroid, which Python writes by its type.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mean {
    Integral(i32),
    Float(f64),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Span {
    pub(crate) name: String,
    pub(crate) start: i64,
    pub(crate) duration: i64,
    pub(crate) source: Option<String>,
    pub(crate) trace_id: u128,
    pub(crate) span_id: u128,
    pub(crate) parents: Vec<u128>,
    pub(crate) follows_from: Vec<u128>,
    pub(crate) tags: Pairs,
    pub(crate) logs: Vec<(i64, Pairs)>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) start: i64,
    pub(crate) end: Option<i64>,
    pub(crate) source: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) annotations: Pairs,
}

impl Point {
    /// Tells whether the Python SDK writes the point as the receiver can read it, which leaves out events whose texts
    /// would have to be escaped.
    pub(crate) fn python_can_send(&self) -> bool {
        let Self::Event(event) = self else { return true };
        let texts = event.annotations.iter().map(|(_, value)| value).chain(&event.tags).chain(&event.source);
        texts.chain([&event.name]).all(|text| !text.contains(['"', '\n']))
    }

    /// The point as `peer.py` reads it.
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Self::Metric(point) => point.to_json("metric"),
            Self::Delta(point) => point.to_json("delta"),
            Self::Histogram(point) => point.to_json(),
            Self::Span(point) => point.to_json(),
            Self::Event(point) => point.to_json(),
        }
    }
}

impl Scalar {
    fn to_json(&self, kind: &str) -> Value {
        let Self { name, value, timestamp, source, tags } = self;
        json!({
            "kind": kind, "name": name, "value": value, "timestamp": timestamp, "source": source, "tags": tags,
        })
    }
}

impl Distribution {
    fn to_json(&self) -> Value {
        let Self { name, centroids, granularities, timestamp, source, tags } = self;
        let centroids: Vec<_> =
            centroids.iter().map(|(mean, count)| json!([mean.to_json(), count])).collect();
        let granularities: Vec<_> = granularities.iter().map(|granularity| granularity.marker()).collect();
        json!({
            "kind": "histogram", "name": name, "centroids": centroids, "granularities": granularities,
            "timestamp": timestamp, "source": source, "tags": tags,
        })
    }
}

impl Mean {
    pub(crate) fn value(self) -> f64 {
        match self {
            Self::Integral(mean) => mean.into(),
            Self::Float(mean) => mean,
        }
    }

    fn to_json(self) -> Value {
        match self {
            Self::Integral(mean) => json!(mean),
            Self::Float(mean) => json!(mean),
        }
    }
}

impl Span {
    fn to_json(&self) -> Value {
        let Self { name, start, duration, source, trace_id, span_id, parents, follows_from, tags, logs } =
            self;
        let hex = |id: &u128| format!("{id:032x}");
        json!({
            "kind": "span", "name": name, "start": start, "duration": duration, "source": source,
            "trace_id": hex(trace_id), "span_id": hex(span_id),
            "parents": parents.iter().map(hex).collect::<Vec<_>>(),
            "follows_from": follows_from.iter().map(hex).collect::<Vec<_>>(),
            "tags": tags, "logs": logs,
        })
    }
}

impl Event {
    fn to_json(&self) -> Value {
        let Self { name, start, end, source, tags, annotations } = self;
        json!({
            "kind": "event", "name": name, "start": start, "end": end, "source": source, "tags": tags,
            "annotations": annotations,
        })
    }
}
