//! What becomes of input that the receiver would refuse, and of too much of it.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use wf_format::{
    Centroid, Changed, DeltaCounter, Encoded, Field, Format, FormatError, Granularity, Histogram, Id, Kind,
    Limits, MAX_LINE_LEN, Metric, NamePolicy, Point, Series, Span, Strictness, Tags, tags_from,
};

/// The format of this file: a source, so that a line says only what its row is about.
static FORMAT: Format<'static> = Format::DEFAULT.default_source("h");
static REJECT: Format<'static> = FORMAT.strictness(Strictness::Reject);

#[track_caller]
fn encode<'b>(
    format: &Format<'_>,
    point: &impl Point,
    buf: &'b mut Vec<u8>,
) -> Result<Encoded<'b>, FormatError> {
    buf.resize(4 * MAX_LINE_LEN, 0);
    format.encode(point, buf)
}

/// The line must be `expected` and `changed` what was changed; if anything was, the point is refused when that is asked.
#[track_caller]
fn check(point: &impl Point, expected: &str, changed: Changed) {
    let mut buf = Vec::new();
    let encoded = encode(&FORMAT, point, &mut buf).unwrap();
    assert_eq!(std::str::from_utf8(encoded.line), Ok(expected));
    assert_eq!(encoded.changed, changed);
    assert_eq!(encode(&REJECT, point, &mut Vec::new()).is_ok(), changed.is_empty());
}

#[track_caller]
fn refuse(point: &impl Point, error: FormatError) {
    assert_eq!(encode(&FORMAT, point, &mut Vec::new()), Err(error));
    assert!(encode(&REJECT, point, &mut Vec::new()).is_err());
    let mut out = b"before".to_vec();
    assert_eq!(FORMAT.encode_into(point, &mut out).map(drop), Err(error));
    assert_eq!(out, b"before");
}

#[track_caller]
fn refuse_strictly(point: &impl Point, error: FormatError) {
    assert_eq!(encode(&REJECT, point, &mut Vec::new()), Err(error));
}

#[track_caller]
fn check_name(name: &str, expected: &str, changed: Changed) {
    check(&Metric::new(name, 1), &format!("\"{expected}\" 1.0 source=\"h\"\n"), changed);
    check(
        &Histogram::new(name, &[Centroid::new(1, 1)]),
        &format!("!M #1 1.0 \"{expected}\" source=\"h\"\n"),
        changed,
    );
    let changed = if changed.is_empty() { changed } else { Changed::TAG_KEY };
    check(
        &Metric::new("m", 1).tags(&[(name, "v")]),
        &format!("\"m\" 1.0 source=\"h\" \"{expected}\"=\"v\"\n"),
        changed,
    );
}

#[track_caller]
fn check_value(value: &str, expected: &str, changed: Changed) {
    let bits = |place| if changed.is_empty() { changed } else { changed | place };
    check(
        &Metric::new("m", 1).tags(&[("k", value)]),
        &format!("\"m\" 1.0 source=\"h\" \"k\"=\"{expected}\"\n"),
        bits(Changed::TAG_VALUE),
    );
    check(
        &Metric::new("m", 1).source(value),
        &format!("\"m\" 1.0 source=\"{expected}\"\n"),
        bits(Changed::SOURCE),
    );
    check(
        &span(value),
        &format!("\"{expected}\" source=\"h\" {IDS} 1552949776000 343\n"),
        bits(Changed::NAME),
    );
}

const IDS: &str = "traceId=00000000-0000-0000-0000-000000000001 spanId=00000000-0000-0000-0000-000000000002";

fn span(name: &str) -> Span<'_> {
    Span::new(name, 1552949776000, 343, 1, 2)
}

#[test]
fn names_keep_the_receivers_alphabet() {
    check_name("aZ09_-.,/", "aZ09_-.,/", Changed::NONE);
    check_name("~internal", "~internal", Changed::NONE);
    check_name("~", "~", Changed::NONE);
    check_name("1foo", "1foo", Changed::NONE);
    check_name("new york", "new-york", Changed::NAME);
    check_name(" a\t", "a", Changed::NAME);
    check_name("\u{3000}a\0", "a", Changed::NAME);
    check_name("a\u{e9}\u{1F600}\u{2206}", "a---", Changed::NAME);
    check_name("~~a", "~-a", Changed::NAME);
    check_name("a\"b=c\\d\n#e", "a-b-c-d--e", Changed::NAME);
    check_name("a\\", "a-", Changed::NAME);
    check_name("\"", "-", Changed::NAME);
}

