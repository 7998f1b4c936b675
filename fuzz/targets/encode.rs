//! Whatever encodes is accepted by the receiver, and if nothing had to be changed it means what was given.
#![cfg_attr(fuzzing, no_main)]

use arbitrary::Arbitrary;
use wf_format::{
    Centroid, DeltaCounter, Encoded, Event, Format, Granularity, Histogram, Id, Metric, Point,
    SourceDescription, SourceTag, Span, SpanLog,
};
use wf_parse::{Parser, Record, Verdict};

const NOW: i64 = 1_700_000_000;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    shape: Shape,
    name: &'a str,
    source: &'a str,
    tags: Vec<(&'a str, &'a str)>,
}

#[derive(Arbitrary, Debug)]
enum Shape {
    Metric { value: f64, time: i16 },
    Delta { value: f64 },
    Histogram { centroids: Vec<(f64, u16)>, granularities: u8, time: i16 },
    Span { start: u16, duration: u16, ids: [u128; 2], parents: Vec<u128>, follows_from: Vec<u128> },
    SpanLogs { start: u16, micros: u32, logs: u8 },
    Event { start: u16, end: i16 },
    SourceTag { action: u8 },
    SourceDescription,
}

fn check(input: Input<'_>) {
    let Input { name, source, ref tags, ref shape } = input;
    match *shape {
        Shape::Metric { value, time } => {
            let seconds = NOW + i64::from(time);
            let metric = Metric::new(name, value).timestamp(seconds).source(source).tags(tags);
            accepted(wf_parse::Format::Wavefront, &metric, |record, exactly| {
                let Record::Metric(read) = record else { panic!("read as {record:?}") };
                assert_eq!((read.value, read.timestamp_millis), (value, seconds * 1000));
                if exactly {
                    same(&input, &read.name, &read.source, &read.tags);
                }
            });
        }
        Shape::Delta { value } => {
            let delta = DeltaCounter::new(name, value).source(source).tags(tags);
            accepted(wf_parse::Format::Wavefront, &delta, |record, exactly| {
                let Record::Metric(read) = record else { panic!("read as {record:?}") };
                assert!(read.name.starts_with('∆') || read.name.starts_with('Δ'));
                assert_eq!(read.value, value);
                if exactly {
                    let sent = if name.starts_with(['∆', 'Δ']) {
                        &*read.name
                    } else {
                        &read.name['∆'.len_utf8()..]
                    };
                    same(&input, sent, &read.source, &read.tags);
                }
            });
        }
        Shape::Histogram { ref centroids, granularities, time } => {
            let centroids: Vec<_> =
                centroids.iter().map(|&(mean, count)| Centroid::new(mean, count)).collect();
            let bits = |index: usize| granularities & (1 << index) != 0;
            let granularities: Vec<_> = (0..3).filter(|&i| bits(i)).map(|i| Granularity::ALL[i]).collect();
            let histogram =
                Histogram::new(name, &centroids).granularities(&granularities).source(source).tags(tags);
            let histogram = histogram.timestamp(NOW + i64::from(time));
            accepted(wf_parse::Format::Histogram, &histogram, |record, exactly| {
                let Record::Histogram(read) = record else { panic!("read as {record:?}") };
                let sent = centroids.iter().map(|centroid| (centroid.mean, centroid.count));
                assert!(read.centroids.iter().map(|read| (read.mean, i64::from(read.count))).eq(sent));
                assert!(granularities.iter().any(|sent| sent.marker() == read.granularity.marker()));
                if exactly {
                    same(&input, &read.name, &read.source, &read.tags);
                }
            });
        }
        Shape::Span { start, duration, ids, ref parents, ref follows_from } => {
            let (start, duration) = (NOW * 1000 + i64::from(start), i64::from(duration));
            let ids = ids.map(Id::from);
            let parents: Vec<_> = parents.iter().copied().map(Id::from).collect();
            let follows_from: Vec<_> = follows_from.iter().copied().map(Id::from).collect();
            let span = Span::new(name, start, duration, ids[0], ids[1]).source(source).tags(tags);
            let span = span.parents(&parents).follows_from(&follows_from);
            accepted(wf_parse::Format::Trace, &span, |record, exactly| {
                let Record::Span(read) = record else { panic!("read as {record:?}") };
                assert_eq!((read.start_millis, read.duration_millis), (start, duration));
                assert_eq!([&*read.trace_id, &*read.span_id], ids.map(|id| id.to_string()));
                if exactly {
                    assert_eq!((&*read.name, &*read.source), (name, source_of(source)));
                }
            });
        }
        Shape::SpanLogs { start, micros, logs } => {
            let start = NOW * 1000 + i64::from(start);
            let micros = start * 1000 + i64::from(micros);
            let logs = vec![SpanLog::new(micros, tags); usize::from(logs % 3) + 1];
            let span = Span::new(name, start, 1, 1, 2).source(source).tags(tags).span_logs(&logs);
            accepted(wf_parse::Format::Trace, &span, |_, _| {});
            accepted(wf_parse::Format::SpanLogs, &span.logs().expect("logs were given"), |record, _| {
                let Record::SpanLogs(read) = record else { panic!("read as {record:?}") };
                assert_eq!(read.logs.len(), logs.len());
                for log in &read.logs {
                    let fields = log.fields.as_ref().expect("fields are always written");
                    let text = |key: &str, value: &Option<String>| {
                        value.is_some() && tags.iter().any(|tag| tag.0 == key)
                    };
                    assert!(
                        log.timestamp_micros == micros && fields.iter().all(|(key, value)| text(key, value))
                    );
                }
            });
        }
        Shape::Event { start, end } => {
            let start = NOW * 1000 + i64::from(start);
            let end = start + i64::from(end);
            let texts: Vec<_> = tags.iter().map(|tag| tag.1).collect();
            let event = Event::new(name, start).end(end).annotations(tags).hosts(&texts).tags(&texts);
            accepted(wf_parse::Format::Event, &event, |record, exactly| {
                let Record::Event(read) = record else { panic!("read as {record:?}") };
                assert_eq!((read.start_millis, read.end_millis), (start, end.max(start + 1)));
                if exactly {
                    assert_eq!(read.name.as_deref(), Some(name));
                    assert_eq!(read.tags, texts);
                    assert_eq!(read.annotations.len(), tags.len());
                }
            });
        }
        Shape::SourceTag { action } => {
            let texts: Vec<_> = tags.iter().map(|tag| tag.0).collect();
            let operation =
                [SourceTag::add, SourceTag::save, SourceTag::delete][usize::from(action % 3)](&texts);
            accepted(wf_parse::Format::Auto, &operation.source(source), |record, exactly| {
                let Record::SourceTag(read) = record else { panic!("read as {record:?}") };
                if exactly {
                    assert_eq!(read.source, source_of(source));
                    assert_eq!(read.tags, texts);
                }
            });
        }
        Shape::SourceDescription => {
            accepted(
                wf_parse::Format::Auto,
                &SourceDescription::save(name).source(source),
                |record, exactly| {
                    let Record::SourceDescription(read) = record else { panic!("read as {record:?}") };
                    if exactly {
                        assert_eq!(
                            (&*read.source, read.description.as_deref()),
                            (source_of(source), Some(name))
                        );
                    }
                },
            );
        }
    }
}

