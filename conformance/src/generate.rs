//! Points out of a seed: hostile, but such that both SDKs take them and mean the same.
//!
//! What is left out here because ours changes or refuses it and Python does not stands in `edges.rs`.

use std::iter;

use fastrand::Rng;
use wf_format::Granularity;

use crate::points::{Distribution, Event, Mean, Pairs, Point, Scalar, Span};

/// `count` points of each kind; of spans twice as many, so that there are as many with logs.
pub(crate) fn points(seed: u64, count: usize) -> Vec<Point> {
    let mut generator = Generator { rng: Rng::with_seed(seed) };
    let mut points = Vec::with_capacity(count * 6);
    for _ in 0..count {
        points.push(Point::Metric(generator.metric()));
        points.push(Point::Delta(generator.delta()));
        points.push(Point::Histogram(generator.histogram()));
        points.push(Point::Span(generator.span(false)));
        points.push(Point::Span(generator.span(true)));
        points.push(Point::Event(generator.event()));
    }
    points
}

struct Generator {
    rng: Rng,
}

impl Generator {
    fn metric(&mut self) -> Scalar {
        Scalar {
            name: self.name(&["", "", "", "~"], 200),
            value: self.number(),
            timestamp: self.timestamp(),
            source: self.source(),
            tags: self.tags(8),
        }
    }

    fn delta(&mut self) -> Scalar {
        let value = self.number().abs();
        Scalar {
            name: self.name(&["", "", "~", "∆", "Δ", "∆~", "Δ~"], 200),
            value: if value > 0.0 { value } else { 1.0 },
            timestamp: self.timestamp(),
            source: self.source(),
            tags: self.tags(8),
        }
    }

    fn histogram(&mut self) -> Distribution {
        let centroids = if self.rng.u8(..) == 0 { 100 } else { self.rng.usize(1..12) };
        let centroids = (0..centroids).map(|_| (self.mean(), self.rng.i64(1..1_000_000))).collect();
        let mut granularities = Granularity::ALL.to_vec();
        self.rng.shuffle(&mut granularities);
        granularities.truncate(self.rng.usize(1..=3));
        Distribution {
            name: self.name(&["", "", "", "~", "∆"], 200),
            centroids,
            granularities,
            timestamp: self.timestamp(),
            source: self.source(),
            tags: self.tags(8),
        }
    }

    fn span(&mut self, with_logs: bool) -> Span {
        let mut tags = self.tags(8);
        for _ in 0..self.rng.usize(..4) {
            // Both SDKs write the very same tag once, and a key with another value again.
            let Some((key, value)) = self.rng.choice(&tags).cloned() else { break };
            let value = if self.rng.bool() { value } else { self.text(64) };
            tags.push((key, value));
        }
        let logs = if with_logs { self.rng.usize(1..4) } else { 0 };
        let magnitude = self.rng.u32(..30);
        let duration = self.rng.i64(0..1 << magnitude);
        Span {
            // No `*` and no `=`, either of which ours may replace.
            name: self.text(64).replace(['*', '='], "-"),
            start: NOW_MILLIS - self.rng.i64(0..1_000_000_000),
            duration,
            source: self.source(),
            trace_id: self.rng.u128(..),
            span_id: self.rng.u128(..),
            parents: self.ids(3),
            follows_from: self.ids(3),
            tags,
            logs: (0..logs)
                .map(|_| (NOW_MILLIS * 1000 + self.rng.i64(0..1_000_000), self.fields()))
                .collect(),
        }
    }

    fn event(&mut self) -> Event {
        let escapes = self.rng.u8(..4) == 0;
        let start = NOW_MILLIS - self.rng.i64(0..1_000_000_000);
        let annotations = (0..self.rng.usize(..5)).map(|i| {
            let key = self.rng.choice(["severity", "type", "details", "x.y_z-", "K"]).unwrap_or_default();
            (format!("{key}{i}"), self.event_text(escapes))
        });
        Event {
            annotations: annotations.collect(),
            name: self.event_text(escapes),
            start,
            end: self.rng.bool().then(|| start + self.rng.i64(1..1_000_000)),
            source: self.rng.bool().then(|| self.event_text(escapes)),
            tags: (0..self.rng.usize(..4)).map(|_| self.event_text(escapes)).collect(),
        }
    }

    /// Numbers of every size and notation, none of them infinite.
    fn number(&mut self) -> f64 {
        let rng = &mut self.rng;
        match rng.u8(..8) {
            0 => rng.i32(..).into(),
            1 => f64::from(rng.i32(-1_000_000..1_000_000)) / 100.0,
            2 => f64::from(rng.i8(..)) * 10_f64.powi(rng.i32(-30..30)),
            3 => rng.i64(..) as f64,
            4 => f64::from(rng.i32(..)) / 1e7,
            5 => f64::from_bits(rng.u64(..1 << 52)),
            6 => *rng.choice(NUMBERS).unwrap_or(&0.0),
            _ => iter::repeat_with(|| f64::from_bits(rng.u64(..))).find(|n| n.is_finite()).unwrap_or(0.0),
        }
    }

    fn mean(&mut self) -> Mean {
        if self.rng.u8(..4) == 0 {
            Mean::Integral(self.rng.i32(..) >> self.rng.u32(..32))
        } else {
            Mean::Float(self.number())
        }
    }

    /// Seconds, milliseconds, microseconds, nanoseconds, 0 or none.
    fn timestamp(&mut self) -> Option<i64> {
        let now = NOW_MILLIS - self.rng.i64(0..1_000_000_000);
        *self.rng.choice(&[
            None,
            Some(now / 1000),
            Some(now),
            Some(now * 1000),
            Some(now * 1_000_000),
            Some(0),
        ])?
    }

