//! Whatever a program offers by mistake: a clear, typed error or a valid line, and nothing half-written.

use std::{sync::Arc, time::Duration};

use wf_receiver::Receiver;
use wf_sdk::{
    Centroid, DeltaCounter, FormatError, Histogram, Metric, Point, SendError, Sender, Span, UrlError,
    connect, format::Field,
};

const LONG: Duration = Duration::from_secs(10);

struct Table {
    receiver: Receiver,
    sender: Sender,
    sent: u64,
    refused: u64,
}

impl Table {
    #[track_caller]
    fn check(&mut self, what: &str, point: &dyn Point, expected: Result<&str, FormatError>) {
        let sent = self.sender.send(point);
        assert_eq!(sent, expected.map(drop).map_err(SendError::Invalid), "{what}");
        let report = self.sender.flush(LONG);
        assert!(report.complete, "{what}");
        let books = self.sender.stats().total();
        match expected {
            Ok(canonical) => {
                self.sent += 1;
                let line = self.receiver.accepted().pop().expect("a line").text;
                assert!(line.starts_with(canonical), "{what}: {line}");
            }
            Err(_) => self.refused += 1,
        }
        assert_eq!((books.delivered(), books.refused()), (self.sent, self.refused), "{what}");
        assert_eq!(self.receiver.counts().accepted.total(), self.sent, "{what}");
        assert_eq!(self.receiver.counts().rejected.total(), 0, "{what}: {:?}", self.receiver.rejected());
    }
}

#[test]
fn bad_points_are_refused_with_a_reason_or_made_valid() {
    // The clock stands where the points are.
    let receiver = Receiver::builder().clock_millis(1_700_000_000_000).start().unwrap();
    let builder = connect(&receiver.url()).unwrap().source("h");
    let sender = builder.start().unwrap();
    let mut table = Table { receiver, sender, sent: 0, refused: 0 };
    let long = "v".repeat(10_000);
    let many: Vec<_> = (0..1000).map(|i| (format!("k{i}"), "v")).collect();
    let (long_value, long_key) = ([("k", long.as_str())], [(long.as_str(), "v")]);
    let negative = [Centroid::new(1.0, -1)];
    let at = 1_700_000_000;
    let metric = |name| Metric::new(name, 1.0).timestamp(at);

    let rows: [(&str, &dyn Point, Result<&str, FormatError>); 26] = [
        ("blank name", &metric(" \t"), Err(FormatError::Blank(Field::Name))),
        ("empty name", &metric(""), Err(FormatError::Blank(Field::Name))),
        ("lone delta sign", &metric("∆"), Err(FormatError::LoneDelta(Field::Name))),
        ("lone delta counter", &DeltaCounter::new("Δ", 1.0), Err(FormatError::LoneDelta(Field::Name))),
        ("delta of 0", &DeltaCounter::new("d", 0.0), Err(FormatError::NotPositive)),
        ("delta below 0", &DeltaCounter::new("d", -1.0), Err(FormatError::NotPositive)),
        ("NaN", &Metric::new("m", f64::NAN), Err(FormatError::NotFinite(Field::Value))),
        ("infinity", &Metric::new("m", f64::INFINITY), Err(FormatError::NotFinite(Field::Value))),
        ("minus infinity", &Metric::new("m", f64::NEG_INFINITY), Err(FormatError::NotFinite(Field::Value))),
        (
            "negative time",
            &Metric::new("m", 1.0).timestamp(-1),
            Err(FormatError::OutOfRange(Field::Timestamp)),
        ),
        ("space in a name", &metric("a b"), Ok("\"a-b\" 1.0 1700000000 source=\"h\"")),
        ("control in a name", &metric("a\u{1}b"), Ok("\"a-b\" 1.0")),
        (
            "quote in a value",
            &metric("m").tags(&[("k", "a\"b")]),
            Ok("\"m\" 1.0 1700000000 source=\"h\" \"k\"=\"a\\\"b\""),
        ),
        (
            "line feed in a value",
            &metric("m").tags(&[("k", "a\nb")]),
            Ok("\"m\" 1.0 1700000000 source=\"h\" \"k\"=\"a\\nb\""),
        ),
        (
            "control in a value",
            &metric("m").tags(&[("k", "a\u{4}b")]),
            Ok("\"m\" 1.0 1700000000 source=\"h\" \"k\"=\"a b\""),
        ),
        (
            "trailing backslash",
            &metric("m").tags(&[("k", "C:\\")]),
            Ok("\"m\" 1.0 1700000000 source=\"h\" \"k\"=\"C:\""),
        ),
        (
            "value of 10,000",
            &metric("m").tags(&long_value),
            Ok("\"m\" 1.0 1700000000 source=\"h\" \"k\"=\"vvv"),
        ),
        ("name of 10,000", &metric(&long), Err(FormatError::TooLong(Field::Name))),
        ("source of 10,000", &metric("m").source(&long), Err(FormatError::TooLong(Field::Source))),
        ("key of 10,000", &metric("m").tags(&long_key), Err(FormatError::TooLong(Field::TagKey))),
        ("1,000 tags", &metric("m").tags(&many), Err(FormatError::TooManyTags)),
        ("blank key", &metric("m").tags(&[(" ", "v")]), Err(FormatError::Blank(Field::TagKey))),
        ("blank value", &metric("m").tags(&[("k", " ")]), Err(FormatError::Blank(Field::TagValue))),
        ("no centroids", &Histogram::new("h", &[]), Err(FormatError::NoCentroids)),
        ("negative count", &Histogram::new("h", &negative), Err(FormatError::OutOfRange(Field::Count))),
        (
            "endless span",
            &Span::new("s", 1_700_000_000_000, 1_700_000_000_000, 1u128, 2u128),
            Err(FormatError::OutOfRange(Field::Duration)),
        ),
    ];
    for (what, point, expected) in rows {
        table.check(what, point, expected);
    }
}

#[test]
fn bad_urls_name_the_part() {
    let rows = [
        ("not a url", UrlError::Malformed),
        ("proxy://", UrlError::Malformed),
        ("gopher://localhost", UrlError::Scheme),
        ("proxy://token@example.com", UrlError::InsecureToken),
        ("proxy://localhost:0", UrlError::Port),
        ("proxy://localhost:70000", UrlError::Port),
        ("proxy://localhost?trace=70000", UrlError::Port),
    ];
    for (url, error) in rows {
        assert_eq!(connect(url).map(drop), Err(error), "{url}");
    }
}

#[test]
fn a_point_is_refused_whole_while_others_are_sent() {
    let receiver = Receiver::start().unwrap();
    let sender = Arc::new(connect(&receiver.url()).unwrap().source("h").start().unwrap());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for i in 0..1000 {
                    sender.send(&Metric::new("good", f64::from(i))).unwrap();
                    sender.send(&Metric::new("bad", f64::NAN)).unwrap_err();
                }
            });
        }
    });
    assert!(sender.close(LONG).complete);
    let books = sender.stats().total();
    assert_eq!((books.delivered(), books.refused(), books.offered()), (2000, 2000, 4000));
    assert_eq!((receiver.counts().accepted.total(), receiver.counts().rejected.total()), (2000, 0));
}
