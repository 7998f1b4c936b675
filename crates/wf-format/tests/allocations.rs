//! Zero allocations, in a binary of its own because the counter replaces the allocator.

use allocation_counter::measure;
use wf_format::{
    Centroid, DeltaCounter, Event, EventForm, Format, FormatError, Granularity, Histogram, Id, Metric, Point,
    Series, SourceDescription, SourceTag, Span, SpanLog,
};

#[track_caller]
fn check(format: &Format<'_>, point: &dyn Point, expected: Option<FormatError>) {
    let mut buf = [0; 4096];
    let mut out = Vec::with_capacity(4096);
    let mut errors = [None, None];
    let counted = measure(|| {
        errors[0] = format.encode(&point, &mut buf).err();
        errors[1] = format.encode_into(&point, &mut out).err();
    });
    assert_eq!(errors, [expected; 2]);
    assert_eq!(counted.count_total, 0);
}

#[test]
fn encoding_never_allocates() {
    let owned = vec![("env".to_owned(), "prod".to_owned())];
    let format = Format::DEFAULT.default_source("web-1").tags(&owned).stamp(1533529977);
    let tags = [("data center", "dc\"1\n"), ("b", "x\\"), ("b", "y"), ("d", "z\u{85}\u{e9}")];
    let centroids: Vec<_> = (1..=20).map(|n| Centroid::new(f64::from(n) / 7.0, n)).collect();
    let ids = [Id::from(1), Id::from(2)];
    let long = "x".repeat(10_000);

    check(&format, &Metric::new("new york", 1.5e-20).tags(&tags), None);
    check(&format, &Metric::new("m", 1).tags(&[("k", &long)]), None);
    check(&format, &DeltaCounter::new("d", 1).tags(&tags), None);
    check(&format, &Histogram::new("h", &centroids).granularities(&Granularity::ALL).tags(&tags), None);
    check(
        &format,
        &Span::new("s*", 1552949776000, 343, 1, 2).parents(&ids).follows_from(&ids).tags(&tags),
        None,
    );
    let logs = [SpanLog::new(1_552_949_776_000_000, &tags); 3];
    let span = Span::new("s*", 1552949776000, 343, 1, 2).tags(&tags[..1]).span_logs(&logs);
    check(&format, &span, None);
    check(&format, &span.logs().unwrap(), None);
    let event = Event::new("e\n", 1592200048000).annotations(&tags).tags(&["a\"", "b"]);
    check(&format, &event, None);
    check(&format.event_form(EventForm::Json), &event, None);
    check(&format, &SourceTag::add(&["a b", "c"]), None);
    check(&format, &SourceDescription::save("a \"b\"\n"), None);
    let mut storage = [0; 256];
    let series = Series::new(&format, &Metric::new("m", 0).tags(&tags), &mut storage[..]).unwrap();
    check(&format, &series.point(0.5), None);
}

#[test]
fn refusing_never_allocates() {
    let format = Format::DEFAULT.default_source("web-1");
    let many: Vec<_> = (0..1_000).map(|n| (format!("k{n}"), "v")).collect();
    check(&format, &Metric::new("m", f64::NAN), Some(FormatError::NotFinite(wf_format::Field::Value)));
    check(&format, &Metric::new("m", 1).tags(&many), Some(FormatError::TooManyTags));
    check(&format, &SourceTag::add(&[]), Some(FormatError::NoTags));
    check(&format, &Event::new("e", 1).annotations(&[("tag", "v")]), Some(FormatError::ReservedTagKey));
}

/// Texts that are hard to measure, cut and copy: every size around the chunks in which they are copied, characters of one
/// to four bytes, those that are two UTF-16 code units, and those that are written longer than they are.
fn hard_texts() -> Vec<String> {
    let pieces =
        ["a", "\"", "\\", "\n", "\0", "\u{7f}", "\u{85}", "\u{e9}", "\u{2206}", "\u{ffff}", "\u{1f600}"];
    let sizes =
        [0, 1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 127, 128, 254, 255, 256, 1023, 1024, 1025, 5_000];
    let text = |piece: &&str| sizes.map(|size| format!("{}{}b", "x".repeat(size % 5), piece.repeat(size)));
    pieces.iter().flat_map(text).collect()
}

