//! Points like those of a host agent, the same in every run.

use wf_format::{Centroid, Histogram, Id, Metric, Span};

/// One point, owned.
#[derive(Debug)]
pub struct Sample {
    /// The metric, with nothing to sanitize.
    pub name: String,
    /// Of every five values, two are whole, two have at most four decimals, and one needs all its digits.
    pub value: f64,
    /// Seconds.
    pub timestamp: i64,
    /// The host.
    pub source: &'static str,
    /// Three pairs.
    pub tags: [(&'static str, String); 3],
}

/// How many points [`samples`] makes: 30 KB of lines, which stay in the first cache.
pub const SAMPLES: usize = 256;

/// Makes [`SAMPLES`] points, the same in every run; their lines are about 120 bytes long.
pub fn samples() -> Vec<Sample> {
    clean(SAMPLES)
}

/// How many points [`mixed`] makes.
pub const MIXED: usize = 1024;

/// Makes [`MIXED`] points as programs really send them, the same in every run: one name in twenty has a blank, one point
/// in fifty a quote in a tag.
pub fn mixed() -> Vec<Sample> {
    let mut samples = clean(MIXED);
    for sample in samples.iter_mut().step_by(20) {
        sample.name = sample.name.replacen('.', " ", 1);
    }
    for sample in samples.iter_mut().skip(7).step_by(50) {
        sample.tags[1].1 = "eu \"west\" 1".to_owned();
    }
    samples
}

fn clean(count: usize) -> Vec<Sample> {
    const METRICS: [&str; 5] = [
        "system.cpu.usage.user",
        "system.memory.free",
        "disk.sda1.read.bytes",
        "net.eth0.errors",
        "jvm.gc.pause",
    ];
    (0..count)
        .map(|i| {
            // Odd multipliers walk through all residues; nothing here needs better chance than that.
            let noise = (i * 7919) % 100_003;
            let value = match i % 5 {
                0 | 1 => noise as f64,
                2 | 3 => noise as f64 / 10_000.0,
                _ => noise as f64 / 7.0,
            };
            Sample {
                name: format!("{}.{}", METRICS[i % METRICS.len()], i % 16),
                value,
                timestamp: 1_533_529_977 + i as i64,
                source: "web-1.example.com",
                tags: [
                    ("env", "production".to_owned()),
                    ("region", format!("eu-west-{}", i % 3 + 1)),
                    ("shard", format!("{}", i % 32)),
                ],
            }
        })
        .collect()
}

/// The sample as the encoder wants it.
pub fn metric_of(point: &Sample) -> Metric<'_, [(&'static str, String); 3]> {
    let Sample { name, value, timestamp, source, tags } = point;
    Metric::new(name, *value).timestamp(*timestamp).source(source).tags(tags)
}

/// Makes [`SAMPLES`] distributions of 20 centroids; the sample lends the rest.
pub fn distributions() -> Vec<(Sample, Vec<Centroid>)> {
    let means: Vec<_> = mixed().iter().map(|point| point.value).collect();
    let centroids = |i: usize| {
        (0..20).map(|c| Centroid::new(means[(i * 20 + c) % means.len()], 1 + c as i64 * 7)).collect()
    };
    samples().into_iter().enumerate().map(|(i, sample)| (sample, centroids(i))).collect()
}

/// A distribution by the minute.
pub fn histogram_of<'a>(
    sample: &'a Sample,
    centroids: &'a [Centroid],
) -> Histogram<'a, [(&'static str, String); 3]> {
    let Sample { name, timestamp, source, tags, .. } = sample;
    Histogram::new(name, centroids).timestamp(*timestamp).source(source).tags(tags)
}

/// One span, owned: three ids and five tags.
#[derive(Debug)]
pub struct Trace {
    /// The operation, with nothing to sanitize.
    pub name: String,
    /// Milliseconds since the epoch.
    pub start: i64,
    /// Milliseconds.
    pub duration: i64,
    /// The host.
    pub source: &'static str,
    /// The id of the trace.
    pub trace: u128,
    /// The id of the span.
    pub span: u128,
    /// One more id.
    pub parents: [Id; 1],
    /// Five pairs.
    pub tags: [(&'static str, String); 5],
}

/// Makes [`SAMPLES`] spans.
pub fn spans() -> Vec<Trace> {
    let trace = |(i, sample): (usize, Sample)| {
        let [a, b, c] = sample.tags;
        // An odd constant spreads the digits; nothing here needs better chance than that.
        let id = |n: usize| ((i + n) as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        Trace {
            name: sample.name,
            start: sample.timestamp * 1000,
            duration: 343 + i as i64,
            source: sample.source,
            trace: id(0),
            span: id(1000),
            parents: [Id::from(id(2000))],
            tags: [a, b, c, ("application", "shop".to_owned()), ("service", format!("cart-{}", i % 7))],
        }
    };
    samples().into_iter().enumerate().map(trace).collect()
}

/// The span as the encoder wants it.
pub fn span_of(trace: &Trace) -> Span<'_, [(&'static str, String); 5]> {
    Span::new(&trace.name, trace.start, trace.duration, trace.trace, trace.span)
        .source(trace.source)
        .parents(&trace.parents)
        .tags(&trace.tags)
}
