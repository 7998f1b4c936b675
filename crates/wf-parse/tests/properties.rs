//! Properties that hold for every line.

use proptest::prelude::*;
use wf_parse::{Format, Limits, Parsed, Parser, Record, Verdict};

const NOW_MILLIS: i64 = 1_700_000_000_000;
const FORMATS: [Format; 6] =
    [Format::Auto, Format::Wavefront, Format::Histogram, Format::Trace, Format::SpanLogs, Format::Event];

fn parser() -> Parser {
    Parser::new().limits(Limits::PROXY).now_millis(NOW_MILLIS).remote_host("REMOTE")
}

/// Text of pieces that mean something to some decoder.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            " ", " ", " ", "=", "\"", "'", "\\", "#", "\t", "\u{a0}", "\u{2003}", "\r", "\u{0}", "source=h", "host=h", "k=v",
            "k=\"\"", "∆", "Δ", "~", "foo", "1", "1.5", "NaN", "1e400", "0x1p-1074", "1700000000", "1700000000000",
            "99999999999999999999", "!M ", "!H ", "!D ", "#1 2", "@Event ", "@SourceTag ", "@SourceDescription ",
            "action=add ", "traceId=1-1-1-1-1 ", "spanId=s ", "debug=true ", "{", "}", "[", "]", "\"logs\":[", "٣", "😀",
        ]).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// Any text without a trailing backslash, which the receiver cannot write so that it reads back.
fn value() -> impl Strategy<Value = String> {
    "[ -~é😀\u{2003}\t]{0,12}[ -\\[\\]-~é😀]"
        .prop_filter("blank values are refused", |text| !text.trim().is_empty())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}

/// Tags whose keys none of the decoders treats differently.
fn tags() -> impl Strategy<Value = String> {
    prop::collection::vec(("[a-z][a-z0-9_.,/-]{1,6}", value()), 0..20)
        .prop_map(|tags| tags.iter().map(|(key, value)| format!(" x{key}={}", quoted(value))).collect())
}

fn metric() -> impl Strategy<Value = String> {
    ("[~∆Δ]?[a-zA-Z0-9_.,/-]{1,20}", any::<f64>(), 1_690_000_000_i64..1_700_080_000, value(), tags())
        .prop_map(|(name, value, time, source, tags)| {
            // Java's spelling of what Rust spells otherwise.
            let value = if value.is_nan() {
                "NaN".to_owned()
            } else {
                format!("{value:?}").replace("inf", "Infinity")
            };
            format!("{name} {value} {time}{tags} source={}", quoted(&source))
        })
}

fn histogram() -> impl Strategy<Value = String> {
    let centroids = prop::collection::vec((any::<i32>(), -3_i32..3), 1..12);
    ("[MHD]", 1_690_000_000_i64..1_700_080_000, centroids, value(), tags()).prop_map(
        |(marker, time, centroids, source, tags)| {
            let centroids: String =
                centroids.iter().map(|(count, mean)| format!("#{count} {mean} ")).collect();
            format!("!{marker} {time} {centroids}name source={}{tags}", quoted(&source))
        },
    )
}

fn span() -> impl Strategy<Value = String> {
    (value(), value(), tags(), 1_000_000_000_000_i64..1_700_080_000_000, 0_i64..1_000_000_000_000).prop_map(
        |(name, source, tags, start, duration)| {
            format!(
                "{} source={} traceId=1-2-3-4-5 spanId={}{tags} {start} {duration}",
                quoted(&name),
                quoted(&source),
                quoted(&name)
            )
        },
    )
}

fn event() -> impl Strategy<Value = String> {
    (value(), tags(), 1_000_000_000_000_i64..1_700_080_000_000).prop_map(|(name, tags, start)| {
        format!("@Event {start} {} {} host=a host=b tag=t{tags}", start + 1, quoted(&name))
    })
}