#[test]
fn name_policy_python_replaces_slashes() {
    let mut buf = Vec::new();
    let format = FORMAT.names(NamePolicy::Python);
    let encoded = encode(&format, &Metric::new("a/b", 1).tags(&[("c/d", "e/f")]), &mut buf).unwrap();
    assert_eq!(encoded.line, b"\"a-b\" 1.0 source=\"h\" \"c-d\"=\"e/f\"\n");
    assert_eq!(encoded.changed, Changed::NAME | Changed::TAG_KEY);
}

#[test]
fn blank_names_keys_and_values_are_refused() {
    for blank in ["", " ", "\t\n", "\u{a0}\u{2003}", "\0\u{1f}\u{7f}\u{85}"] {
        refuse(&Metric::new(blank, 1), FormatError::Blank(Field::Name));
        refuse(&DeltaCounter::new(blank, 1), FormatError::Blank(Field::Name));
        refuse(&Histogram::new(blank, &[Centroid::new(1, 1)]), FormatError::Blank(Field::Name));
        refuse(&span(blank), FormatError::Blank(Field::Name));
        refuse(&Metric::new("m", 1).tags(&[(blank, "v")]), FormatError::Blank(Field::TagKey));
        refuse(&Metric::new("m", 1).tags(&[("k", blank)]), FormatError::Blank(Field::TagValue));
        refuse(&span("s").tags(&[("k", blank)]), FormatError::Blank(Field::TagValue));
    }
    refuse(&Metric::new("m", 1).tags(&[("k", "\\")]), FormatError::Blank(Field::TagValue));
    refuse(&span("\\ \\"), FormatError::Blank(Field::Name));
}

#[test]
fn a_source_that_comes_to_nothing_is_the_default_and_a_change() {
    for blank in ["", " ", "\n"] {
        check(&Metric::new("m", 1).source(blank), "\"m\" 1.0 source=\"h\"\n", Changed::NONE);
    }
    for nothing in ["\\", "\\\\ ", "\u{1}"] {
        check(&Metric::new("m", 1).source(nothing), "\"m\" 1.0 source=\"h\"\n", Changed::SOURCE);
    }
}

#[test]
fn no_source_and_no_default_is_refused() {
    let mut buf = [0; 64];
    let missing = Err(FormatError::MissingSource);
    assert_eq!(Metric::new("m", 1).encode(&mut buf), missing);
    assert_eq!(Metric::new("m", 1).source(" ").encode(&mut buf), missing);
    assert_eq!(span("s").encode(&mut buf), missing);
    let blank = Format::DEFAULT.default_source("  ");
    assert_eq!(blank.encode(&Metric::new("m", 1), &mut buf), Err(FormatError::Blank(Field::Source)));
}

#[test]
fn the_name_decides_what_is_a_delta() {
    #[track_caller]
    fn check_delta(point: &impl Point, name: &str) {
        let mut buf = Vec::new();
        let encoded = encode(&FORMAT.stamp(1533529977), point, &mut buf).unwrap();
        assert_eq!(encoded.kind, Kind::Delta);
        assert_eq!(std::str::from_utf8(encoded.line).unwrap(), format!("\"{name}\" 1.0 source=\"h\"\n"));
    }
    for name in ["∆d", "Δd", "∆~d", " ∆d"] {
        check_delta(&Metric::new(name, 1), name.trim());
        check_delta(&DeltaCounter::new(name, 1), name.trim());
        refuse(&Metric::new(name, 0), FormatError::NotPositive);
        refuse(&Metric::new(name, -0.0), FormatError::NotPositive);
        let series = Series::new(&FORMAT, &Metric::new(name, 0), [0; 64]).unwrap();
        check_delta(&series.point(1), name.trim());
        refuse(&series.point(-1), FormatError::NotPositive);
    }
    check_delta(&DeltaCounter::new("d", 1), "∆d");
    check_delta(&DeltaCounter::new("~d", 1), "∆~d");
    check_delta(&DeltaCounter::new("∆∆d", 1), "∆-d");
    check_delta(&DeltaCounter::new("d∆", 1), "∆d-");
    refuse(&DeltaCounter::new("d", 0), FormatError::NotPositive);
    refuse(&DeltaCounter::new("d", -1), FormatError::NotPositive);

    let kind = |point: &dyn Point| encode(&FORMAT, &point, &mut Vec::new()).unwrap().kind;
    assert_eq!(kind(&Metric::new("~∆d", 0)), Kind::Point);
    assert_eq!(kind(&Histogram::new("∆d", &[Centroid::new(1, 1)])), Kind::Histogram);
    assert_eq!(kind(&span("∆d")), Kind::Span);
}

#[test]
fn lone_delta_is_refused() {
    for lone in ["∆", "Δ", " ∆ "] {
        refuse(&Metric::new(lone, 1), FormatError::LoneDelta(Field::Name));
        refuse(&DeltaCounter::new(lone, 1), FormatError::LoneDelta(Field::Name));
        refuse(&Histogram::new(lone, &[Centroid::new(1, 1)]), FormatError::LoneDelta(Field::Name));
        refuse(&Metric::new("m", 1).tags(&[(lone, "v")]), FormatError::LoneDelta(Field::TagKey));
    }
}

