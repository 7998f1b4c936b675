//! Whatever a caller may give, whether any SDK takes it or not: odd names and texts, lengths at every limit, numbers at the
//! ends of every range.

use fastrand::Rng;
use wf_format::Granularity;

use super::NOW_MILLIS;
use crate::points::{Distribution, Event, Mean, Pairs, Point, Scalar, Span};

/// What one record is made of.
#[derive(Clone, Debug)]
pub(crate) enum Given {
    Point(Point),
    SourceTag(Operation, Option<String>, Vec<String>),
    /// Without a text, the description is removed.
    SourceDescription(Option<String>, Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Save,
    Delete,
}

/// One of each kind; two spans, the second with logs.
pub(crate) fn one_of_each(rng: &mut Rng) -> [Given; 8] {
    let mut make = Maker { rng };
    [
        Given::Point(Point::Metric(make.scalar())),
        Given::Point(Point::Delta(make.scalar())),
        Given::Point(Point::Histogram(make.distribution())),
        Given::Point(Point::Span(make.span(0))),
        Given::Point(Point::Span(make.span(3))),
        Given::Point(Point::Event(make.event())),
        make.source_tag(),
        make.source_description(),
    ]
}

struct Maker<'r> {
    rng: &'r mut Rng,
}

impl Maker<'_> {
    fn scalar(&mut self) -> Scalar {
        Scalar {
            name: self.name(),
            value: self.number(),
            timestamp: self.timestamp(),
            source: self.source(),
            tags: self.tags(),
        }
    }

    fn distribution(&mut self) -> Distribution {
        let count = match self.rng.u8(..32) {
            0 => self.pick(&[0, 99, 100, 101]),
            _ => self.rng.usize(1..6),
        };
        let centroids = (0..count).map(|_| {
            let count = match self.rng.u8(..32) {
                0 => self.pick(&[0, -1, i64::from(i32::MAX), 1 << 31, i64::MAX]),
                _ => self.rng.i64(1..1000),
            };
            (Mean::Float(self.number()), count)
        });
        let centroids = centroids.collect();
        let mut granularities = Granularity::ALL.to_vec();
        self.rng.shuffle(&mut granularities);
        granularities.truncate(self.rng.usize(1..=3));
        Distribution {
            name: self.name(),
            centroids,
            granularities,
            timestamp: self.timestamp(),
            source: self.source(),
            tags: self.tags(),
        }
    }

    fn span(&mut self, most_logs: usize) -> Span {
        let start = self.millis();
        let duration = match self.rng.u8(..8) {
            0 => self.pick(&[0, -1, start.wrapping_sub(1), start, i64::MAX]),
            _ => self.rng.i64(0..100_000),
        };
        let logs = self.rng.usize(most_logs.min(1)..=most_logs);
        Span {
            name: self.text(),
            start,
            duration,
            source: self.source(),
            trace_id: self.id(),
            span_id: self.id(),
            parents: self.ids(),
            follows_from: self.ids(),
            tags: self.tags(),
            logs: (0..logs).map(|_| (self.micros(), self.fields())).collect(),
        }
    }

    fn event(&mut self) -> Event {
        let start = self.millis();
        let end = match self.rng.u8(..4) {
            0 => None,
            1 => Some(self.millis()),
            _ => Some(start.saturating_add(self.rng.i64(-10..100_000))),
        };
        Event {
            name: self.text(),
            start,
            end,
            source: self.source(),
            tags: (0..self.rng.usize(..4)).map(|_| self.text()).collect(),
            annotations: self.tags(),
        }
    }

    fn source_tag(&mut self) -> Given {
        let operation = self.pick(&[Operation::Add, Operation::Save, Operation::Delete]);
        let tags = (0..self.rng.usize(..5)).map(|_| self.name()).collect();
        Given::SourceTag(operation, self.source(), tags)
    }

    fn source_description(&mut self) -> Given {
        let text = (self.rng.u8(..4) > 0).then(|| self.text());
        Given::SourceDescription(self.source(), text)
    }

    fn number(&mut self) -> f64 {
        const ENDS: &[f64] = &[
            0.0,
            -0.0,
            1.0,
            -1.0,
            5e-324,
            -5e-324,
            f64::MIN_POSITIVE,
            f64::MAX,
            f64::MIN,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            0.1,
            1e-3,
            9.999e-4,
            1e7,
            9_999_999.0,
            1e16,
            9_007_199_254_740_993.0,
            1e21,
            1e22,
            1e23,
            2e-44,
        ];
        match self.rng.u8(..6) {
            0 => self.pick(ENDS),
            1 => f64::from_bits(self.rng.u64(..)),
            2 => f64::from(self.rng.i32(..)) / 1000.0,
            3 => f64::from(self.rng.i16(..)) * 10_f64.powi(self.rng.i32(-30..30)),
            _ => f64::from(self.rng.u16(1..)),
        }
    }

    /// As the receiver takes it: in any unit, at the borders between them, and at those of the time window.
    fn timestamp(&mut self) -> Option<i64> {
        let now = NOW_MILLIS - self.rng.i64(0..1_000_000_000);
        let border = self.border();
        match self.rng.u8(..16) {
            0 => Some(border),
            1 => Some(self.rng.i64(..)),
            2 => {
                let edge = self.pick(&[NOW_MILLIS + DAY, NOW_MILLIS - YEAR]);
                Some(edge + self.rng.i64(-60_000..60_000))
            }
            3..6 => None,
            6..8 => Some(now),
            8 => Some(now * 1000),
            9 => Some(now * 1_000_000),
            _ => Some(now / 1000),
        }
    }

    fn millis(&mut self) -> i64 {
        match self.rng.u8(..24) {
            0 => self.border(),
            1 => self.rng.i64(..),
            2 => NOW_MILLIS + DAY + self.rng.i64(-2..3),
            3 => self.rng.i64(1..NOW_MILLIS),
            _ => NOW_MILLIS - self.rng.i64(0..1_000_000_000),
        }
    }

    fn micros(&mut self) -> i64 {
        match self.rng.u8(..8) {
            0 => self.border(),
            1 => self.rng.i64(..),
            _ => NOW_MILLIS * 1000 + self.rng.i64(0..1_000_000),
        }
    }

    /// Where a unit ends, one less or more.
    fn border(&mut self) -> i64 {
        let border = self.pick(&[0, 10, 13, 12, 15, 16, 18].map(|power| 10_i64.pow(power)));
        self.pick(&[i64::MIN, -1, 0, 1, i64::MAX, border - 1, border, border + 1])
    }

    fn id(&mut self) -> u128 {
        match self.rng.u8(..4) {
            0 => self.pick(&[0, 1, u128::MAX]),
            _ => self.rng.u128(..),
        }
    }

    fn ids(&mut self) -> Vec<u128> {
        let count = if self.rng.u8(..64) == 0 { 20 } else { self.rng.usize(..3) };
        (0..count).map(|_| self.id()).collect()
    }

    fn source(&mut self) -> Option<String> {
        match self.rng.u8(..4) {
            0 => None,
            1 => Some(format!("web-{}", self.rng.u8(..))),
            _ => Some(self.text()),
        }
    }

    fn tags(&mut self) -> Pairs {
        let count = match self.rng.u8(..32) {
            0 => self.pick(&[18, 19, 20, 21, 49, 50, 51, 99, 100, 101]),
            _ => self.rng.usize(..5),
        };
        let mut tags = Pairs::with_capacity(count);
        while tags.len() < count {
            // Many tags are plain ones, or none of such a line would be left.
            let key =
                if count > 10 && self.rng.u8(..64) > 0 { format!("k{}", tags.len()) } else { self.key() };
            let (key, value) = match self.rng.u8(..16) {
                0 => match self.rng.choice(&tags) {
                    Some((known, value)) if self.rng.bool() => (known.clone(), value.clone()),
                    Some((known, _)) => (known.clone(), self.text()),
                    None => (key, String::new()),
                },
                // As long as the two may be together.
                1 => {
                    let (key, both) = (self.rng.usize(1..66), self.rng.usize(253..257));
                    ("k".repeat(key), self.of_length(both - key))
                }
                _ if count > 10 => (key, self.plain()),
                _ => (key, self.text()),
            };
            tags.push((key, value));
        }
        tags
    }

    fn fields(&mut self) -> Pairs {
        (0..self.rng.usize(..4)).map(|_| (self.text(), self.text())).collect()
    }

    fn key(&mut self) -> String {
        match self.rng.u8(..4) {
            0 => self.pick(KEYS).to_owned(),
            _ => self.name(),
        }
    }

    fn name(&mut self) -> String {
        match self.rng.u8(..8) {
            0 => self.text(),
            1 => format!("{}{}", self.pick(&["~", "∆", "Δ", "∆~", "~∆", "∆∆", "1", ".", " "]), self.plain()),
            2 => {
                let length = self.limit();
                "n".repeat(length)
            }
            _ => self.plain(),
        }
    }

    fn text(&mut self) -> String {
        match self.rng.u8(..16) {
            0..6 => self.plain(),
            6 => self.pick(WORDS).to_owned(),
            7 => {
                let length = self.limit();
                self.of_length(length)
            }
            8 => (0..self.rng.usize(..20)).map(|_| self.rng.char(..)).collect(),
            _ => (0..self.rng.usize(1..8)).map(|_| self.piece()).collect(),
        }
    }

    fn piece(&mut self) -> String {
        match self.rng.u8(..3) {
            0 => self.pick(WORDS).to_owned(),
            1 => self.pick(CHARACTERS).to_string(),
            _ => self.plain(),
        }
    }

    fn plain(&mut self) -> String {
        (0..self.rng.usize(1..8)).map(|_| self.rng.alphanumeric()).collect()
    }

    fn limit(&mut self) -> usize {
        self.pick(&[64, 128, 253, 254, 255, 256, 1023]) - 1 + self.rng.usize(..3)
    }

    /// Text of so many UTF-16 units, of which what stands for one character may be two.
    fn of_length(&mut self, units: usize) -> String {
        let letter = self.pick(&['x', 'é', '中', '😀', '\n', '"', '\\']);
        let mut text = String::new();
        let mut left = units;
        while left > 0 {
            let next = if left < letter.len_utf16() || self.rng.u8(..16) == 0 { 'y' } else { letter };
            text.push(next);
            left -= next.len_utf16();
        }
        text
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.rng.usize(..of.len())]
    }
}

