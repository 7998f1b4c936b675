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