#[test]
fn numbers_must_be_finite() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        refuse(&Metric::new("m", bad), FormatError::NotFinite(Field::Value));
        refuse(&DeltaCounter::new("m", bad), FormatError::NotFinite(Field::Value));
        refuse(&Histogram::new("m", &[Centroid::new(bad, 1)]), FormatError::NotFinite(Field::Mean));
    }
}

#[test]
fn numbers_are_written_as_python_does() {
    for (value, text) in [
        (42422.0, "42422.0"),
        (0.1, "0.1"),
        (-0.0, "-0.0"),
        (0.0, "0.0"),
        (9999999999999998.0, "9999999999999998.0"),
        (1e16, "1e+16"),
        (-1.5e16, "-1.5e+16"),
        (123456789012345678.0, "1.2345678901234568e+17"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-0.0000125, "-1.25e-05"),
        (1e-7, "1e-07"),
        (1e100, "1e+100"),
        (5e-324, "5e-324"),
        // Really .25, halfway: the even digit.
        (-1_231_223_520_929_626.3, "-1231223520929626.2"),
        (f64::MAX, "1.7976931348623157e+308"),
    ] {
        check(&Metric::new("m", value), &format!("\"m\" {text} source=\"h\"\n"), Changed::NONE);
    }
}

#[test]
fn text_is_escaped_for_the_receiver() {
    check_value(
        "a b=c#d'e\u{e9}\u{a9}\u{2028}\u{1F600}",
        "a b=c#d'e\u{e9}\u{a9}\u{2028}\u{1F600}",
        Changed::NONE,
    );
    check_value("a\tb", "a\tb", Changed::NONE);
    check_value("say \"hi\"", "say \\\"hi\\\"", Changed::NONE);
    check_value("a\\b", "a\\b", Changed::NONE);
    check_value("a\\\"b", "a\\\\\"b", Changed::NONE);
    check_value("a\nb", "a\\nb", Changed::CONTROL);
    check_value("a\r\nb", "a \\nb", Changed::CONTROL);
    check_value("a\0\u{4}\u{7f}\u{85}\u{9f}\u{a0}b", "a     \u{a0}b", Changed::CONTROL);
    check_value("C:\\", "C:", Changed::BACKSLASH);
    check_value("C:\\ \\\\ ", "C:", Changed::BACKSLASH);
    check_value("\\a", "\\a", Changed::NONE);
}

#[test]
fn surrounding_blanks_are_removed() {
    check(
        &Metric::new("m", 1).source(" s\n").tags(&[("k", "\u{3000}v\0")]),
        "\"m\" 1.0 source=\"s\" \"k\"=\"v\"\n",
        Changed::SOURCE | Changed::TAG_VALUE,
    );
}

#[test]
fn span_names_hide_no_source_mark() {
    check(&span("a*b*"), &format!("\"a-b-\" source=\"h\" {IDS} 1552949776000 343\n"), Changed::NAME);
    check(
        &span("source= source= source=x"),
        &format!("\"source- source- source=x\" source=\"h\" {IDS} 1552949776000 343\n"),
        Changed::NAME,
    );
    check(&span("source="), &format!("\"source=\" source=\"h\" {IDS} 1552949776000 343\n"), Changed::NONE);
}

#[test]
fn values_are_cut_at_a_character_boundary() {
    let changed = Changed::TAG_VALUE | Changed::TRUNCATED;
    #[track_caller]
    fn check_cut(value: &str, expected: &str, changed: Changed) {
        check(
            &Metric::new("m", 1).tags(&[("k", value)]),
            &format!("\"m\" 1.0 source=\"h\" \"k\"=\"{expected}\"\n"),
            changed,
        );
    }
    check_cut(&"x".repeat(253), &"x".repeat(253), Changed::NONE);
    check_cut(&"x".repeat(10_000), &"x".repeat(253), changed);
    check_cut(&"\u{1F600}".repeat(200), &"\u{1F600}".repeat(126), changed);
    check_cut(&"\u{e9}".repeat(253), &"\u{e9}".repeat(253), Changed::NONE);
    check_cut(&"\"".repeat(300), &"\\\"".repeat(253), changed);
    check_cut(
        &format!("x{}", "\ny".repeat(100)),
        &format!("x{}", "\\ny".repeat(84)),
        changed | Changed::CONTROL,
    );
    check_cut(&format!("{}\\\\ tail", "x".repeat(250)), &"x".repeat(250), changed);
    refuse(
        &Metric::new("m", 1).tags(&[("k", &("\\".repeat(300) + "x"))]),
        FormatError::Blank(Field::TagValue),
    );
    refuse_strictly(
        &Metric::new("m", 1).tags(&[("k", &"x".repeat(254))]),
        FormatError::TooLong(Field::TagValue),
    );

    // The receiver reads `_tag`, and measures that.
    check(
        &Metric::new("m", 1).tags(&[("tag", &"x".repeat(251))]),
        &format!("\"m\" 1.0 source=\"h\" \"tag\"=\"{}\"\n", "x".repeat(250)),
        changed,
    );
    let key = "k".repeat(64);
    check(
        &Metric::new("m", 1).tags(&[(&key, &"x".repeat(200))]),
        &format!("\"m\" 1.0 source=\"h\" \"{key}\"=\"{}\"\n", "x".repeat(190)),
        changed,
    );
    check(
        &span("s").tags(&[("k", "x".repeat(129))]),
        &format!("\"s\" source=\"h\" {IDS} \"k\"=\"{}\" 1552949776000 343\n", "x".repeat(128)),
        changed,
    );
}