fn source_tag() -> impl Strategy<Value = String> {
    ("add|save|delete", value(), prop::collection::vec("[a-zA-Z0-9_.,/-]{1,8}", 1..5)).prop_map(
        |(action, source, tags)| {
            format!("@SourceTag action={action} source={} {}", quoted(&source), tags.join(" "))
        },
    )
}

/// What a record says, without what the canonical line cannot carry: the order of tags, centroids not yet added up.
fn essence(parsed: &Parsed<'_>) -> String {
    match parsed.record().unwrap() {
        Record::Metric(metric) => {
            let mut tags: Vec<_> = metric.tags.iter().map(|tag| (&tag.key, &tag.value)).collect();
            tags.sort();
            format!(
                "{} {:?} {} {} {tags:?}",
                metric.name,
                metric.value,
                metric.timestamp_millis / 1000,
                metric.source
            )
        }
        Record::Histogram(histogram) => {
            let mut tags: Vec<_> = histogram.tags.iter().map(|tag| (&tag.key, &tag.value)).collect();
            tags.sort();
            let mut centroids: Vec<(i32, f64)> = Vec::new();
            for centroid in &histogram.centroids {
                match centroids.last_mut() {
                    Some(last) if last.1 == centroid.mean => last.0 = last.0.wrapping_add(centroid.count),
                    _ => centroids.push((centroid.count, centroid.mean)),
                }
            }
            format!(
                "{} {} {} {} {centroids:?} {tags:?}",
                histogram.granularity, histogram.name, histogram.timestamp_millis, histogram.source
            )
        }
        Record::Event(event) => {
            let mut annotations: Vec<_> =
                event.annotations.iter().map(|tag| (&tag.key, &tag.value)).collect();
            annotations.sort();
            let mut dimensions: Vec<_> =
                event.dimensions.iter().map(|dimension| (&dimension.key, &dimension.values)).collect();
            dimensions.sort();
            let (start, end) = (event.start_millis, event.end_millis);
            format!(
                "{:?} {start} {end} {:?} {:?} {annotations:?} {dimensions:?}",
                event.name, event.hosts, event.tags
            )
        }
        Record::Span(span) => {
            let tags: Vec<_> = span.tags.iter().map(|tag| (&tag.key, &tag.value)).collect();
            let (start, duration) = (span.start_millis, span.duration_millis);
            format!(
                "{} {} {} {} {tags:?} {start} {duration}",
                span.name, span.source, span.trace_id, span.span_id
            )
        }
        other => unreachable!("{other:?}"),
    }
}

fn reads_back(format: Format, line: &str) -> Result<(), TestCaseError> {
    let parsed = parser().parse(format, line);
    let Some(canonical) = parsed.canonical() else {
        // Centroids may cancel out, delta counters may be negative: those are not forwarded.
        prop_assert_ne!(parsed.verdict(), Verdict::Accept);
        prop_assert!(parsed.problem().is_some());
        return Ok(());
    };
    let again = parser().parse(format, &canonical);
    prop_assert_eq!(again.verdict(), Verdict::Accept, "{}: {:?}", canonical, again.problem());
    prop_assert_eq!(essence(&again), essence(&parsed));
    Ok(())
}

