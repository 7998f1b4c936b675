//! Span logs, events, source tags, ready-made lines and the documents' calls; waiting without blocking.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use wf_sender::{
    Builder, Refused, SendError, Sender,
    format::{
        Event, Field, FormatError, Granularity, Id, Metric, SourceDescription, SourceTag, Span, SpanLog,
    },
    transport::{Batch, LineKind, MemoryTransport, Outcome, Route, Transport},
};

const LONG: Duration = Duration::from_secs(10);

fn start(memory: &MemoryTransport) -> Sender {
    Builder::new(memory.clone()).source("h").start().unwrap()
}

/// Sends with `send`, closes, and checks what arrived of `kind`.
#[track_caller]
fn check(kind: LineKind, send: impl FnOnce(&Sender) -> Result<(), SendError>, expected: &str) {
    let memory = MemoryTransport::new();
    let sender = start(&memory);
    send(&sender).unwrap();
    assert!(sender.close(LONG).complete);
    assert_eq!(memory.text(kind), expected);
    assert_eq!(sender.stats()[kind].delivered(), 1);
}

const TRACE: u128 = 0x7b3bf470_9456_11e8_9eb6_529269fb1459;
const SPAN: u128 = 0x0313bafe_9457_11e8_9eb6_529269fb1459;

#[test]
fn span_logs_travel_beside_the_span_that_announces_them() {
    let memory = MemoryTransport::new();
    let sender = start(&memory);
    let logs = [SpanLog::new(1_552_949_776_000_123, &[("event", "cache miss")])];
    sender.send(&Span::new("s", 1_552_949_776_000, 5, TRACE, SPAN).span_logs(&logs)).unwrap();
    assert!(sender.close(LONG).complete);
    let span = memory.text(LineKind::Span);
    assert!(span.contains(" \"_spanLogs\"=\"true\" 1552949776000 5\n"), "{span}");
    let logs = memory.text(LineKind::SpanLog);
    assert!(logs.starts_with("{\"traceId\":\"7b3bf470-9456-11e8-9eb6-529269fb1459\","), "{logs}");
    assert!(logs.contains("\"event\":\"cache miss\"") && logs.ends_with("}\n"), "{logs}");
    let stats = sender.stats();
    assert_eq!((stats[LineKind::Span].delivered(), stats[LineKind::SpanLog].delivered()), (1, 1));
}

#[test]
fn a_span_whose_logs_are_refused_goes_without_announcing_them() {
    struct NoLogs(MemoryTransport);
    impl Transport for NoLogs {
        fn route(&self, kind: LineKind) -> Route {
            if kind == LineKind::SpanLog { Route::None } else { Route::Line }
        }
        async fn deliver(&self, batch: &Batch) -> Outcome {
            self.0.deliver(batch).await
        }
    }
    let memory = MemoryTransport::new();
    let sender = Builder::new(NoLogs(memory.clone())).source("h").start().unwrap();
    let logs = [SpanLog::new(1, &[("k", "v")])];
    let span = Span::new("s", 1_552_949_776_000, 5, TRACE, SPAN).span_logs(&logs);
    sender.send(&span).unwrap();
    sender.send_timeout(&span, LONG).unwrap();
    block_on(sender.send_async(&span)).unwrap();
    assert!(sender.close(LONG).complete);
    let text = memory.text(LineKind::Span);
    assert!(text.lines().count() == 3 && !text.contains("_spanLogs"), "{text}");
    assert_eq!(sender.stats()[LineKind::SpanLog].refused_for(Refused::NoRoute), 3);
}

