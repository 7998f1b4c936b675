//! Span logs, events, source tags and source descriptions: what becomes of every input, against naive twins, and against
//! the receiver's own reading.

use std::time::{Duration, SystemTime};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use wf_format::{
    Changed, Encoded, Event, EventForm, Field, Format, FormatError, Id, Kind, MAX_LINE_LEN, Metric,
    NamePolicy, Point, SourceDescription, SourceTag, Span, SpanLog, SpanLogs, Strictness, Tags,
};
use wf_parse::{Parser, Record, Verdict};

static FORMAT: Format<'static> = Format::DEFAULT.default_source("h");
static JSON: Format<'static> = FORMAT.event_form(EventForm::Json);

type Result<T> = std::result::Result<T, FormatError>;

/// Encodes in both ways, which must agree; strictly only what needs no change is encoded.
#[track_caller]
fn encode(format: &Format<'_>, point: &impl Point) -> Result<(String, Changed)> {
    let mut out = b"before".to_vec();
    let mut buf = vec![0; 4 * MAX_LINE_LEN];
    let encoded = format.encode(point, &mut buf);
    assert_eq!(format.encode_into(point, &mut out), encoded);
    let strict = format.strictness(Strictness::Reject).encode(point, &mut vec![0; 4 * MAX_LINE_LEN]).is_ok();
    assert_eq!(strict, encoded.is_ok_and(|encoded| encoded.changed.is_empty()));
    assert_eq!(&out[..6], b"before");
    assert_eq!(&out[6..], encoded.map_or(&b""[..], |encoded| encoded.line));
    let Encoded { line, changed, kind, .. } = encoded?;
    assert_eq!(kind, point.kind());
    let line = String::from_utf8(line.to_vec()).unwrap();
    assert_eq!(line.find('\n'), Some(line.len() - 1));
    Ok((line, changed))
}

#[track_caller]
fn check(format: &Format<'_>, point: &impl Point, expected: &str, changed: Changed) {
    assert_eq!(encode(format, point), Ok((expected.to_owned(), changed)));
}

#[track_caller]
fn refuse(point: &impl Point, error: FormatError) {
    assert_eq!(encode(&FORMAT, point), Err(error));
    assert_eq!(encode(&JSON, point), Err(error));
}

/// What the receiver reads, in each way that a line can reach it.
#[track_caller]
fn read(format: wf_parse::Format, line: &str, check: impl Fn(&Record<'_>)) {
    for format in [format, wf_parse::Format::Auto] {
        for http in [false, true] {
            let parsed =
                Parser::new().now_millis(1_700_000_000_000).http(http).annotate(true).parse(format, line);
            assert_eq!(parsed.verdict(), Verdict::Accept, "{line}: {:?}", parsed.problem());
            check(parsed.record().unwrap());
        }
    }
}

const TRACE: &str = "00000000-0000-0000-0000-000000000001";
const SPAN: &str = "00000000-0000-0000-0000-000000000002";

fn span(name: &str) -> Span<'_> {
    Span::new(name, 1552949776000, 343, 1, 2)
}

#[test]
fn span_with_logs_is_marked_last() {
    let logs = [SpanLog::new(1, &[("k", "v")])];
    let own: &[(&str, &str)] = &[("a", "1")];
    let span = span("s").span_logs(&logs).tags(own);
    let global = FORMAT.tags(&[("env", "prod")]);
    let head = format!("\"s\" source=\"h\" traceId={TRACE} spanId={SPAN} \"a\"=\"1\" \"env\"=\"prod\"");
    let times = "1552949776000 343\n";
    check(&global, &span, &format!("{head} \"_spanLogs\"=\"true\" {times}"), Changed::NONE);
    check(&global.mark_span_logs(false), &span, &format!("{head} {times}"), Changed::NONE);
    check(&global, &span.span_logs(&[]), &format!("{head} {times}"), Changed::NONE);
    assert!(span.span_logs(&[]).logs().is_none() && Metric::new("m", 1).logs().is_none());
    // Through a reference and without its type, too.
    let erased: &dyn Point = &span;
    assert_eq!(encode(&global, &(&erased).logs().unwrap()), encode(&global, &span.logs().unwrap()));
}

