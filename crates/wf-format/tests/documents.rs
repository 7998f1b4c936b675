//! The examples of the documents, byte for byte; each test is named after its place there.

use wf_format::{DeltaCounter, FormatError, Metric, Point};

#[track_caller]
fn check(point: &impl Point, expected: &str) -> Result<(), FormatError> {
    let mut buf = [0; 1024];
    let encoded = wf_format::Format::DEFAULT.encode(point, &mut buf)?;
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
