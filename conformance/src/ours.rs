//! The points through this workspace's crates.

use wf_format::{
    Centroid, DeltaCounter, Event, Format, FormatError, Histogram, Id, Metric, NamePolicy, SpanLog,
};

use crate::points::Point;

/// The records of a point: one, or a span and its logs.
///
/// # Errors
///
/// The point is refused.
pub(crate) fn lines(default_source: &str, point: &Point) -> Result<Vec<String>, FormatError> {
    let format = Format::DEFAULT.names(NamePolicy::Python).default_source(default_source);
    with(point, |point| {
        let mut lines = vec![encode(&format, point)?];
        if let Some(logs) = point.logs() {
            lines.push(encode(&format, &logs)?);
        }
        Ok(lines)
    })
}

/// Hands `take` the point as one of [`wf_format`]'s.
pub(crate) fn with<T>(point: &Point, take: impl FnOnce(&dyn wf_format::Point) -> T) -> T {
    match point {
        Point::Metric(point) => {
            let mut metric = Metric::new(&point.name, point.value).tags(&point.tags);
            if let Some(timestamp) = point.timestamp {
                metric = metric.timestamp(timestamp);
            }
            if let Some(source) = &point.source {
                metric = metric.source(source);
            }
            take(&metric)
        }
        Point::Delta(point) => {
            let mut delta = DeltaCounter::new(&point.name, point.value).tags(&point.tags);
            if let Some(timestamp) = point.timestamp {
                delta = delta.timestamp(timestamp);
            }
            if let Some(source) = &point.source {
                delta = delta.source(source);
            }
            take(&delta)
        }
        Point::Histogram(point) => {
            let centroids: Vec<_> =
                point.centroids.iter().map(|&(mean, count)| Centroid::new(mean.value(), count)).collect();
            let mut histogram =
                Histogram::new(&point.name, &centroids).granularities(&point.granularities).tags(&point.tags);
            if let Some(timestamp) = point.timestamp {
                histogram = histogram.timestamp(timestamp);
            }
            if let Some(source) = &point.source {
                histogram = histogram.source(source);
            }
            take(&histogram)
        }
        Point::Span(point) => {
            let ids = |ids: &[u128]| ids.iter().copied().map(Id::from).collect::<Vec<_>>();
            let (parents, follows_from) = (ids(&point.parents), ids(&point.follows_from));
            let logs: Vec<_> = point.logs.iter().map(|(time, fields)| SpanLog::new(*time, fields)).collect();
            let mut span =
                wf_format::Span::new(&point.name, point.start, point.duration, point.trace_id, point.span_id)
                    .parents(&parents)
                    .follows_from(&follows_from)
                    .span_logs(&logs)
                    .tags(&point.tags);
            if let Some(source) = &point.source {
                span = span.source(source);
            }
            take(&span)
        }
        Point::Event(point) => {
            let (tags, hosts): (Vec<_>, Vec<_>) = (
                point.tags.iter().map(|tag| &**tag).collect(),
                point.source.iter().map(|host| &**host).collect(),
            );
            let mut event = Event::new(&point.name, point.start)
                .hosts(&hosts)
                .tags(&tags)
                .annotations(&point.annotations);
            if let Some(end) = point.end {
                event = event.end(end);
            }
            take(&event)
        }
    }
}

fn encode(format: &Format<'_>, point: &(impl wf_format::Point + ?Sized)) -> Result<String, FormatError> {
    let mut line = Vec::new();
    format.encode_into(point, &mut line)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}