#[test]
fn mark_of_logs_gives_way_and_counts() {
    let logs = [SpanLog::new(1, &())];
    let marked = |value| {
        format!(
            "\"s\" source=\"h\" traceId={TRACE} spanId={SPAN} \"_spanLogs\"=\"{value}\" 1552949776000 343\n"
        )
    };
    for value in ["true", "false"] {
        let tags = [("_spanLogs", value)];
        check(&FORMAT, &span("s").tags(&tags).span_logs(&logs), &marked(value), Changed::NONE);
        check(&FORMAT.tags(&tags), &span("s").span_logs(&logs), &marked(value), Changed::NONE);
    }
    let tags: Vec<_> = (0..20).map(|n| (format!("k{n}"), "v")).collect();
    let full = span("s").tags(&tags).span_logs(&logs);
    refuse(&full, FormatError::TooManyTags);
    refuse(&full.logs().unwrap(), FormatError::TooManyTags);
    assert!(encode(&FORMAT.mark_span_logs(false), &full).is_ok());
    assert!(encode(&FORMAT, &span("s").tags(&tags[..19]).span_logs(&logs)).is_ok());
}

#[test]
fn span_logs_are_one_json_object_in_microseconds() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_nanos(1_552_949_776_000_123_999);
    let fields: &[(String, String)] =
        &[("a".to_owned(), "\u{2028}é😀\u{7f}".to_owned()), (String::new(), String::new())];
    let logs = [SpanLog::new(time, &fields), SpanLog::new(0, &())];
    check(
        &FORMAT,
        &SpanLogs::new(1, 2, &logs),
        &format!(
            "{{\"traceId\":\"{TRACE}\",\"spanId\":\"{SPAN}\",\"logs\":[{{\"timestamp\":1552949776000123,\
             \"fields\":{{\"a\":\"\u{2028}é😀\u{7f}\",\"\":\"\"}}}},{{\"timestamp\":0,\"fields\":{{}}}}]}}\n"
        ),
        Changed::NONE,
    );
}

#[test]
fn json_strings_are_serdes() {
    for code in 0..0x250 {
        let Some(character) = char::from_u32(code) else { continue };
        for text in [
            character.to_string(),
            format!("{character}{character}"),
            format!("a{character}é"),
            format!("é{character}\\"),
        ] {
            let fields = [(&text, &text)];
            let (line, _) = encode(&FORMAT, &SpanLogs::new(1, 2, &[SpanLog::new(3, &fields)])).unwrap();
            let string = serde_json::to_string(&text).unwrap();
            assert!(
                line.ends_with(&format!("{{\"timestamp\":3,\"fields\":{{{string}:{string}}}}}]}}\n")),
                "{line}"
            );
        }
    }
}

#[test]
fn span_logs_that_the_receiver_would_lose_are_refused() {
    refuse(&SpanLogs::new(1, 2, &[]), FormatError::NoLogs);
    for early in [-1, i64::MIN] {
        refuse(&SpanLogs::new(1, 2, &[SpanLog::new(early, &())]), FormatError::OutOfRange(Field::Timestamp));
    }
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    refuse(&SpanLogs::new(1, 2, &[SpanLog::new(before, &())]), FormatError::OutOfRange(Field::Timestamp));
    // The span's own line is checked as the span would be.
    let logs = [SpanLog::new(1, &())];
    refuse(&span(" ").span_logs(&logs).logs().unwrap(), FormatError::Blank(Field::Name));
    assert_eq!(
        encode(&Format::DEFAULT, &span("s").span_logs(&logs).logs().unwrap()),
        Err(FormatError::MissingSource)
    );
}