#[test]
fn names_keys_and_sources_are_never_cut() {
    let long = |length| "x".repeat(length);
    let fits = |point: &dyn Point| encode(&FORMAT, &point, &mut Vec::new()).is_ok();
    assert!(fits(&Metric::new(&long(256), 1)));
    assert!(fits(&DeltaCounter::new(&long(255), 1)));
    assert!(fits(&Metric::new("m", 1).source(&"\u{1F600}".repeat(64))));
    assert!(fits(&span(&long(128)).tags(&[(long(128), long(128))])));
    refuse(&Metric::new(&long(257), 1), FormatError::TooLong(Field::Name));
    refuse(&Metric::new(&"\u{1F600}".repeat(257), 1), FormatError::TooLong(Field::Name));
    refuse(&Metric::new(&long(1_000_000), 1), FormatError::TooLong(Field::Name));
    refuse(&DeltaCounter::new(&long(256), 1), FormatError::TooLong(Field::Name));
    refuse(&Metric::new("m", 1).source(&"\u{1F600}".repeat(65)), FormatError::TooLong(Field::Source));
    refuse(&Metric::new("m", 1).source(&long(1_000_000)), FormatError::TooLong(Field::Source));
    refuse(&Metric::new("m", 1).tags(&[(long(65), "v")]), FormatError::TooLong(Field::TagKey));
    refuse(&span(&long(129)), FormatError::TooLong(Field::Name));
    refuse(&span("s").tags(&[(long(129), "v")]), FormatError::TooLong(Field::TagKey));
}

#[test]
fn documented_limits() {
    let limits = Limits::DEFAULT;
    assert_eq!((limits.name, limits.source, limits.tags, limits.tag_key), (256, 128, 20, 64));
    assert_eq!((limits.tag_value, limits.tag_pair, limits.centroids), (255, 254, 100));
    assert_eq!(
        (limits.span_name, limits.span_tags, limits.span_tag_key, limits.span_tag_value),
        (128, 20, 128, 128)
    );
    assert_eq!(Limits::TENANT.span_tags, 50);
    let proxy = Limits::PROXY;
    assert_eq!(
        (proxy.name, proxy.source, proxy.tags, proxy.tag_key, proxy.span_tags),
        (1023, 1023, 100, 253, 20)
    );
    assert_eq!(Limits::default(), Limits::DEFAULT);
}

#[test]
fn zero_limits_refuse_and_do_not_panic() {
    let mut limits = Limits::DEFAULT;
    limits.tag_pair = 0;
    limits.tag_value = 0;
    let format = FORMAT.limits(limits);
    let point = Metric::new("m", 1).tags(&[("k", "v")]);
    assert_eq!(encode(&format, &point, &mut Vec::new()), Err(FormatError::TooLong(Field::TagKey)));
    limits.tag_pair = 9;
    let format = FORMAT.limits(limits);
    assert_eq!(encode(&format, &point, &mut Vec::new()), Err(FormatError::Blank(Field::TagValue)));
    limits.name = 0;
    let format = FORMAT.limits(limits);
    assert_eq!(encode(&format, &point, &mut Vec::new()), Err(FormatError::TooLong(Field::Name)));
}

#[test]
fn duplicate_point_tags_keep_the_last() {
    check(
        &Metric::new("m", 1).tags(&[("a b", "1"), ("c", "2"), ("a-b", "3")]),
        "\"m\" 1.0 source=\"h\" \"c\"=\"2\" \"a-b\"=\"3\"\n",
        Changed::TAG_KEY | Changed::TAG_DROPPED,
    );
    check(
        &Metric::new("m", 1).tags(&[("k", "\\\"=\""), ("k", "x\\\" \"k\"="), ("kk", "y"), ("k", "z")]),
        "\"m\" 1.0 source=\"h\" \"kk\"=\"y\" \"k\"=\"z\"\n",
        Changed::TAG_DROPPED,
    );
    refuse_strictly(&Metric::new("m", 1).tags(&[("a", "1"), ("a", "1")]), FormatError::DuplicateTag);
}

