use anyhow::{Result, anyhow, bail};
use serde_json::Value;
use wf_sdk::format::{
    Centroid, Changed, DeltaCounter, Event, EventForm, Format, Granularity, Histogram, Metric, Point,
    SourceDescription, SourceTag, Span, SpanLog,
};

use super::{
    fields::{self, Fields, Pairs},
    unique::Unique,
};

/// Encodes one JSON object at the end of `out`, which on an error holds nothing to be used.
pub(super) fn encode(format: &Format<'_>, line: &str, out: &mut Vec<u8>) -> Result<Changed> {
    let Unique(value) = serde_json::from_str(line).map_err(|error| not_json(&error))?;
    let Value::Object(map) = &value else { bail!("not a JSON object") };
    let kind = map.get("type").ok_or_else(|| anyhow!("type is missing; it is one of {TYPES}"))?;
    let read = |known: &[&str]| Fields::of(&value, String::new(), known);
    match fields::text(kind, "type")? {
        "metric" => metric(&read(&POINT)?, format, out),
        "delta" => delta(&read(&POINT)?, format, out),
        "histogram" => histogram(&read(&HISTOGRAM)?, format, out),
        "span" => span(&read(&SPAN)?, format, out),
        "event" => event(&read(&EVENT)?, format, out),
        "source_tag" => source_tag(&read(&SOURCE_TAG)?, format, out),
        "source_description" => source_description(&read(&SOURCE_DESCRIPTION)?, format, out),
        other => bail!("type {} is unknown; it is one of {TYPES}", fields::shown(other)),
    }
}

const TYPES: &str = "metric, delta, histogram, span, event, source_tag, source_description";
const POINT: [&str; 6] = ["type", "name", "value", "timestamp", "source", "tags"];
const HISTOGRAM: [&str; 7] = ["type", "name", "centroids", "granularities", "timestamp", "source", "tags"];
const SPAN: [&str; 11] = [
    "type",
    "name",
    "start_millis",
    "duration_millis",
    "source",
    "trace_id",
    "span_id",
    "parents",
    "follows_from",
    "tags",
    "span_logs",
];
const EVENT: [&str; 8] =
    ["type", "name", "start_millis", "end_millis", "hosts", "tags", "annotations", "form"];
const SOURCE_TAG: [&str; 4] = ["type", "action", "source", "tags"];
const SOURCE_DESCRIPTION: [&str; 4] = ["type", "action", "source", "description"];

fn metric(fields: &Fields<'_>, format: &Format<'_>, out: &mut Vec<u8>) -> Result<Changed> {
    let name = fields.need("name", fields.text("name"))?;
    let value = fields.need("value", fields.number("value"))?;
    let tags = fields.pairs("tags")?;
    let mut point = Metric::new(name, value).source(source(fields)?).tags(&tags);
    if let Some(timestamp) = fields.integer("timestamp")? {
        point = point.timestamp(timestamp);
    }
    write(&point, format, out)
}

fn delta(fields: &Fields<'_>, format: &Format<'_>, out: &mut Vec<u8>) -> Result<Changed> {
    let name = fields.need("name", fields.text("name"))?;
    let value = fields.need("value", fields.number("value"))?;
    let tags = fields.pairs("tags")?;
    let mut point = DeltaCounter::new(name, value).source(source(fields)?).tags(&tags);
    if let Some(timestamp) = fields.integer("timestamp")? {
        point = point.timestamp(timestamp);
    }
    write(&point, format, out)
}

fn histogram(fields: &Fields<'_>, format: &Format<'_>, out: &mut Vec<u8>) -> Result<Changed> {
    let name = fields.need("name", fields.text("name"))?;
    let centroid = |value, place: &str| match fields::pair(value) {
        Some((mean, count)) => Ok(Centroid::new(
            fields::number(mean, &format!("{place}[0]"))?,
            fields::integer(count, &format!("{place}[1]"))?,
        )),
        None => bail!("{place} is not a list of a mean and a count"),
    };
    let centroids = fields.need("centroids", fields.list("centroids", centroid))?;
    let granularity = |value, place: &str| {
        let text = fields::text(value, place)?;
        let granularity = Granularity::ALL.into_iter().find(|granularity| granularity.marker() == text);
        granularity.ok_or_else(|| anyhow!("{place} is none of !M, !H, !D"))
    };
    let granularities = fields.list("granularities", granularity)?;
    let tags = fields.pairs("tags")?;
    let mut point = Histogram::new(name, &centroids).source(source(fields)?).tags(&tags);
    if let Some(granularities) = &granularities {
        point = point.granularities(granularities);
    }
    if let Some(timestamp) = fields.integer("timestamp")? {
        point = point.timestamp(timestamp);
    }
    write(&point, format, out)
}