#[test]
fn span_logs_over_the_limit_are_refused_and_the_span_can_go_alone() {
    let empty = [("k", "")];
    let logs = [SpanLog::new(1, &empty)];
    let (line, _) = encode(&FORMAT, &span("s").span_logs(&logs).logs().unwrap()).unwrap();
    let room = MAX_LINE_LEN - line.len();
    for (length, fits) in [(room, true), (room + 1, false)] {
        let text = "x".repeat(length);
        let fields = [("k", &text)];
        let logs = [SpanLog::new(1, &fields)];
        let span = span("s").span_logs(&logs);
        let encoded = encode(&FORMAT, &span.logs().unwrap()).map(|(line, _)| line.len());
        assert_eq!(encoded, if fits { Ok(MAX_LINE_LEN) } else { Err(FormatError::LineTooLong) });
        assert!(
            encode(&FORMAT.mark_span_logs(false), &span).is_ok_and(|(line, _)| !line.contains("_spanLogs"))
        );
    }
    let endless = wf_format::tags_from((0..u64::MAX).map(|n| (n.to_string(), "v")));
    refuse(&SpanLogs::new(1, 2, &[SpanLog::new(1, &endless)]), FormatError::LineTooLong);
}

#[test]
fn event_ends_after_it_starts_and_says_so() {
    #[track_caller]
    fn check_end(event: Event<'_>, end: i64) {
        check(&FORMAT, &event, &format!("@Event 1592200048000 {end} \"2fast\" host=\"h\"\n"), Changed::NONE);
        let json = format!(
            "{{\"name\":\"2fast\",\"annotations\":{{}},\"hosts\":[\"h\"],\"startTime\":1592200048000,\"endTime\":{end}}}\n"
        );
        check(&JSON, &event, &json, Changed::NONE);
    }
    let event = Event::new("2fast", 1592200048000);
    check_end(event, 1592200048001);
    for end in [i64::MIN, -1, 0, 1592200047999, 1592200048000, 1592200048001] {
        check_end(event.end(end), 1592200048001);
    }
    check_end(event.end(1592200048002), 1592200048002);
    check_end(event.end(SystemTime::UNIX_EPOCH + Duration::from_millis(1592200049000)), 1592200049000);
    for start in [i64::MIN, -1, 0, i64::MAX] {
        refuse(&Event::new("e", start), FormatError::OutOfRange(Field::Start));
    }
}

#[test]
fn event_hosts_default_to_the_source() {
    let event = Event::new("e", 1592200048000);
    #[track_caller]
    fn check_hosts(hosts: &[&str], line: &str, json: &str) {
        let event = Event::new("e", 1592200048000).hosts(hosts);
        let expected = format!("@Event 1592200048000 1592200048001 \"e\"{line}\n");
        check(&FORMAT.tags(&[("k", "v")]), &event, &expected, Changed::NONE);
        let expected = format!(
            "{{\"name\":\"e\",\"annotations\":{{}},\"hosts\":[{json}],\"startTime\":1592200048000,\"endTime\":1592200048001}}\n"
        );
        check(&JSON.tags(&[("k", "v")]), &event, &expected, Changed::NONE);
    }
    check_hosts(&[], " host=\"h\"", "\"h\"");
    check_hosts(&["", " \n", "\\"], " host=\"h\"", "\"h\"");
    check_hosts(&["a", " ", "b\"c"], " host=\"a\" host=\"b\\\"c\"", "\"a\",\"b\\\"c\"");
    for format in [Format::DEFAULT, Format::DEFAULT.event_form(EventForm::Json)] {
        assert_eq!(encode(&format, &event), Err(FormatError::MissingSource));
        assert_eq!(encode(&format.default_source(" "), &event), Err(FormatError::Blank(Field::Source)));
        assert!(encode(&format, &event.hosts(&["a"])).is_ok());
    }
}