#[test]
fn an_event_is_a_line_or_json_as_the_transport_says() {
    struct Json(MemoryTransport);
    impl Transport for Json {
        fn route(&self, kind: LineKind) -> Route {
            if kind == LineKind::Event { Route::Json } else { Route::Line }
        }
        async fn deliver(&self, batch: &Batch) -> Outcome {
            self.0.deliver(batch).await
        }
    }
    let annotations = [("severity", "info"), ("type", "backup"), ("details", "broker backup")];
    let event = Event::new("event name", 1_592_200_048_000)
        .end(1_592_201_048_000)
        .annotations(&annotations)
        .hosts(&["localhost"])
        .tags(&["env", "dev"]);
    check(
        LineKind::Event,
        |sender| sender.send(&event),
        "@Event 1592200048000 1592201048000 \"event name\" severity=\"info\" type=\"backup\" \
         details=\"broker backup\" host=\"localhost\" tag=\"env\" tag=\"dev\"\n",
    );
    let memory = MemoryTransport::new();
    let sender = Builder::new(Json(memory.clone())).source("h").start().unwrap();
    sender.send(&event).unwrap();
    assert!(sender.close(LONG).complete);
    assert_eq!(
        memory.text(LineKind::Event),
        "{\"name\":\"event name\",\"annotations\":{\"severity\":\"info\",\"type\":\"backup\",\
         \"details\":\"broker backup\"},\"hosts\":[\"localhost\"],\"startTime\":1592200048000,\
         \"endTime\":1592201048000,\"tags\":[\"env\",\"dev\"]}\n"
    );
}

#[test]
fn source_tags_and_descriptions_share_a_lane() {
    check(
        LineKind::SourceTag,
        |sender| sender.send(&SourceTag::add(&["env-prod"])),
        "@SourceTag action=add source=\"h\" \"env-prod\"\n",
    );
    check(
        LineKind::SourceTag,
        |sender| sender.send(&SourceDescription::save("the first")),
        "@SourceDescription action=save source=\"h\" \"the first\"\n",
    );
}

#[test]
fn ready_made_lines_travel_as_given() {
    check(LineKind::Point, |sender| sender.send_line(LineKind::Point, "a.b 1 source=x"), "a.b 1 source=x\n");
    check(LineKind::Point, |sender| sender.send_line(LineKind::Point, "a.b 1\n"), "a.b 1\n");
    check(LineKind::Delta, |sender| sender.send_line(LineKind::Point, "\"∆a\" 1"), "\"∆a\" 1\n");
    check(LineKind::Histogram, |sender| sender.send_line(LineKind::Histogram, "!M #1 2 h"), "!M #1 2 h\n");
}

#[test]
fn ready_made_lines_that_are_none_are_refused_and_counted() {
    let sender = start(&MemoryTransport::new());
    for (line, error) in [
        ("", FormatError::Blank(Field::Line)),
        (" \n", FormatError::Blank(Field::Line)),
        ("a 1\nb 2", FormatError::Characters(Field::Line)),
        ("a 1\r\n", FormatError::Characters(Field::Line)),
    ] {
        assert_eq!(sender.send_line(LineKind::Point, line), Err(SendError::Invalid(error)), "{line:?}");
    }
    assert_eq!(sender.send_line(LineKind::Point, &"x".repeat(70_000)), Err(SendError::TooLong));
    let books = sender.stats()[LineKind::Point];
    assert_eq!((books.refused_for(Refused::Invalid), books.refused_for(Refused::TooLong)), (4, 1));
}

#[test]
fn the_documents_calls() {
    let tags = [("datacenter", "dc1")];
    check(
        LineKind::Point,
        |sender| {
            sender.send_metric("new york.power.usage", 42422.0, Some(1_533_529_977), Some("localhost"), &tags)
        },
        "\"new-york.power.usage\" 42422.0 1533529977 source=\"localhost\" \"datacenter\"=\"dc1\"\n",
    );
    check(
        LineKind::Delta,
        |sender| sender.send_delta_counter("delta.counter", 1.0, Some("localhost"), &tags),
        "\"∆delta.counter\" 1.0 source=\"localhost\" \"datacenter\"=\"dc1\"\n",
    );
    let line = |marker: &str| {
        format!(
            "{marker} 1533529977 #20 30.0 #10 5.1 \"request.latency\" source=\"appServer1\" \"region\"=\"us-west\"\n"
        )
    };
    let send = |sender: &Sender| {
        let granularities = [Granularity::Day, Granularity::Hour, Granularity::Minute];
        let centroids = [(30.0, 20), (5.1, 10)];
        let tags = [("region", "us-west")];
        sender.send_distribution(
            "request.latency",
            centroids,
            &granularities,
            Some(1_533_529_977),
            Some("appServer1"),
            &tags,
        )
    };
    check(LineKind::Histogram, send, &[line("!D"), line("!H"), line("!M")].concat());
    let parent: Id = "2f64e538-9457-11e8-9eb6-529269fb1459".parse().unwrap();
    let tags = [("application", "Wavefront"), ("http.method", "GET")];
    check(
        LineKind::Span,
        |sender| {
            let source = Some("localhost");
            sender.send_span(
                "getAllUsers",
                1_533_529_977,
                343_500,
                source,
                TRACE,
                SPAN,
                &[parent],
                &[],
                &tags,
                &[],
            )
        },
        "\"getAllUsers\" source=\"localhost\" traceId=7b3bf470-9456-11e8-9eb6-529269fb1459 \
         spanId=0313bafe-9457-11e8-9eb6-529269fb1459 parent=2f64e538-9457-11e8-9eb6-529269fb1459 \
         \"application\"=\"Wavefront\" \"http.method\"=\"GET\" 1533529977 343500\n",
    );
    check(
        LineKind::Event,
        |sender| {
            sender.send_event(
                "event name",
                1_592_200_048_000,
                None,
                Some(" "),
                &["env"],
                &[("type", "backup")],
            )
        },
        "@Event 1592200048000 1592200048001 \"event name\" type=\"backup\" host=\"h\" tag=\"env\"\n",
    );
}