proptest! {
    #[test]
    fn never_panics_on_any_text(line in any::<String>(), http in any::<bool>(), annotate in any::<bool>()) {
        let parser = Parser::new().http(http).annotate(annotate);
        for format in FORMATS {
            let _ = parser.parse(format, &line).canonical();
        }
    }

    /// Also: the verdict, the problem and the canonical line go together, and the column lies in the line.
    #[test]
    fn never_panics_on_hostile_lines(line in hostile(), limits in prop::sample::select(vec![Limits::PROXY, Limits::TENANT])) {
        for format in FORMATS {
            let parsed = parser().limits(limits).parse(format, &line);
            let accepted = parsed.verdict() == Verdict::Accept;
            prop_assert_eq!(parsed.canonical().is_some(), accepted);
            prop_assert_eq!(parsed.problem().is_none(), accepted || parsed.verdict() == Verdict::Ignore);
            if let Some(problem) = parsed.problem() {
                prop_assert!((1..=line.chars().count() + 1).contains(&problem.column()));
                prop_assert!(!problem.to_string().is_empty());
            }
        }
    }

    #[test]
    fn a_line_break_at_the_end_changes_nothing(line in hostile()) {
        let broken = format!("{line}\n");
        // As text, because NaN is not equal to itself.
        let (with, without) = (parser().parse(Format::Auto, &broken), parser().parse(Format::Auto, &line));
        prop_assert_eq!(format!("{with:?}"), format!("{without:?}"));
    }

    #[test]
    fn canonical_metrics_read_back(line in metric()) {
        reads_back(Format::Auto, &line)?;
    }

    #[test]
    fn canonical_histograms_read_back(line in histogram()) {
        reads_back(Format::Auto, &line)?;
    }

    #[test]
    fn canonical_spans_read_back(line in span()) {
        reads_back(Format::Trace, &line)?;
    }

    #[test]
    fn canonical_events_read_back(line in event()) {
        reads_back(Format::Auto, &line)?;
    }

    /// Any accepted line without an escaped quote: that looks like text that ends in a backslash, which the receiver itself
    /// writes so that it does not read back.
    #[test]
    fn canonical_hostile_lines_read_back(
        tail in hostile(),
        head in prop::sample::select(vec!["", "foo 1 source=h k=", "!M #1 2 foo source=h k=", "@Event 1700000000 1700000001 e k="]),
    ) {
        let line = format!("{head}{}", quoted(&tail));
        let parsed = parser().parse(Format::Auto, &line);
        let Some(canonical) = parsed.canonical() else { return Ok(()) };
        if canonical.contains("\\\"") {
            return Ok(());
        }
        if let Some(Record::Metric(_) | Record::Histogram(_) | Record::Event(_)) = parsed.record() {
            let again = parser().parse(Format::Auto, &canonical);
            prop_assert_eq!(again.verdict(), Verdict::Accept, "{}: {:?}", canonical, again.problem());
            prop_assert_eq!(essence(&again), essence(&parsed));
        }
    }

    /// Several operations are as many lines; together they say what the line said.
    #[test]
    fn canonical_source_tags_read_back(line in source_tag()) {
        let parsed = parser().parse(Format::Auto, &line);
        let Some(Record::SourceTag(whole)) = parsed.record() else { panic!("{line}: {:?}", parsed.problem()) };
        let canonical = parsed.canonical().unwrap();
        let mut tags = Vec::new();
        for line in canonical.split('\n') {
            let again = parser().parse(Format::Auto, line);
            let Some(Record::SourceTag(part)) = again.record() else { panic!("{line}") };
            prop_assert_eq!((part.action, &part.source), (whole.action, &whole.source));
            tags.extend(part.tags.iter().map(|tag| tag.to_string()));
        }
        prop_assert_eq!(&tags, &whole.tags);
    }

    /// A point without a source comes from the client, and says the same otherwise.
    #[test]
    fn the_client_is_the_source_of_a_line_without_one(value in -1e9..1e9_f64, host in "[a-z0-9.-]{1,20}") {
        let parser = parser().remote_host(host.clone());
        let without = format!("foo {value:?} k=v");
        let with = format!("foo {value:?} k=v source=\"{host}\"");
        let (without, with) = (parser.parse(Format::Auto, &without), parser.parse(Format::Auto, &with));
        prop_assert_eq!(without.source(), Some(&*host));
        prop_assert_eq!(without, with);
    }
}

#[test]
fn canonical_span_logs_have_sorted_keys() {
    let line = r#"{"traceId":"t","spanId":"s","logs":[{"timestamp":1,"fields":{"b":"2","a":"1"}}]}"#;
    let canonical = Parser::new().parse(Format::SpanLogs, line).canonical();
    assert_eq!(
        canonical.as_deref(),
        Some(
            r#"{"customer":"dummy","logs":[{"fields":{"a":"1","b":"2"},"timestamp":1}],"span":null,"spanId":"s","spanSecondaryId":null,"traceId":"t"}"#
        )
    );
}