#[test]
fn exact_duplicate_span_tags_keep_the_first() {
    check(
        &span("s").tags(&[("a", "1"), ("a", "2"), ("b", "1"), ("a", " 1"), ("a", "2")]),
        &format!("\"s\" source=\"h\" {IDS} \"a\"=\"1\" \"a\"=\"2\" \"b\"=\"1\" 1552949776000 343\n"),
        Changed::TAG_VALUE | Changed::TAG_DROPPED,
    );
    refuse_strictly(&span("s").tags(&[("a", "1"), ("a", "1")]), FormatError::DuplicateTag);
}

#[test]
fn global_tags_go_to_all_and_the_points_own_win() {
    let owned = [("env".to_owned(), "prod".to_owned()), ("dc".to_owned(), "eu".to_owned())];
    let slice: &[(String, String)] = &owned;
    let mut buf = Vec::new();
    for strictness in [Strictness::Sanitize, Strictness::Reject] {
        let format = FORMAT.tags(&slice).strictness(strictness);
        let mut check = |point: &dyn Point, expected: &str| {
            let encoded = encode(&format, &point, &mut buf).unwrap();
            assert_eq!(std::str::from_utf8(encoded.line), Ok(expected));
            assert_eq!(encoded.changed, Changed::NONE);
        };
        check(&Metric::new("m", 1), "\"m\" 1.0 source=\"h\" \"env\"=\"prod\" \"dc\"=\"eu\"\n");
        check(
            &Metric::new("m", 1).tags(&[("dc", "us")]),
            "\"m\" 1.0 source=\"h\" \"dc\"=\"us\" \"env\"=\"prod\"\n",
        );
        check(&DeltaCounter::new("m", 1), "\"∆m\" 1.0 source=\"h\" \"env\"=\"prod\" \"dc\"=\"eu\"\n");
        check(
            &Histogram::new("m", &[Centroid::new(1, 1)]),
            "!M #1 1.0 \"m\" source=\"h\" \"env\"=\"prod\" \"dc\"=\"eu\"\n",
        );
        check(
            &span("s").tags(&[("dc", "us"), ("dc", "ap")]),
            &format!(
                "\"s\" source=\"h\" {IDS} \"dc\"=\"us\" \"dc\"=\"ap\" \"env\"=\"prod\" 1552949776000 343\n"
            ),
        );
    }
    let twice = FORMAT.tags(&[("a", "1"), ("b", "2"), ("a", "3")]);
    let encoded = encode(&twice, &Metric::new("m", 1), &mut buf).unwrap();
    assert_eq!(encoded.line, b"\"m\" 1.0 source=\"h\" \"b\"=\"2\" \"a\"=\"3\"\n");
}

#[test]
fn too_many_tags_are_refused_early() {
    let tags: Vec<_> = (0..100_000).map(|n| (format!("k{n}"), "v")).collect();
    let equal = vec![("k", "v"); 100_000];
    check(&Metric::new("m", 1).tags(&equal), "\"m\" 1.0 source=\"h\" \"k\"=\"v\"\n", Changed::TAG_DROPPED);
    assert!(encode(&FORMAT, &Metric::new("m", 1).tags(&tags[..20]), &mut Vec::new()).is_ok());
    for count in [21, 1_000, 100_000] {
        refuse(&Metric::new("m", 1).tags(&tags[..count]), FormatError::TooManyTags);
        refuse(&Histogram::new("m", &[Centroid::new(1, 1)]).tags(&tags[..count]), FormatError::TooManyTags);
        refuse(&span("s").tags(&tags[..count]), FormatError::TooManyTags);
    }
    let ids = vec![Id::from(7); 100_000];
    assert!(
        encode(&FORMAT, &span("s").parents(&ids[..10]).follows_from(&ids[..10]), &mut Vec::new()).is_ok()
    );
    refuse(
        &span("s").parents(&ids[..19]).follows_from(&ids[..1]).tags(&[("k", "v")]),
        FormatError::TooManyTags,
    );
    refuse(&span("s").parents(&ids), FormatError::TooManyTags);

    let mut seen = 0;
    let endless = tags_from((0..u64::MAX).map(|n| (format!("k{n}"), "v")));
    refuse(&Metric::new("m", 1).tags(&endless), FormatError::TooManyTags);
    let result = endless.try_for_each(&mut |_, _| {
        seen += 1;
        if seen > 5 { Err(FormatError::TooManyTags) } else { Ok(()) }
    });
    assert_eq!((seen, result), (6, Err(FormatError::TooManyTags)));
}