#[test]
fn flush_now_and_failure_count() {
    let sender = start(&MemoryTransport::new().then(Outcome::status(503)));
    sender.send_metric("m", 1.0, None, None, &()).unwrap();
    assert!(sender.flush_now().complete);
    assert_eq!(sender.failure_count(), 1);
}

/// The smallest executor: no runtime of anybody's.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn waiting_needs_no_runtime() {
    let sender = Builder::new(MemoryTransport::new()).source("h").max_queue_size(10).start().unwrap();
    block_on(async {
        for i in 0..1000 {
            sender.send_async(&Metric::new("m", f64::from(i))).await.unwrap();
        }
        assert!(sender.flush_async(LONG).await.complete);
        assert!(sender.close_async(LONG).await.complete);
        assert_eq!(sender.send_async(&Metric::new("m", 1.0)).await, Err(SendError::Closed));
    });
    assert_eq!(sender.stats().total().delivered(), 1000);
}

#[tokio::test]
async fn waiting_does_not_block_the_runtime() {
    struct Never;
    impl Transport for Never {
        async fn deliver(&self, batch: &Batch) -> Outcome {
            batch.written();
            std::future::pending().await
        }
    }
    let sender = Builder::new(Never).source("h").max_queue_size(1).start().unwrap();
    while sender.send(&Metric::new("m", 1.0)).is_ok()
        || sender.send_timeout(&Metric::new("m", 1.0), Duration::from_millis(50)).is_ok()
    {}
    let waiting = sender.clone();
    let waiting = tokio::spawn(async move { waiting.send_async(&Metric::new("m", 1.0)).await });
    let report = sender.flush_async(Duration::from_millis(20)).await;
    assert!(!report.complete);
    assert!(!waiting.is_finished());
    assert!(sender.close_async(Duration::from_millis(20)).await.complete);
    assert_eq!(waiting.await.unwrap(), Err(SendError::Closed), "closing ends the wait");
}

#[test]
fn a_dropped_wait_leaves_nothing_behind() {
    struct Never;
    impl Transport for Never {
        async fn deliver(&self, _: &Batch) -> Outcome {
            std::future::pending().await
        }
    }
    let sender = Builder::new(Never).source("h").max_queue_size(1).start().unwrap();
    while sender.send(&Metric::new("m", 1.0)).is_ok()
        || sender.send_timeout(&Metric::new("m", 1.0), Duration::from_millis(50)).is_ok()
    {}
    let accepted = sender.stats().total().accepted();
    let point = Metric::new("m", 1.0);
    let mut waiting = Box::pin(sender.send_async(&point));
    assert!(waiting.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(waiting);
    assert!(sender.close(Duration::ZERO).complete);
    assert_eq!(sender.stats().total().accepted(), accepted);
}

#[test]
fn a_guard_closes_even_inside_a_runtime() {
    let memory = MemoryTransport::new();
    let sender = start(&memory);
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
        let _guard = sender.close_on_drop().within(LONG);
        sender.send(&Metric::new("m", 1.0).timestamp(1)).unwrap();
    });
    assert_eq!(memory.text(LineKind::Point), "\"m\" 1.0 1 source=\"h\"\n");
    assert_eq!(sender.send(&Metric::new("m", 1.0)), Err(SendError::Closed));
}