#[test]
fn event_texts_are_escaped_in_a_line_and_kept_in_json() {
    let event = Event::new("a \"b\"\nc\\", 1592200048000)
        .annotations(&[("det ails", "x=\"y\"\n@Event\\"), ("k", "y\u{4}z")])
        .tags(&[" t\\ ", "u"]);
    check(
        &FORMAT,
        &event,
        "@Event 1592200048000 1592200048001 \"a \\\"b\\\"\\nc\" det-ails=\"x=\\\"y\\\"\\n@Event\" k=\"y z\" host=\"h\" \
         tag=\"t\" tag=\"u\"\n",
        Changed::NAME | Changed::TAG_KEY | Changed::TAG_VALUE | Changed::CONTROL | Changed::BACKSLASH,
    );
    check(
        &JSON,
        &event,
        concat!(
            r#"{"name":"a \"b\"\nc\\","annotations":{"det-ails":"x=\"y\"\n@Event\\","k":"y\u0004z"},"hosts":["h"],"#,
            r#""startTime":1592200048000,"endTime":1592200048001,"tags":[" t\\ ","u"]}"#,
            "\n"
        ),
        Changed::TAG_KEY,
    );
    let slash = Event::new("a/b", 1592200048000).annotations(&[("c/d", "e/f")]);
    check(
        &FORMAT.names(NamePolicy::Python),
        &slash,
        "@Event 1592200048000 1592200048001 \"a/b\" c-d=\"e/f\" host=\"h\"\n",
        Changed::TAG_KEY,
    );
}

#[test]
fn event_refuses_blanks_and_the_keys_of_hosts_and_tags() {
    let event = Event::new("e", 1592200048000);
    for blank in ["", " ", "\n\t", "\u{a0}\\"] {
        refuse(&Event::new(blank, 1592200048000), FormatError::Blank(Field::Name));
        refuse(&event.annotations(&[("k", blank)]), FormatError::Blank(Field::TagValue));
        refuse(&event.tags(&["a", blank]), FormatError::Blank(Field::Tag));
    }
    refuse(&event.annotations(&[(" ", "v")]), FormatError::Blank(Field::TagKey));
    refuse(&event.annotations(&[("∆", "v")]), FormatError::LoneDelta(Field::TagKey));
    for key in ["host", "tag", "eventTag", " host "] {
        refuse(&event.annotations(&[(key, "v")]), FormatError::ReservedTagKey);
    }
    assert!(encode(&FORMAT, &event.annotations(&[("source", "v"), ("Host", "v"), ("404", "v")])).is_ok());
}

#[test]
fn event_keeps_the_last_of_equal_keys() {
    let annotations =
        [("a b", "1\\\"=\\\\\""), ("b", "\\"), ("a", "2"), ("b", " b=\"3\",:\\x"), ("a-b", "4"), ("b", "5")];
    let kept = [annotations[0], annotations[2], annotations[3], annotations[4], annotations[5]];
    let changed = Changed::TAG_KEY | Changed::TAG_DROPPED;
    check(
        &FORMAT,
        &Event::new("e", 1592200048000).annotations(&kept),
        "@Event 1592200048000 1592200048001 \"e\" a=\"2\" a-b=\"4\" b=\"5\" host=\"h\"\n",
        changed | Changed::TAG_VALUE,
    );
    check(
        &JSON,
        &Event::new("e", 1592200048000).annotations(&kept),
        "{\"name\":\"e\",\"annotations\":{\"a\":\"2\",\"a-b\":\"4\",\"b\":\"5\"},\"hosts\":[\"h\"],\
         \"startTime\":1592200048000,\"endTime\":1592200048001}\n",
        changed,
    );
    // A value of backslashes alone is text to JSON, once there is something else in it.
    let backslashes = [("b", "x\\\\"), ("a", "\\\"x\\"), ("b", "6")];
    check(
        &JSON,
        &Event::new("e", 1592200048000).annotations(&backslashes),
        "{\"name\":\"e\",\"annotations\":{\"a\":\"\\\\\\\"x\\\\\",\"b\":\"6\"},\"hosts\":[\"h\"],\
         \"startTime\":1592200048000,\"endTime\":1592200048001}\n",
        Changed::TAG_DROPPED,
    );
}