/// Encodes `point`; every line of what comes out is accepted, by TCP and by HTTP.
fn accepted(format: wf_parse::Format, point: &impl Point, check: impl Fn(&Record<'_>, bool)) {
    wf_fuzz::with_buffer(3 * wf_format::MAX_LINE_LEN, |buf| {
        if let Ok(encoded) = Format::DEFAULT.default_source("d").encode(point, buf) {
            accepted_lines(format, encoded, check);
        }
    });
}

fn accepted_lines(format: wf_parse::Format, encoded: Encoded<'_>, check: impl Fn(&Record<'_>, bool)) {
    let Encoded { line, changed, .. } = encoded;
    let lines = str::from_utf8(line).expect("a line is text");
    assert!(lines.ends_with('\n'));
    for line in lines.lines() {
        for http in [false, true] {
            let parser = Parser::new().now_millis(NOW * 1000).http(http);
            let parsed = parser.parse(format, line);
            assert_eq!(parsed.verdict(), Verdict::Accept, "{line:?}: {:?}", parsed.problem());
            check(parsed.record().expect("an accepted line has a record"), changed.is_empty());
        }
    }
}

fn same(input: &Input<'_>, name: &str, source: &str, tags: &[wf_parse::Tag<'_>]) {
    assert_eq!((name, source), (input.name, source_of(input.source)));
    // The receiver renames two keys.
    if !input.tags.iter().any(|(key, _)| ["host", "tag"].contains(key)) {
        let mut read: Vec<_> = tags.iter().map(|tag| (&*tag.key, &*tag.value)).collect();
        let mut sent = input.tags.clone();
        read.sort_unstable();
        sent.sort_unstable();
        assert_eq!(read, sent);
    }
}

/// A blank source is none.
fn source_of(source: &str) -> &str {
    if source.trim().is_empty() { "d" } else { source }
}

wf_fuzz::target!("encode", check);
