//! What is counted.

use std::hint::black_box;

use benches::{MIXED, SAMPLES, distributions, histogram_of, metric_of, mixed, span_of, spans};
use wf_format::{Format, Point, Series};
use wf_parse::{Parser, Verdict};

/// Lines of one round of any case.
pub(crate) const LINES: u64 = MIXED as u64;

/// Something done to [`LINES`] lines, as often as it is told.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    run: fn(u64),
}

impl Case {
    pub(crate) fn run(&self, rounds: u64) {
        (self.run)(rounds);
    }
}

pub(crate) const CASES: [Case; 6] = [
    Case { name: "metric-mixed", run: metric },
    Case { name: "series", run: series },
    Case { name: "histogram-20", run: histogram },
    Case { name: "span-5", run: span },
    Case { name: "parse-metric", run: parse },
    Case { name: "queue", run: queue },
];

fn metric(rounds: u64) {
    let points = mixed();
    let mut encoder = Encoder::new();
    for _ in 0..rounds {
        points.iter().for_each(|point| encoder.encode(&metric_of(black_box(point))));
    }
}

fn series(rounds: u64) {
    let points = mixed();
    let series = |point| Series::new(&Format::DEFAULT, &metric_of(point), [0; 256]).expect("a valid point");
    let series: Vec<_> = points.iter().map(series).collect();
    let mut encoder = Encoder::new();
    for _ in 0..rounds {
        for (series, point) in series.iter().zip(&points) {
            encoder.encode(&black_box(series).point(black_box(point.value)).timestamp(point.timestamp));
        }
    }
}

fn histogram(rounds: u64) {
    let points = distributions();
    let mut encoder = Encoder::new();
    for _ in 0..rounds * REPEATED {
        for (sample, centroids) in &points {
            encoder.encode(&histogram_of(black_box(sample), centroids));
        }
    }
}

fn span(rounds: u64) {
    let points = spans();
    let mut encoder = Encoder::new();
    for _ in 0..rounds * REPEATED {
        points.iter().for_each(|point| encoder.encode(&span_of(black_box(point))));
    }
}

fn parse(rounds: u64) {
    let lines = lines();
    let parser = Parser::new().now_millis(1_533_530_000_000);
    for _ in 0..rounds {
        for line in &lines {
            let parsed = parser.parse(wf_parse::Format::Auto, black_box(line));
            assert_eq!(parsed.verdict(), Verdict::Accept, "{line}");
        }
    }
}

/// Pushed and drained, 256 at a time.
fn queue(rounds: u64) {
    let lines = lines();
    let (producer, mut consumer) = wf_queue::queue(1 << 20, 1 << 20).expect("a capacity in range");
    let mut out = Vec::with_capacity(1 << 20);
    for _ in 0..rounds {
        for lines in lines.chunks(256) {
            for line in lines {
                producer.try_push(black_box(line.as_bytes())).expect("room");
            }
            out.clear();
            let drained = consumer.drain(usize::MAX, usize::MAX, |line| out.extend_from_slice(line));
            assert_eq!(drained.records, lines.len());
            black_box(&out);
        }
    }
}

fn lines() -> Vec<String> {
    let mut buf = [0; 1024];
    let mut line = |point: &_| {
        let line = Format::DEFAULT.encode(&metric_of(point), &mut buf).expect("a valid point").line;
        String::from_utf8(line.to_vec()).expect("text")
    };
    mixed().iter().map(&mut line).collect()
}

/// With a format whose settings the compiler does not know.
struct Encoder {
    format: Format<'static>,
    buf: [u8; 2048],
}

impl Encoder {
    fn new() -> Self {
        Self { format: black_box(Format::DEFAULT), buf: [0; 2048] }
    }

    fn encode(&mut self, point: &impl Point) {
        black_box(self.format.encode(point, &mut self.buf).expect("a valid point").line);
    }
}

/// Makes up for there being fewer of them.
const REPEATED: u64 = (MIXED / SAMPLES) as u64;
