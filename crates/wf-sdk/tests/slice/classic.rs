//! The documents' clients, as the documents build them, from the first call to the last.

use std::time::Duration;

use wf_receiver::{Answer, Kind, Receiver};
use wf_sdk::{
    Granularity, Id, LineKind, SpanLog, Tls, WavefrontDirectClient, WavefrontDirectIngestionClient,
    WavefrontProxyClient, WavefrontSender,
    classic::{histogram_to_line_data, metric_to_line_data, tracing_span_to_line_data},
};

use crate::paths::{Path, TOKEN};

const LONG: Duration = Duration::from_secs(10);

/// Every call of the documents, then what they end with.
fn every_call(sender: &WavefrontSender) {
    let tags = [("datacenter", "dc1")];
    sender.send_metric("new york.power.usage", 42422.0, None, Some("localhost"), &tags).unwrap();
    sender.send_delta_counter("delta.counter", 1.0, Some("localhost"), &tags).unwrap();
    let granularities = [Granularity::Day, Granularity::Hour, Granularity::Minute];
    let region = [("region", "us-west")];
    let source = Some("appServer1");
    let centroids = [(30.0, 20), (5.1, 10)];
    sender.send_distribution("request.latency", centroids, &granularities, None, source, &region).unwrap();
    let [trace, span, parent, follows] = ids();
    let span_tags = [("application", "Wavefront"), ("http.method", "GET")];
    let logs = [SpanLog::new(1_552_949_776_000_123, &[("event", "cache miss")])];
    let (start, source) = (1_552_949_776_000, Some("localhost"));
    sender
        .send_span("getAllUsers", start, 343, source, trace, span, &[parent], &[follows], &span_tags, &logs)
        .unwrap();
    let annotations = [("severity", "info"), ("type", "backup"), ("details", "broker backup")];
    let (start, end) = (1_592_200_048_000, Some(1_592_201_048_000));
    sender.send_event("event name", start, end, source, &["env", "dev"], &annotations).unwrap();

    assert!(sender.flush_now().complete);
    assert_eq!(sender.failure_count(), 0);
    assert!(sender.close(LONG).complete);
    let stats = sender.stats();
    for kind in LineKind::ALL.into_iter().filter(|kind| *kind != LineKind::SourceTag) {
        assert_eq!((stats[kind].accepted(), stats[kind].delivered()), (1, 1), "{kind}");
    }
}

fn ids() -> [Id; 4] {
    [
        "7b3bf470-9456-11e8-9eb6-529269fb1459",
        "0313bafe-9457-11e8-9eb6-529269fb1459",
        "2f64e538-9457-11e8-9eb6-529269fb1459",
        "5f64e538-9457-11e8-9eb6-529269fb1459",
    ]
    .map(|id| id.parse().unwrap())
}

#[test]
fn the_proxy_client_sends_each_kind_to_its_port() {
    let metrics = Receiver::builder().traces_port(0).start().unwrap();
    let distributions = Receiver::start().unwrap();
    let sender = WavefrontProxyClient::builder("127.0.0.1")
        .metrics_port(metrics.port())
        .distribution_port(distributions.port())
        .tracing_port(metrics.traces_addr().unwrap().port())
        .internal_flush(2)
        .build()
        .unwrap();
    every_call(&sender);
    let counts = metrics.counts();
    for kind in [Kind::Metric, Kind::Delta, Kind::Span, Kind::SpanLogs, Kind::Event] {
        assert_eq!(counts.accepted.of(kind), 1, "{kind}");
    }
    assert_eq!(counts.accepted.of(Kind::Histogram), 0);
    assert_eq!(distributions.counts().accepted.of(Kind::Histogram), 3, "one line a granularity");
}