const DAY: i64 = 24 * 3_600_000;
const YEAR: i64 = 8760 * 3_600_000;

const KEYS: &[&str] = &[
    "source",
    "host",
    "tag",
    "_host",
    "_tag",
    "fqdn",
    "Source",
    "eventTag",
    "traceId",
    "spanId",
    "parent",
    "followsFrom",
    "application",
    "service",
    "error",
    "debug",
    "_spanLogs",
    "_spanSecondaryId",
    "k",
    "env",
    "404",
    "5xx",
    "٣",
    "a/b",
    "a.b",
    "#",
    "=",
];

const WORDS: &[&str] = &[
    "",
    " ",
    "\t",
    "\u{a0}",
    "\u{2003}",
    "\0",
    "\u{85}",
    "\n",
    "\r",
    "\r\n",
    "\\",
    "\\\\",
    "\\n",
    "\"",
    "\\\"",
    "'",
    "\"\"",
    "=",
    "==",
    " = ",
    "#",
    "#20 30",
    "source=",
    "source= ",
    "source=h",
    "\"source\"=",
    "host=",
    "host= x",
    "fqdn=",
    "@Event",
    "@SourceTag",
    "!M ",
    "!M 1 #1 1",
    "{",
    "}",
    "{}",
    "[]",
    "404",
    "5xx",
    "-1",
    "1.5",
    "1700000000",
    "1700000000000 1",
    "NaN",
    "~",
    "∆",
    "Δ",
    "∆~",
    "*",
    "**",
    "true",
    "null",
    "\u{feff}",
    "\u{4}",
    "٣",
];

const CHARACTERS: &[char] = &[
    ' ',
    ' ',
    '"',
    '"',
    '\'',
    '\\',
    '\\',
    '=',
    '#',
    '*',
    '\n',
    '\r',
    '\t',
    '\0',
    '\u{b}',
    '\u{1c}',
    '\u{1f}',
    '\u{7f}',
    '\u{80}',
    '\u{85}',
    '\u{9f}',
    '\u{a0}',
    '\u{ad}',
    '\u{200b}',
    '\u{2003}',
    '\u{2007}',
    '\u{2028}',
    '\u{202f}',
    '\u{3000}',
    '\u{feff}',
    '\u{ffff}',
    '∆',
    'Δ',
    '~',
    '/',
    ',',
    ':',
    'é',
    'ß',
    '中',
    '😀',
    '𝟗',
    '\u{10ffff}',
    '{',
    '}',
    '<',
    '&',
];