fn span(fields: &Fields<'_>, format: &Format<'_>, out: &mut Vec<u8>) -> Result<Changed> {
    let log = |value, place: &str| {
        let log = Fields::of(value, place.to_owned(), &["timestamp_micros", "fields"])?;
        let timestamp = log.need("timestamp_micros", log.integer("timestamp_micros"))?;
        Ok((timestamp, log.pairs("fields")?))
    };
    let logs: Vec<(i64, Pairs<'_>)> = fields.list("span_logs", log)?.unwrap_or_default();
    let logs: Vec<SpanLog<'_>> =
        logs.iter().map(|(timestamp, pairs)| SpanLog::new(*timestamp, pairs)).collect();
    let parents = fields.list("parents", fields::id)?.unwrap_or_default();
    let follows_from = fields.list("follows_from", fields::id)?.unwrap_or_default();
    let tags = fields.pairs("tags")?;
    let span = Span::new(
        fields.need("name", fields.text("name"))?,
        fields.need("start_millis", fields.integer("start_millis"))?,
        fields.need("duration_millis", fields.integer("duration_millis"))?,
        fields.need("trace_id", fields.id("trace_id"))?,
        fields.need("span_id", fields.id("span_id"))?,
    )
    .source(source(fields)?)
    .parents(&parents)
    .follows_from(&follows_from)
    .span_logs(&logs)
    .tags(&tags);
    let mut changed = write(&span, format, out)?;
    if let Some(logs) = span.logs() {
        changed |= write(&logs, format, out)?;
    }
    Ok(changed)
}

fn event(fields: &Fields<'_>, format: &Format<'_>, out: &mut Vec<u8>) -> Result<Changed> {
    let form = match fields.text("form")? {
        None | Some("line") => EventForm::Line,
        Some("json") => EventForm::Json,
        Some(_) => bail!("form is neither line nor json"),
    };
    let hosts = fields.list("hosts", fields::text)?.unwrap_or_default();
    let tags = fields.list("tags", fields::text)?.unwrap_or_default();
    let annotations = fields.pairs("annotations")?;
    let name = fields.need("name", fields.text("name"))?;
    let start = fields.need("start_millis", fields.integer("start_millis"))?;
    let mut event = Event::new(name, start).hosts(&hosts).tags(&tags).annotations(&annotations);
    if let Some(end) = fields.integer("end_millis")? {
        event = event.end(end);
    }
    write(&event, &format.event_form(form), out)
}

fn source_tag(fields: &Fields<'_>, format: &Format<'_>, out: &mut Vec<u8>) -> Result<Changed> {
    let tags = fields.need("tags", fields.list("tags", fields::text))?;
    let operation = match fields.need("action", fields.text("action"))? {
        "add" => SourceTag::add(&tags),
        "save" => SourceTag::save(&tags),
        "delete" => SourceTag::delete(&tags),
        _ => bail!("action is none of add, save, delete"),
    };
    write(&operation.source(source(fields)?), format, out)
}

fn source_description(fields: &Fields<'_>, format: &Format<'_>, out: &mut Vec<u8>) -> Result<Changed> {
    let description = fields.text("description")?;
    let operation = match fields.need("action", fields.text("action"))? {
        "save" => SourceDescription::save(fields.need("description", Ok(description))?),
        "delete" if description.is_some_and(|text| !text.is_empty()) => {
            bail!("description has no place in a delete")
        }
        "delete" => SourceDescription::delete(),
        _ => bail!("action is neither save nor delete"),
    };
    write(&operation.source(source(fields)?), format, out)
}

/// Reads the source; the format takes its own for a blank one.
fn source<'a>(fields: &Fields<'a>) -> Result<&'a str> {
    fields.text("source").map(Option::unwrap_or_default)
}

fn write<P: Point + ?Sized>(point: &P, format: &Format<'_>, out: &mut Vec<u8>) -> Result<Changed> {
    Ok(format.encode_into(point, out)?.changed)
}

/// Says the column alone: `serde_json` counts lines of its own.
fn not_json(error: &serde_json::Error) -> anyhow::Error {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let what = if error.is_data() { "" } else { "not JSON: " };
    anyhow!("{what}{text} at column {}", error.column())
}
