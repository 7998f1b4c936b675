//! A send does not allocate: a test binary of its own, because the counting is global.

use std::time::Duration;

use wf_format::{Centroid, DeltaCounter, Event, Histogram, Metric, SourceTag, Span, SpanLog};
use wf_sender::{
    Builder, SendError, Sender,
    transport::{LineKind, MemoryTransport},
};

/// Calls `send` once, then counts what a thousand more calls allocate on this thread.
#[track_caller]
fn check(kind: &str, mut send: impl FnMut() -> Result<(), SendError>) {
    send().unwrap();
    let counted = allocation_counter::measure(|| {
        for _ in 0..1000 {
            send().unwrap();
        }
    });
    assert_eq!(counted.count_total, 0, "{kind}: {counted:?}");
}

#[test]
fn a_send_does_not_allocate_after_the_first() {
    let tags = [("datacenter", "dc1"), ("rack", "r\"7\""), ("os", "linux")];
    let sender: Sender = Builder::new(MemoryTransport::new())
        .source("web-1")
        .point_tag("env", "prod")
        .flush_interval(Duration::from_millis(1))
        .start()
        .unwrap();
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![1u8; 100])));
    assert!(counted.count_total > 0, "the counter counts");

    check("point", || sender.send(&Metric::new("new york.power.usage", 42422.5).tags(&tags)));
    check("delta", || sender.send(&DeltaCounter::new("requests", 1.0).tags(&tags)));
    let centroids: Vec<_> = (1..=100).map(|i| Centroid::new(f64::from(i) * 1.5, i)).collect();
    check("histogram", || sender.send(&Histogram::new("latency", &centroids).tags(&tags)));
    check("span", || {
        sender.send(
            &Span::new("getAllUsers", 1_552_949_776_000, 343, 7u128, 8u128)
                .parents(&[9u128.into()])
                .tags(&tags),
        )
    });
    check("span log", || {
        let logs = [SpanLog::new(1_552_949_776_000_000, &[("event", "paid")])];
        sender.send(&Span::new("getAllUsers", 1_552_949_776_000, 343, 7u128, 8u128).span_logs(&logs))
    });
    check("event", || sender.send(&Event::new("deployment", 1_552_949_776_000).tags(&["eu"])));
    check("source tag", || sender.send(&SourceTag::add(&["prod"])));
    check("ready line", || sender.send_line(LineKind::Point, "m 1 source=h"));
    check("waiting for room", || sender.send_timeout(&Metric::new("m", 1.0), Duration::from_secs(10)));
}
