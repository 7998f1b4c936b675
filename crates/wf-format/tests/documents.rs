//! The examples of the documents, byte for byte; each test is named after its place there.

use wf_format::{
    Centroid, DeltaCounter, Event, EventForm, Format, FormatError, Granularity, Histogram, Metric, Point,
    Span,
};

#[track_caller]
fn check(point: &impl Point, expected: &str) -> Result<(), FormatError> {
    check_with(&Format::DEFAULT, point, expected)
}

#[track_caller]
fn check_with(format: &Format<'_>, point: &impl Point, expected: &str) -> Result<(), FormatError> {
    let mut buf = [0; 1024];
    let encoded = format.encode(point, &mut buf)?;
    assert_eq!(core::str::from_utf8(encoded.line), Ok(expected));
    Ok(())
}

#[test]
fn send_metric() -> Result<(), FormatError> {
    check(
        &Metric::new("new york.power.usage", 42422.0)
            .timestamp(1533529977)
            .source("localhost")
            .tags(&[("datacenter", "dc1")]),
        "\"new-york.power.usage\" 42422.0 1533529977 source=\"localhost\" \"datacenter\"=\"dc1\"\n",
    )
}

#[test]
fn metric_to_line_data() -> Result<(), FormatError> {
    check(
        &Metric::new("new-york.power.usage", 42422)
            .timestamp(1493773500)
            .source("localhost")
            .tags(&[("datacenter", "dc1")]),
        "\"new-york.power.usage\" 42422.0 1493773500 source=\"localhost\" \"datacenter\"=\"dc1\"\n",
    )
}

#[test]
fn send_delta_counter() -> Result<(), FormatError> {
    check(
        &DeltaCounter::new("delta.counter", 1.0).source("localhost").tags(&[("datacenter", "dc1")]),
        "\"∆delta.counter\" 1.0 source=\"localhost\" \"datacenter\"=\"dc1\"\n",
    )
}

const CENTROIDS: &[(f64, i64)] = &[(30.0, 20), (5.1, 10)];

fn centroids() -> Vec<Centroid> {
    CENTROIDS.iter().map(|&(mean, count)| Centroid::new(mean, count)).collect()
}

#[test]
fn histogram_to_line_data_for_each_granularity() -> Result<(), FormatError> {
    for granularity in Granularity::ALL {
        check(
            &Histogram::new("request.latency", &centroids())
                .granularities(&[granularity])
                .timestamp(1493773500)
                .source("appServer1")
                .tags(&[("region", "us-west")]),
            &format!(
                "{} 1493773500 #20 30.0 #10 5.1 \"request.latency\" source=\"appServer1\" \"region\"=\"us-west\"\n",
                granularity.marker()
            ),
        )?;
    }
    Ok(())
}

#[test]
fn send_distribution() -> Result<(), FormatError> {
    let body =
        "1533529977 #20 30.0 #10 5.1 \"request.latency\" source=\"appServer1\" \"region\"=\"us-west\"\n";
    check(
        &Histogram::new("request.latency", &centroids())
            .granularities(&Granularity::ALL)
            .timestamp(1533529977)
            .source("appServer1")
            .tags(&[("region", "us-west")]),
        &format!("!M {body}!H {body}!D {body}"),
    )
}

const TRACE: u128 = 0x7b3bf470_9456_11e8_9eb6_529269fb1459;
const SPAN: u128 = 0x0313bafe_9457_11e8_9eb6_529269fb1459;

#[test]
fn tracing_span_to_line_data() -> Result<(), FormatError> {
    check(
        &Span::new("getAllUsers", 1552949776000, 343, TRACE, SPAN)
            .source("localhost")
            .parents(&["2f64e538-9457-11e8-9eb6-529269fb1459".parse().unwrap()])
            .follows_from(&["5f64e538-9457-11e8-9eb6-529269fb1459".parse().unwrap()])
            .tags(&[("application", "Wavefront"), ("http.method", "GET")]),
        "\"getAllUsers\" source=\"localhost\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
         spanId=0313bafe-9457-11e8-9eb6-529269fb1459 parent=2f64e538-9457-11e8-9eb6-529269fb1459 \
         followsFrom=5f64e538-9457-11e8-9eb6-529269fb1459 \"application\"=\"Wavefront\" \"http.method\"=\"GET\" \
         1552949776000 343\n",
    )
}

/// The documents give a start in seconds; it is written as given.
#[test]
fn send_span() -> Result<(), FormatError> {
    check(
        &Span::new("getAllUsers", 1533529977, 343500, TRACE, SPAN)
            .source("localhost")
            .parents(&["2f64e538-9457-11e8-9eb6-529269fb1459".parse().unwrap()])
            .tags(&[("application", "Wavefront"), ("http.method", "GET")]),
        "\"getAllUsers\" source=\"localhost\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
         spanId=0313bafe-9457-11e8-9eb6-529269fb1459 parent=2f64e538-9457-11e8-9eb6-529269fb1459 \
         \"application\"=\"Wavefront\" \"http.method\"=\"GET\" 1533529977 343500\n",
    )
}

const ANNOTATIONS: [(&str, &str); 3] =
    [("severity", "info"), ("type", "backup"), ("details", "broker backup")];

fn event() -> Event<'static, [(&'static str, &'static str); 3]> {
    Event::new("event name", 1592200048000)
        .end(1592201048000)
        .annotations(&ANNOTATIONS)
        .hosts(&["localhost"])
        .tags(&["env", "dev"])
}

#[test]
fn event_to_line_data() -> Result<(), FormatError> {
    check(
        &event(),
        "@Event 1592200048000 1592201048000 \"event name\" severity=\"info\" type=\"backup\" \
         details=\"broker backup\" host=\"localhost\" tag=\"env\" tag=\"dev\"\n",
    )
}

#[test]
fn event_to_json() -> Result<(), FormatError> {
    check_with(
        &Format::DEFAULT.event_form(EventForm::Json),
        &event(),
        "{\"name\":\"event name\",\"annotations\":{\"severity\":\"info\",\"type\":\"backup\",\
         \"details\":\"broker backup\"},\"hosts\":[\"localhost\"],\"startTime\":1592200048000,\
         \"endTime\":1592201048000,\"tags\":[\"env\",\"dev\"]}\n",
    )
}
