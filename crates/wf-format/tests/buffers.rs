//! Buffers of every size, and texts of every length at every distance from a buffer's end.

use wf_format::{
    Centroid, DeltaCounter, Encoded, Event, EventForm, Field, Format, FormatError, Granularity, Histogram,
    Id, Metric, Point, Series, SourceDescription, SourceTag, Span, SpanLog,
};

static FORMAT: Format<'static> = Format::DEFAULT.default_source("h");

#[track_caller]
fn encode<'b>(
    format: &Format<'_>,
    point: &impl Point,
    buf: &'b mut Vec<u8>,
) -> Result<Encoded<'b>, FormatError> {
    buf.resize(1 << 14, 0);
    format.encode(point, buf)
}

fn span(name: &str) -> Span<'_> {
    Span::new(name, 1552949776000, 343, 1, 2)
}

#[test]
fn all_or_nothing_at_every_buffer_size() {
    let centroids = [Centroid::new(30, 20), Centroid::new(1e-7, 10)];
    let ids = [Id::from(3), Id::from(4)];
    let tags = [("data center", "dc\"1\n"), ("b", "\u{e9}\u{1F600}"), ("c", "x")];
    let series = Series::new(&FORMAT, &Metric::new("m", 0).tags(&tags), [0; 256]).unwrap();
    let logs = [SpanLog::new(5, &tags), SpanLog::new(6, &())];
    let logged = span("s").span_logs(&logs);
    let event = Event::new("e\"", 1592200048000).annotations(&tags).hosts(&["a", "b"]).tags(&["t", "u"]);
    let points: [(&Format<'_>, &dyn Point); 11] = [
        (&FORMAT, &Metric::new("new y\u{f6}rk", 1.5e20).timestamp(1533529977).source("s").tags(&tags)),
        (&FORMAT, &DeltaCounter::new("d", 1).tags(&tags)),
        (&FORMAT, &Histogram::new("h", &centroids).granularities(&Granularity::ALL).timestamp(1).tags(&tags)),
        (&FORMAT, &span("s").parents(&ids).follows_from(&ids[..1]).tags(&tags)),
        (&FORMAT, &series.point(3.25).timestamp(7)),
        (&FORMAT, &logged),
        (&FORMAT, &logged.logs().unwrap()),
        (&FORMAT, &event),
        (&FORMAT.event_form(EventForm::Json), &event),
        (&FORMAT, &SourceTag::save(&["a b", "c"])),
        (&FORMAT, &SourceDescription::save("a \"b\"\n c")),
    ];
    for (format, point) in points {
        let mut whole = Vec::new();
        let expected = encode(format, &point, &mut whole).unwrap();
        let length = expected.line.len();
        for size in 0..=length + 100 {
            let mut buf = vec![b'#'; size];
            let mut rest = buf.as_mut_slice();
            let encoded = format.encode_into(&point, &mut rest);
            if size < length {
                assert_eq!(encoded, Err(FormatError::BufferFull), "{size}");
                assert_eq!(rest.len(), size);
            } else {
                assert_eq!(encoded, Ok(expected), "{size}");
                assert_eq!(rest.len(), size - length);
            }
        }
    }
}

#[test]
fn buffers_grow_and_keep_what_they_had() {
    #[track_caller]
    fn check_buffer<B: wf_format::Buffer + AsRef<[u8]> + Default>() {
        let mut out = B::default();
        let mut expected = Vec::new();
        for length in [5, 200, 240, 250, 1_000, 250] {
            let tags: Vec<_> = (0..20).map(|n| (format!("k{n}"), "x".repeat(length / 5))).collect();
            let point = Metric::new("m", 1).tags(&tags);
            let mut buf = Vec::new();
            let line = encode(&FORMAT, &point, &mut buf).unwrap().line;
            assert_eq!(FORMAT.encode_into(&point, &mut out).unwrap().line, line);
            expected.extend_from_slice(line);
            assert_eq!(
                FORMAT.encode_into(&Metric::new("", 1), &mut out),
                Err(FormatError::Blank(Field::Name))
            );
            assert_eq!(out.as_ref(), expected);
        }
    }
    check_buffer::<Vec<u8>>();
    #[cfg(feature = "bytes")]
    check_buffer::<bytes::BytesMut>();
    #[cfg(feature = "smallvec")]
    check_buffer::<smallvec::SmallVec<[u8; 256]>>();
}

/// Up to a few lengths over those that are copied and checked at once.
#[test]
fn texts_of_every_length_come_out_as_given_whatever_room_is_left() {
    let text: String = ('a'..='z').chain('A'..='Z').collect();
    let mut whole = Vec::new();
    for length in 1..text.len() {
        let text = &text[..length];
        for other in 1..40 {
            let (short, long) = (&text[..other.min(length)], text);
            for (key, value) in [(short, long), (long, short)] {
                let tags = [(key, value)];
                let line = format!("\"{key}\" 1.0 source=\"{value}\" \"{key}\"=\"{value}\"\n");
                let point = Metric::new(key, 1).source(value).tags(&tags);
                assert_eq!(encode(&FORMAT, &point, &mut whole).unwrap().line, line.as_bytes());
                let mut tight = vec![0; line.len() + other % 7];
                assert_eq!(FORMAT.encode(&point, &mut tight).unwrap().line, line.as_bytes());
            }
        }
    }
}

/// Wherever a character stands that is not taken as it is, it is seen.
#[test]
fn a_quote_in_a_value_of_any_length_is_escaped() {
    let mut buf = Vec::new();
    for length in 1..70 {
        for at in 0..length {
            let before = "x".repeat(at);
            let after = "x".repeat(length - at - 1);
            let value = format!("{before}\"{after}");
            let expected = format!("\"m\" 1.0 source=\"h\" \"k\"=\"{before}\\\"{after}\"\n");
            let tags = [("k", value)];
            assert_eq!(
                encode(&FORMAT, &Metric::new("m", 1).tags(&tags), &mut buf).unwrap().line,
                expected.as_bytes()
            );
        }
    }
}