#[test]
fn reserved_tag_keys_are_refused() {
    refuse(&Metric::new("m", 1).tags(&[("source", "v")]), FormatError::ReservedTagKey);
    refuse(&Metric::new("m", 1).tags(&[(" source", "v")]), FormatError::ReservedTagKey);
    check(
        &Metric::new("m", 1).tags(&[("host", "v"), ("404", "v"), ("Source", "v")]),
        "\"m\" 1.0 source=\"h\" \"host\"=\"v\" \"404\"=\"v\" \"Source\"=\"v\"\n",
        Changed::NONE,
    );
    for key in ["source", "host", "traceId", "spanId"] {
        refuse(&span("s").tags(&[(key, "v")]), FormatError::ReservedTagKey);
    }
    refuse(&span("s").tags(&[("404", "v")]), FormatError::NumericTagKey);
}

#[test]
fn timestamps_are_written_as_given_and_never_negative() {
    check(&Metric::new("m", 1).timestamp(0), "\"m\" 1.0 0 source=\"h\"\n", Changed::NONE);
    check(
        &Metric::new("m", 1).timestamp(i64::MAX),
        "\"m\" 1.0 9223372036854775807 source=\"h\"\n",
        Changed::NONE,
    );
    check(&DeltaCounter::new("m", 1).timestamp(7), "\"∆m\" 1.0 7 source=\"h\"\n", Changed::NONE);
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_533_529_977_999);
    check(&Metric::new("m", 1).timestamp(time), "\"m\" 1.0 1533529977 source=\"h\"\n", Changed::NONE);
    let before = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    for early in [i64::MIN, -1] {
        refuse(&Metric::new("m", 1).timestamp(early), FormatError::OutOfRange(Field::Timestamp));
    }
    refuse(&Metric::new("m", 1).timestamp(before), FormatError::OutOfRange(Field::Timestamp));
    let histogram = &[Centroid::new(1, 1)];
    refuse(&Histogram::new("m", histogram).timestamp(-1), FormatError::OutOfRange(Field::Timestamp));
}

#[test]
fn stamp_goes_to_points_and_histograms_without_timestamp() {
    let format = FORMAT.stamp(99);
    let mut buf = Vec::new();
    let mut check = |point: &dyn Point, expected: &str| {
        assert_eq!(std::str::from_utf8(encode(&format, &point, &mut buf).unwrap().line), Ok(expected));
    };
    check(&Metric::new("m", 1), "\"m\" 1.0 99 source=\"h\"\n");
    check(&Metric::new("m", 1).timestamp(5), "\"m\" 1.0 5 source=\"h\"\n");
    check(&Histogram::new("m", &[Centroid::new(1, 1)]), "!M 99 #1 1.0 \"m\" source=\"h\"\n");
    check(&DeltaCounter::new("m", 1), "\"∆m\" 1.0 source=\"h\"\n");
    check(&span("s"), &format!("\"s\" source=\"h\" {IDS} 1552949776000 343\n"));
    let series = Series::new(&FORMAT, &Metric::new("m", 0), vec![0; 64]).unwrap();
    check(&series.point(2), "\"m\" 2.0 99 source=\"h\"\n");
    check(&series.point(2).timestamp(5), "\"m\" 2.0 5 source=\"h\"\n");
    assert_eq!(
        encode(&FORMAT.stamp(-1), &Metric::new("m", 1), &mut buf),
        Err(FormatError::OutOfRange(Field::Timestamp))
    );
}

#[test]
fn histogram_counts_fit_the_receivers_integers() {
    let max = i64::from(i32::MAX);
    #[track_caller]
    fn refuse_counts(counts: &[i64]) {
        let centroids: Vec<_> = counts.iter().map(|&count| Centroid::new(1, count)).collect();
        refuse(&Histogram::new("m", &centroids), FormatError::OutOfRange(Field::Count));
    }
    for bad in [0, -1, max + 1, i64::MIN, i64::MAX] {
        refuse_counts(&[1, bad]);
    }
    refuse_counts(&[max, 1]);
    check(
        &Histogram::new("m", &[Centroid::new(1, max - 1), Centroid::new(1, 1)]),
        "!M #2147483646 1.0 #1 1.0 \"m\" source=\"h\"\n",
        Changed::NONE,
    );
}

#[test]
fn histogram_centroids_are_one_to_a_hundred() {
    let many = vec![Centroid::new(1, 1); 100_000];
    refuse(&Histogram::new("m", &[]), FormatError::NoCentroids);
    refuse(&Histogram::new("m", &many[..101]), FormatError::TooManyCentroids);
    refuse(&Histogram::new("m", &many), FormatError::TooManyCentroids);
    assert!(encode(&FORMAT, &Histogram::new("m", &many[..100]), &mut Vec::new()).is_ok());
}