/// Encodes into buffers that suffice and that do not; every outcome will do but a panic or an allocation.
#[track_caller]
fn survive(format: &Format<'_>, point: &dyn Point, buf: &mut [u8], outcomes: &mut [usize; 2]) {
    let counted = measure(|| {
        for size in [buf.len(), 300, 100, 37, 1, 0] {
            let outcome = format.encode(&point, buf.get_mut(..size).unwrap_or_default());
            outcomes[usize::from(outcome.is_ok())] += 1;
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[test]
fn odd_text_never_panics_nor_allocates() {
    let mut buf = vec![0; 200_000];
    let mut outcomes = [0; 2];
    let format = Format::DEFAULT.default_source("web-1");
    for text in &hard_texts() {
        let tags = [("k", text.as_str()), (text.as_str(), "v")];
        let few = &tags[..1];
        let names = [text.as_str()];
        survive(&format, &Metric::new(text, 1), &mut buf, &mut outcomes);
        survive(&format, &Metric::new("m", 1).source(text).tags(&tags), &mut buf, &mut outcomes);
        survive(&format, &Metric::new("m", 1).tags(few), &mut buf, &mut outcomes);
        survive(&format, &DeltaCounter::new(text, 1).tags(few), &mut buf, &mut outcomes);
        survive(&format, &Histogram::new(text, &[Centroid::new(1, 1)]).tags(few), &mut buf, &mut outcomes);
        survive(&format, &Span::new(text, 1552949776000, 343, 1, 2).tags(few), &mut buf, &mut outcomes);
        let logs = [SpanLog::new(1_552_949_776_000_000, &tags); 2];
        let span = Span::new("s", 1552949776000, 343, 1, 2).span_logs(&logs);
        survive(&format, &span.logs().unwrap(), &mut buf, &mut outcomes);
        for form in [EventForm::Line, EventForm::Json] {
            let event = Event::new(text, 1592200048000).annotations(few).tags(&names);
            survive(&format.event_form(form), &event, &mut buf, &mut outcomes);
        }
        survive(&format, &SourceTag::add(&names), &mut buf, &mut outcomes);
        survive(&format, &SourceDescription::save(text), &mut buf, &mut outcomes);
    }
    assert!(outcomes.iter().all(|&count| count > 1_000), "{outcomes:?}");
}

#[test]
fn huge_tag_sets_never_panic_nor_allocate() {
    let mut buf = vec![0; 200_000];
    let mut outcomes = [0; 2];
    let format = Format::DEFAULT.default_source("web-1");
    for keys in [1, 2, 19, 20, 21, 50, 51, 1_000, 100_000] {
        let other: Vec<_> = (0..keys).map(|n| (format!("k{n}"), "v")).collect();
        // All the same, or the same only as they are written.
        let equal: Vec<_> =
            (0..keys).map(|n| (if n % 2 == 0 { "a b" } else { "a-b" }.to_owned(), "v")).collect();
        for tags in [&other, &equal] {
            for format in [format, format.tags(tags)] {
                survive(&format, &Metric::new("m", 1).tags(tags), &mut buf, &mut outcomes);
                survive(&format, &Span::new("s", 1, 1, 1, 2).tags(tags), &mut buf, &mut outcomes);
                survive(&format, &Event::new("e", 1).annotations(tags), &mut buf, &mut outcomes);
            }
        }
    }
    assert!(outcomes.iter().all(|&count| count > 50), "{outcomes:?}");
}

#[test]
fn extreme_numbers_never_panic_nor_allocate() {
    let mut buf = vec![0; 4096];
    let mut outcomes = [0; 2];
    let format = Format::DEFAULT.default_source("web-1");
    let times = [i64::MIN, -1, 0, 1, 99_999_999, 100_000_000, i64::MAX];
    // The smallest and largest of every exponent, subnormal ones, infinities and NaNs among them.
    let exponents = (0..=0x7FF_u64).map(|exponent| exponent << 52);
    let values = exponents.flat_map(|low| [low, low | 1, low | ((1 << 52) - 1)]);
    for value in values.flat_map(|bits| [bits, bits | 1 << 63]).map(f64::from_bits) {
        survive(&format, &Metric::new("m", value), &mut buf, &mut outcomes);
        survive(&format, &DeltaCounter::new("m", value), &mut buf, &mut outcomes);
        survive(&format, &Histogram::new("m", &[Centroid::new(value, u32::MAX)]), &mut buf, &mut outcomes);
    }
    for time in times {
        survive(&format, &Metric::new("m", 1).timestamp(time), &mut buf, &mut outcomes);
        survive(&format.stamp(time), &Metric::new("m", 1), &mut buf, &mut outcomes);
        for end in times {
            survive(&format, &Span::new("s", time, end, 1, 2), &mut buf, &mut outcomes);
            survive(&format, &Event::new("e", time).end(end), &mut buf, &mut outcomes);
        }
    }
    assert!(outcomes.iter().all(|&count| count > 1_000), "{outcomes:?}");
}