#[test]
fn event_is_limited_by_the_line_alone() {
    let long = "x".repeat(5_000);
    let (annotations, texts) = ([(&long, &long)], [&*long; 3]);
    let event = Event::new(&long, 1592200048000).annotations(&annotations).hosts(&texts[..1]);
    let fits = event.tags(&texts[..2]);
    let endless = wf_format::tags_from((0..u64::MAX).map(|n| (n.to_string(), "v")));
    for format in [FORMAT, JSON] {
        assert!(encode(&format, &fits).is_ok());
        assert_eq!(encode(&format, &event.tags(&texts)).map(drop), Err(FormatError::LineTooLong));
        assert_eq!(encode(&format, &event.annotations(&endless)).map(drop), Err(FormatError::LineTooLong));
    }
}

#[test]
fn source_operations_have_the_receivers_shape() {
    let tags = ["env.prod", "a:b c", "~x"];
    for (operation, action) in [
        (SourceTag::add(&tags), "add"),
        (SourceTag::save(&tags), "save"),
        (SourceTag::delete(&tags), "delete"),
    ] {
        let expected = format!("@SourceTag action={action} source=\"s 1\" \"env.prod\" \"a-b-c\" \"~x\"\n");
        check(&FORMAT, &operation.source("s 1"), &expected, Changed::TAG_VALUE);
    }
    check(
        &FORMAT,
        &SourceTag::add(&["t"]).source(" "),
        "@SourceTag action=add source=\"h\" \"t\"\n",
        Changed::NONE,
    );
    check(
        &FORMAT,
        &SourceDescription::save("a \"b\"\nc=d\\").source("s\\"),
        "@SourceDescription action=save source=\"s\" \"a \\\"b\\\"\\nc=d\"\n",
        Changed::SOURCE | Changed::TAG_VALUE | Changed::CONTROL | Changed::BACKSLASH,
    );
    check(
        &FORMAT.tags(&[("k", "v")]),
        &SourceDescription::delete(),
        "@SourceDescription action=delete source=\"h\"\n",
        Changed::NONE,
    );
}

#[test]
fn source_operations_that_say_nothing_are_refused() {
    refuse(&SourceTag::add(&[]), FormatError::NoTags);
    refuse(&SourceTag::save(&["a", " "]), FormatError::Blank(Field::Tag));
    refuse(&SourceTag::delete(&["∆"]), FormatError::LoneDelta(Field::Tag));
    refuse(&SourceDescription::save("\n\\"), FormatError::Blank(Field::Description));
    refuse(&SourceTag::add(&["a"]).source(&"x".repeat(129)), FormatError::TooLong(Field::Source));
    assert_eq!(encode(&Format::DEFAULT, &SourceDescription::delete()), Err(FormatError::MissingSource));
    let long = "x".repeat(MAX_LINE_LEN);
    refuse(&SourceTag::add(&[&long]), FormatError::LineTooLong);
    refuse(&SourceDescription::save(&long), FormatError::LineTooLong);
}

#[test]
fn kinds_are_known_before_encoding() {
    let kinds = [
        SpanLogs::new(1, 2, &[]).kind(),
        Event::new("e", 0).kind(),
        SourceTag::add(&[]).kind(),
        SourceDescription::delete().kind(),
    ];
    assert_eq!(kinds, [Kind::SpanLog, Kind::Event, Kind::SourceTag, Kind::SourceDescription]);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z][a-z0-9._/-]{0,12}",
        3 => "[ -~]{0,20}",
        4 => "[ab\"'\\\\=#:,{}*~∆Δ \\t\\n\\r\u{0}\u{4}\u{85}\u{a0}\u{2028}é😀]{0,12}",
        1 => "\\PC{0,40}",
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-c]", 1 => prop::sample::select(vec!["host", "tag", "source"]).prop_map(str::to_owned), 3 => text()]
}

fn blank(character: char) -> bool {
    character.is_whitespace() || character.is_control()
}

fn tail(text: &str) -> &str {
    text.trim_end_matches(|character| blank(character) || character == '\\')
}