#[test]
fn granularities_come_in_the_callers_order_each_once() {
    let centroids = [Centroid::new(1.5, 2)];
    let histogram = Histogram::new("m", &centroids);
    let (minute, hour, day) = (Granularity::Minute, Granularity::Hour, Granularity::Day);
    let line = |marker| format!("!{marker} #2 1.5 \"m\" source=\"h\"\n");
    check(&histogram, &line('M'), Changed::NONE);
    check(
        &histogram.granularities(&[day, minute, day, day, hour, minute]),
        &(line('D') + &line('M') + &line('H')),
        Changed::NONE,
    );
    check(&histogram.granularities(&Granularity::ALL), &(line('M') + &line('H') + &line('D')), Changed::NONE);
    refuse(&histogram.granularities(&[]), FormatError::NoGranularity);
}

#[test]
fn span_times_cannot_be_mistaken_for_an_end() {
    for (start, duration, field) in [
        (-1, 0, Field::Start),
        (i64::MIN, 0, Field::Start),
        (0, 0, Field::Duration),
        (1000, 1000, Field::Duration),
        (1000, 1001, Field::Duration),
        (1000, -1, Field::Duration),
        (1000, i64::MIN, Field::Duration),
    ] {
        refuse(&Span::new("s", start, duration, 1, 2), FormatError::OutOfRange(field));
    }
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_552_949_776_001);
    check(
        &Span::new("s", time, Duration::from_micros(343_999), 1, 2),
        &format!("\"s\" source=\"h\" {IDS} 1552949776001 343\n"),
        Changed::NONE,
    );
    refuse(
        &Span::new("s", SystemTime::UNIX_EPOCH - Duration::from_secs(9), 0, 1, 2),
        FormatError::OutOfRange(Field::Start),
    );
    refuse(&Span::new("s", 5, Duration::MAX, 1, 2), FormatError::OutOfRange(Field::Duration));
}

#[test]
fn ids_are_read_and_written_as_uuids() {
    let id = Id::from(0x7b3bf470_9456_11e8_9eb6_529269fb1459);
    assert_eq!(id.to_string(), "7b3bf470-9456-11e8-9eb6-529269fb1459");
    assert_eq!("7B3BF470-9456-11e8-9eb6-529269fb1459".parse(), Ok(id));
    assert_eq!("7b3bf470945611e89eb6529269fb1459".parse(), Ok(id));
    assert_eq!(u128::from(id), 0x7b3bf470_9456_11e8_9eb6_529269fb1459);
    assert_eq!("0".repeat(32).parse(), Ok(Id::from(0)));
    for bad in [
        "",
        "1-1-1-1-1",
        "7b3bf470-9456-11e8-9eb6-529269fb145",
        "7b3bf470-9456-11e8-9eb6-529269fb145g",
        "7b3bf470-9456-11e8-9eb65-29269fb1459",
        "7b3bf470945611e89eb6529269fb145é",
        "+b3bf470945611e89eb6529269fb1459",
        "{b3bf470-9456-11e8-9eb6-529269fb1459",
    ] {
        assert!(bad.parse::<Id>().is_err(), "{bad}");
    }
    #[cfg(feature = "uuid")]
    assert_eq!(Id::from(uuid::Uuid::from_u128(7)), Id::from(7));
}