    /// None and a blank one are for the SDK's default.
    fn source(&mut self) -> Option<String> {
        match self.rng.u8(..8) {
            0 => None,
            1 => Some(self.rng.choice(["", " ", "\t\u{a0}"])?.to_owned()),
            2..5 => Some(self.text(60)),
            _ => Some(format!("web-{}", self.rng.u8(..))),
        }
    }

    /// Up to `most` tags whose keys stay different when their characters are replaced.
    fn tags(&mut self, most: usize) -> Pairs {
        let count = self.rng.usize(..=most);
        (0..count)
            .map(|i| (self.name(&["", "", "", "∆", "~"], 40) + &format!(".{i}"), self.text(90)))
            .collect()
    }

    fn ids(&mut self, most: usize) -> Vec<u128> {
        (0..self.rng.usize(..most)).map(|_| self.rng.u128(..)).collect()
    }

    /// The fields of a span log, which may hold anything, controls and nothing included.
    fn fields(&mut self) -> Pairs {
        let mut fields: Pairs =
            (0..self.rng.usize(..4)).map(|i| (format!("{}{i}", self.any(10)), self.any(40))).collect();
        fields.push(("event".to_owned(), self.any(10)));
        fields
    }

    fn any(&mut self, longest: usize) -> String {
        (0..self.rng.usize(..longest))
            .map(|_| if self.rng.bool() { self.rng.char(..) } else { self.character() })
            .collect()
    }

    /// A name with one of the prefixes, of `longest` characters without it at most. What it begins and ends with is no
    /// blank.
    fn name(&mut self, prefixes: &[&str], longest: usize) -> String {
        let prefix = self.rng.choice(prefixes).copied().unwrap_or_default();
        let length = self.length(longest);
        let mut name = format!("{prefix}{}", self.alphanumeric());
        name.extend((1..length).map(|_| self.character()));
        while name.ends_with(char::is_whitespace) {
            name.pop();
        }
        name
    }

    /// Text of `longest` characters at most, blanks around it included. What it ends with otherwise is no backslash.
    fn text(&mut self, longest: usize) -> String {
        const BLANKS: &[&str] = &["", "", "", "", " ", "\t", "\n", "\u{a0}", "\u{2003} ", "\u{3000}"];
        let length = self.length(longest - 5);
        let mut text = self.rng.choice(BLANKS).copied().unwrap_or_default().to_owned();
        text.extend((1..length).map(|_| self.character()));
        text.push(self.alphanumeric());
        text + self.rng.choice(BLANKS).copied().unwrap_or_default()
    }

    /// Text without blanks around it, because Python writes those, and with quotes and line feeds only on request.
    fn event_text(&mut self, escapes: bool) -> String {
        let text = self.text(60).trim().to_owned();
        if escapes { text } else { text.replace(['"', '\n'], "'") }
    }

    /// Mostly short.
    fn length(&mut self, longest: usize) -> usize {
        let longest = if self.rng.u8(..16) == 0 { longest } else { longest.min(20) };
        self.rng.usize(1..=longest)
    }

    fn alphanumeric(&mut self) -> char {
        self.rng.alphanumeric()
    }

    /// Any character but a control, of which line feed and tab alone reach the receiver as they are.
    fn character(&mut self) -> char {
        const HOSTILE: &[char] = &[
            ' ', '"', '\'', '\\', '\n', '\t', '=', '/', '*', '#', '@', '!', ',', '~', '.', '-', '_', '{',
            '}', '&', '<', 'é', 'ß', '中', '∆', 'Δ', '😀', '\u{a0}', '\u{2003}', '\u{2028}', '\u{301}',
            '\u{feff}', '\u{200b}',
        ];
        match self.rng.u8(..16) {
            0..4 => *self.rng.choice(HOSTILE).unwrap_or(&' '),
            4 => iter::repeat_with(|| self.rng.char(..)).find(|c| !c.is_control()).unwrap_or(' '),
            _ => self.alphanumeric(),
        }
    }
}

/// Around when the points were made: 2023-11-14.
pub(crate) const NOW_MILLIS: i64 = 1_700_000_000_000;

/// Where notations change, and the ends of the range.
const NUMBERS: &[f64] = &[
    0.0,
    -0.0,
    1.0,
    42422.0,
    0.1 + 0.2,
    1e-4,
    9.999e-5,
    1e-5,
    1e7,
    1e15,
    9_999_999_999_999_998.0,
    1e16,
    1e17,
    9_007_199_254_740_993.0,
    1e22,
    1e23,
    1e100,
    f64::MAX,
    f64::MIN,
    f64::MIN_POSITIVE,
    5e-324,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ours;

    #[test]
    fn the_same_seed_gives_the_same_points() {
        let text =
            |seed| points(seed, 20).iter().map(|point| point.to_json().to_string()).collect::<Vec<_>>();
        assert_eq!(text(7), text(7));
        assert_ne!(text(7), text(8));
    }

    #[test]
    fn ours_takes_every_point() {
        for point in points(3, 2000) {
            if let Err(error) = ours::lines("web-1", &point) {
                panic!("{error}: {point:?}");
            }
        }
    }

    #[test]
    fn one_event_in_four_may_need_escapes() {
        let points = points(1, 1000);
        let hard = points.iter().filter(|point| !point.python_can_send()).count();
        assert!((100..400).contains(&hard), "{hard}");
    }
}