/// What should arrive where `raw` was given as text: `None` if it has to be refused.
fn twin_text(raw: &str, json: bool) -> Option<String> {
    let trimmed = tail(raw.trim_start_matches(blank));
    if trimmed.is_empty() {
        return None;
    }
    if json {
        return Some(raw.to_owned());
    }
    let write = |character| match character {
        '\n' => "\\n".to_owned(),
        '\t' => "\t".to_owned(),
        character if character.is_control() => " ".to_owned(),
        character => character.to_string(),
    };
    Some(trimmed.chars().map(write).collect())
}

fn twin_name(raw: &str) -> Option<String> {
    let text = raw.trim_matches(blank);
    if matches!(text, "" | "∆" | "Δ") {
        return None;
    }
    let mut out = String::new();
    for (at, character) in text.chars().enumerate() {
        let keep = match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' | '.' | ',' | '/' => true,
            '∆' | 'Δ' => at == 0,
            '~' => at == 0 || at == 1 && (out == "∆" || out == "Δ"),
            _ => false,
        };
        out.push(if keep { character } else { '-' });
    }
    Some(out)
}

fn twin_texts(raw: &[String], json: bool) -> Option<Vec<String>> {
    raw.iter().map(|raw| twin_text(raw, json)).collect()
}

fn twin_annotations(given: &[(String, String)], json: bool) -> Option<Vec<(String, String)>> {
    let mut kept: Vec<(String, String)> = Vec::new();
    for (key, value) in given {
        let key = twin_name(key).filter(|key| !matches!(&**key, "host" | "tag" | "eventTag"))?;
        let value = twin_text(value, json)?;
        kept.retain(|(other, _)| *other != key);
        kept.push((key, value));
    }
    Some(kept)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 20 } else { 1_000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn span_logs_mean_the_same_to_the_receiver(
        name in text(),
        tags in vec((key(), text()), 0..4),
        logs in vec((0..i64::MAX, vec((text(), text()), 0..4)), 1..4),
        ids in any::<[u128; 2]>(),
    ) {
        let given: Vec<_> = logs.iter().map(|(micros, fields)| SpanLog::new(*micros, fields)).collect();
        let span = Span::new(&name, 1_600_000_000_000, 5, ids[0], ids[1]).tags(&tags).span_logs(&given);
        let own = encode(&FORMAT, &span);
        let encoded = encode(&FORMAT, &span.logs().unwrap());
        prop_assert_eq!(encoded.as_ref().map(|(_, changed)| changed), own.as_ref().map(|(_, changed)| changed));
        let alone = encode(&FORMAT, &SpanLogs::new(ids[0], ids[1], &given)).unwrap();

        let ids = ids.map(|id| Id::from(id).to_string());
        for (line, own) in [encoded.ok().zip(own.ok().map(Some)), Some((alone, None))].into_iter().flatten() {
            read(wf_parse::Format::SpanLogs, &line.0, |record| {
                let Record::SpanLogs(read) = record else { panic!("{record:?}") };
                assert_eq!([&read.trace_id, &read.span_id], [&ids[0], &ids[1]]);
                assert_eq!(read.span.as_ref(), own.as_ref().map(|(line, _)| line));
                assert_eq!(read.logs.len(), logs.len());
                for (read, (micros, fields)) in read.logs.iter().zip(&logs) {
                    assert_eq!(read.timestamp_micros, *micros);
                    let last: std::collections::BTreeMap<_, _> = fields.iter().cloned().collect();
                    let last: Vec<_> = last.into_iter().map(|(key, value)| (key, Some(value))).collect();
                    assert_eq!(read.fields.as_ref(), Some(&last));
                }
            });
        }
    }

    #[test]
    fn events_mean_the_same_to_the_receiver(
        name in text(),
        start in 1_500_000_000_000..1_700_000_000_000_i64,
        end in proptest::option::of(1_500_000_000_000..1_700_000_000_000_i64),
        annotations in vec((key(), text()), 0..6),
        hosts in vec(text(), 0..3),
        tags in vec(text(), 0..3),
        json: bool,
    ) {
        let host_texts: Vec<_> = hosts.iter().map(String::as_str).collect();
        let tag_texts: Vec<_> = tags.iter().map(String::as_str).collect();
        let mut event = Event::new(&name, start).annotations(&annotations).hosts(&host_texts).tags(&tag_texts);
        if let Some(end) = end {
            event = event.end(end);
        }
        let encoded = encode(if json { &JSON } else { &FORMAT }, &event);

        let hosts: Vec<_> = hosts.iter().filter_map(|host| twin_text(host, json)).collect();
        let hosts = if hosts.is_empty() { vec!["h".to_owned()] } else { hosts };
        let end = end.unwrap_or(0).max(start + 1);
        let expected = (|| Some((twin_text(&name, json)?, twin_annotations(&annotations, json)?, twin_texts(&tags, json)?)))();
        prop_assert_eq!(encoded.is_ok(), expected.is_some(), "{:?}", encoded);
        let (Ok((line, _)), Some((name, mut annotations, tags))) = (encoded, expected) else { return Ok(()) };
        if json {
            let map: Map<_, _> = annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
            let mut expected = json!({
                "name": name, "annotations": map, "hosts": hosts, "startTime": start, "endTime": end,
            });
            if !tags.is_empty() {
                expected["tags"] = json!(tags);
            }
            prop_assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
            return Ok(());
        }
        annotations.sort();
        read(wf_parse::Format::Event, &line, |record| {
            let Record::Event(read) = record else { panic!("{record:?}") };
            assert_eq!(read.name.as_deref(), Some(&*name));
            assert_eq!((read.start_millis, read.end_millis), (start, end));
            assert_eq!(read.hosts, hosts);
            assert_eq!(read.tags, tags);
            assert!(read.dimensions.is_empty());
            let mut read: Vec<_> = read.annotations.iter().map(|tag| (tag.key.to_string(), tag.value.to_string())).collect();
            read.sort();
            assert_eq!(read, annotations);
        });
    }

    #[test]
    fn source_operations_mean_the_same_to_the_receiver(
        source in text(),
        tags in vec(text(), 1..4),
        action in 0..3_usize,
        description in text(),
    ) {
        let texts: Vec<_> = tags.iter().map(String::as_str).collect();
        let operation = [SourceTag::add, SourceTag::save, SourceTag::delete][action](&texts).source(&source);
        let expected: Option<Vec<_>> = tags.iter().map(|tag| twin_name(tag)).collect();
        let source_read = twin_text(&source, false).unwrap_or_else(|| "h".to_owned());
        let encoded = encode(&FORMAT, &operation);
        prop_assert_eq!(encoded.is_ok(), expected.is_some());
        if let (Ok((line, _)), Some(expected)) = (encoded, expected) {
            read(wf_parse::Format::Auto, &line, |record| {
                let Record::SourceTag(read) = record else { panic!("{record:?}") };
                assert_eq!(read.action.as_str(), ["add", "save", "delete"][action]);
                assert_eq!(read.source, source_read);
                assert_eq!(read.tags, expected);
            });
        }

        let encoded = encode(&FORMAT, &SourceDescription::save(&description).source(&source));
        let expected = twin_text(&description, false);
        prop_assert_eq!(encoded.is_ok(), expected.is_some());
        if let Ok((line, _)) = encoded {
            read(wf_parse::Format::Auto, &line, |record| {
                let Record::SourceDescription(read) = record else { panic!("{record:?}") };
                assert_eq!(read.source, source_read);
                assert_eq!(read.description.as_deref(), expected.as_deref());
            });
        }
    }
}

/// Any collection that can be shared will do for fields; `Format` itself stays shareable.
#[test]
fn span_logs_can_be_shared() {
    fn shared<T: Send + Sync>(_: &T) {}
    let owned = vec![("k".to_owned(), "v".to_owned())];
    let logs = [SpanLog::new(1, &owned)];
    shared(&span("s").span_logs(&logs));
    let tags: &dyn Tags = &owned;
    assert!(encode(&FORMAT, &span("s").tags(tags).span_logs(&logs)).is_ok());
}