#[test]
fn lines_over_the_limit_are_refused() {
    let mut limits = Limits::DEFAULT;
    limits.tags = 1_000;
    limits.tag_value = 1_000;
    limits.tag_pair = 1_000;
    let format = FORMAT.limits(limits);
    // `"m" 1.0 source="h"` and the line feed are 19 bytes, ` "k00"="x…"` 9 and the value.
    let tags = |last| {
        let mut tags: Vec<_> = (0..40).map(|n| (format!("k{n:02}"), "x".repeat(800))).collect();
        tags.push(("last".to_owned(), "x".repeat(last)));
        tags
    };
    let rest = MAX_LINE_LEN - 19 - 40 * 809 - 10;
    let fits = tags(rest);
    let too_long = tags(rest + 1);
    let mut out = Vec::new();
    assert_eq!(
        format.encode_into(&Metric::new("m", 1).tags(&fits), &mut out).unwrap().line.len(),
        MAX_LINE_LEN
    );
    assert_eq!(out.len(), MAX_LINE_LEN);
    assert_eq!(
        format.encode_into(&Metric::new("m", 1).tags(&too_long), &mut out).map(drop),
        Err(FormatError::LineTooLong)
    );
    assert_eq!(out.len(), MAX_LINE_LEN);

    let centroids = [Centroid::new(1, 1)];
    let histogram = Histogram::new("m", &centroids).granularities(&Granularity::ALL);
    // `!M #1 1.0 ` instead of ` 1.0` makes it six bytes longer.
    let fits = tags(rest - 6);
    let encoded = format.encode_into(&histogram.tags(&fits), &mut out).unwrap();
    assert_eq!(encoded.line.len(), 3 * MAX_LINE_LEN);
    let too_long = tags(rest - 5);
    assert_eq!(
        format.encode_into(&histogram.tags(&too_long), &mut out).map(drop),
        Err(FormatError::LineTooLong)
    );

    limits.tags = 60_000;
    limits.tag_value = 60_000;
    limits.tag_pair = 60_000;
    let format = FORMAT.limits(limits);
    let huge = [("k", "x".repeat(60_000)), ("l", "x".repeat(60_000)), ("m", "x".repeat(60_000))];
    assert_eq!(
        format.encode_into(&Metric::new("m", 1).tags(&huge), &mut out).map(drop),
        Err(FormatError::LineTooLong)
    );

    let series =
        Series::new(&format, &Metric::new("m", 1).tags(&tags(rest - 1)), vec![0; MAX_LINE_LEN]).unwrap();
    assert_eq!(
        series.point(1).encode(&mut vec![0; 2 * MAX_LINE_LEN]).map(|encoded| encoded.line.len()),
        Ok(MAX_LINE_LEN - 1)
    );
    assert_eq!(
        series.point(100).encode(&mut vec![0; 2 * MAX_LINE_LEN]).map(drop),
        Err(FormatError::LineTooLong)
    );
}

#[test]
fn tags_come_from_every_collection() {
    #[track_caller]
    fn check_tags(tags: &(impl Tags + ?Sized)) {
        check(&Metric::new("m", 1).tags(tags), "\"m\" 1.0 source=\"h\" \"k\"=\"v\"\n", Changed::NONE);
    }
    check_tags(&[("k", "v")]);
    check_tags(&[("k".to_owned(), "v")][..]);
    check_tags(&vec![("k", "v".to_owned())]);
    check_tags(&&[("k", "v")]);
    check_tags(&Box::new([("k", "v")]));
    check_tags(&BTreeMap::from([("k", "v")]));
    check_tags(&HashMap::from([("k", "v")]));
    check_tags(&tags_from([("k", "v")]));
    let object: &dyn Tags = &[("k", "v")];
    check_tags(object);
    check(&Metric::new("m", 1).tags(&()), "\"m\" 1.0 source=\"h\"\n", Changed::NONE);
}

#[test]
fn series_is_checked_once_and_says_what_changed() {
    let template = Metric::new("a b", 0).tags(&[("k", "v\n1")]);
    let changed = Changed::NAME | Changed::TAG_VALUE | Changed::CONTROL;
    let series = Series::new(&FORMAT, &template, [0; 64]).unwrap();
    for value in [0.5, -3.0] {
        let mut buf = [0; 64];
        let encoded = FORMAT.encode(&series.point(value), &mut buf).unwrap();
        assert_eq!(encoded.line, format!("\"a-b\" {value:?} source=\"h\" \"k\"=\"v\\n1\"\n").as_bytes());
        assert_eq!((encoded.changed, encoded.kind), (changed, Kind::Point));
    }
    let error = |point: &Metric<'_, _>| Series::new(&FORMAT, point, [0; 64]).map(drop);
    assert_eq!(error(&Metric::new("m", 0).tags(&[("k", "")])), Err(FormatError::Blank(Field::TagValue)));
    assert_eq!(Series::new(&FORMAT, &Metric::new("m", 0), [0; 4]).map(drop), Err(FormatError::BufferFull));
    refuse(&series.point(f64::NAN), FormatError::NotFinite(Field::Value));
}

#[test]
fn changed_names_its_bits() {
    assert_eq!(format!("{:?}", Changed::NONE), "{}");
    let all = Changed::NAME
        | Changed::SOURCE
        | Changed::TAG_KEY
        | Changed::TAG_VALUE
        | Changed::TAG_DROPPED
        | Changed::TRUNCATED
        | Changed::CONTROL
        | Changed::BACKSLASH;
    assert_eq!(
        format!("{all:?}"),
        "{name, source, tag_key, tag_value, tag_dropped, truncated, control, backslash}"
    );
    assert!(all.contains(Changed::NAME | Changed::CONTROL) && !Changed::NAME.contains(all));
}

#[test]
fn errors_name_the_field_and_the_rule() {
    assert_eq!(FormatError::Blank(Field::TagValue).to_string(), "tag value is blank");
    assert_eq!(FormatError::OutOfRange(Field::Count).to_string(), "centroid count is out of range");
    assert_eq!(FormatError::BufferFull.to_string(), "line does not fit the buffer");
}