#[test]
fn the_direct_client_sends_every_kind_with_its_token() {
    let receiver = Path::Direct.receiver();
    let server = format!("https://127.0.0.1:{}", receiver.port());
    let sender = WavefrontDirectClient::builder(server, TOKEN)
        .max_queue_size(50_000)
        .batch_size(10_000)
        .flush_interval_seconds(5)
        .tls(Tls::ca_pem(receiver.ca_pem().unwrap()))
        .build()
        .unwrap();
    every_call(&sender);
    assert_eq!(receiver.counts().accepted.total(), 5 + 3);
    let event = receiver.accepted().into_iter().find(|line| line.kind == Kind::Event).unwrap();
    assert!(event.text.starts_with("{\"name\":\"event name\",\"annotations\":"), "{}", event.text);
}

/// `[line, line]` through each call that sends at once.
fn every_call_now(sender: &WavefrontSender, event: &str) {
    let metric =
        metric_to_line_data("new-york.power.usage", 42422.0, None, Some("localhost"), &(), "d").unwrap();
    let histogram =
        histogram_to_line_data("request.latency", [(30.0, 20)], &[Granularity::Minute], None, None, &(), "d")
            .unwrap();
    let [trace, span, ..] = ids();
    let (start, source) = (1_552_949_776_000, Some("localhost"));
    let span =
        tracing_span_to_line_data("getAllUsers", start, 343, source, trace, span, &[], &[], &(), &[], "d")
            .unwrap();
    let logs = "{\"traceId\":\"7b3bf470-9456-11e8-9eb6-529269fb1459\",\"spanId\":\"1\",\
                \"logs\":[{\"timestamp\":1552949776000123,\"fields\":{\"event\":\"x\"}}]}\n";
    for (kind, report) in [
        (LineKind::Point, sender.send_metric_now(&[&metric, &metric], LONG)),
        (LineKind::Histogram, sender.send_distribution_now(&[&histogram, &histogram], LONG)),
        (LineKind::Span, sender.send_span_now(&[&span, &span], LONG)),
        (LineKind::SpanLog, sender.send_span_log_now(&[logs, logs], LONG)),
        (LineKind::Event, sender.send_event_now(&[event, event], LONG)),
    ] {
        let report = report.unwrap();
        assert!(report.complete);
        assert_eq!(report.delta[kind].delivered(), 2, "{kind}");
    }
}

#[test]
fn two_lines_through_each_now_call_of_the_proxy_client() {
    let receiver = Path::ProxyHttp.receiver();
    let sender = WavefrontProxyClient::builder("127.0.0.1")
        .metrics_port(receiver.port())
        .distribution_port(receiver.port())
        .tracing_port(receiver.traces_addr().unwrap().port())
        .build()
        .unwrap();
    every_call_now(&sender, "@Event 1592200048000 1592201048000 \"event name\" host=\"localhost\"\n");
    assert_eq!(receiver.counts().accepted.total(), 10);
}

#[test]
fn two_lines_through_each_now_call_of_the_direct_client() {
    let receiver = Path::Direct.receiver();
    let server = format!("https://localhost:{}/", receiver.port());
    let sender = WavefrontDirectIngestionClient::builder(server, TOKEN)
        .tls(Tls::ca_pem(receiver.ca_pem().unwrap()))
        .build()
        .unwrap();
    every_call_now(
        &sender,
        r#"{"name":"e","annotations":{},"startTime":1592200048000,"endTime":1592201048000}"#,
    );
    assert_eq!(receiver.counts().accepted.total(), 10);
    assert_eq!(receiver.counts().requests, 4 + 2, "one POST an event");
}

#[test]
fn failures_are_counted_and_never_reset() {
    let receiver = Path::ProxyHttp.receiver();
    receiver.script([Answer::status(503), Answer::status(503)]);
    let sender = WavefrontProxyClient::builder("127.0.0.1").metrics_port(receiver.port()).build().unwrap();
    sender.send_metric("m", 1.0, None, None, &()).unwrap();
    assert!(sender.flush(LONG).complete);
    assert_eq!(sender.failure_count(), 2);
    sender.send_metric("m", 2.0, None, None, &()).unwrap();
    assert!(sender.flush_now().complete);
    assert_eq!(sender.failure_count(), 2);
}
