//! Points to lines: ours beside three baselines that write the same bytes.
//!
//! * `memcpy`: the finished line, copied. Nothing can be faster.
//! * `pieces`: the text around the numbers copied, the numbers by zmij and itoa: what is left when nothing is looked at.
//! * `write!`: into a reused `String`: what one writes without a library, and it would not notice a quote in a tag.
//!
//! One element is one line.

use std::fmt::Write;

use benches::{SAMPLES, Sample, samples, time};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use wf_format::{Format, Metric};

criterion_group!(benches, format);
criterion_main!(benches);

fn format(criterion: &mut Criterion) {
    let samples = samples();
    let lines: Vec<_> = samples.iter().map(by_write).collect();
    let pieces: Vec<_> = samples.iter().map(Pieces::new).collect();
    let expected = lines.concat();

    let mut group = criterion.benchmark_group("format");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    row(&mut group, "ours", &expected, Vec::clear, |out: &mut Vec<u8>| {
        for sample in &samples {
            let metric = Metric::new(&sample.name, sample.value).timestamp(sample.timestamp);
            let metric = metric.source(sample.source).tags(&sample.tags);
            Format::DEFAULT.encode_into(&metric, out).expect("a valid point");
        }
    });
    row(&mut group, "memcpy", &expected, Vec::clear, |out: &mut Vec<u8>| {
        for line in &lines {
            out.extend_from_slice(line.as_bytes());
        }
    });
    row(&mut group, "pieces", &expected, Vec::clear, |out: &mut Vec<u8>| {
        for (sample, pieces) in samples.iter().zip(&pieces) {
            out.extend_from_slice(pieces.name.as_bytes());
            out.extend_from_slice(zmij::Buffer::new().format_finite(sample.value).as_bytes());
            out.push(b' ');
            out.extend_from_slice(itoa::Buffer::new().format(sample.timestamp).as_bytes());
            out.extend_from_slice(pieces.rest.as_bytes());
        }
    });
    row(&mut group, "write!", &expected, String::clear, |out: &mut String| {
        for sample in &samples {
            write_line(out, sample);
        }
    });
    group.finish();
}

/// Measures `write`, which appends all lines, to the buffer that `clear` empties.
fn row<T: AsRef<[u8]> + Default>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    expected: &str,
    clear: impl Fn(&mut T),
    write: impl Fn(&mut T),
) {
    group.bench_function(name, |bencher| {
        let mut out = T::default();
        // Grows it to its full size.
        write(&mut out);
        clear(&mut out);
        bencher.iter_custom(|iters| {
            time(iters, &mut out, &write, |out| {
                assert!(out.as_ref() == expected.as_bytes(), "{name} wrote other bytes");
                clear(out);
            })
        });
    });
}

/// A line without its numbers.
struct Pieces {
    /// With the blank before the value.
    name: String,
    /// With the blank after the timestamp.
    rest: String,
}

impl Pieces {
    fn new(sample: &Sample) -> Self {
        let line = by_write(sample);
        let mut words = line.splitn(4, ' ');
        let name = format!("{} ", words.next().expect("a name"));
        let rest = format!(" {}", words.nth(2).expect("a source"));
        Self { name, rest }
    }
}

fn by_write(sample: &Sample) -> String {
    let mut line = String::new();
    write_line(&mut line, sample);
    line
}

fn write_line(out: &mut String, sample: &Sample) {
    let Sample { name, value, timestamp, source, tags } = sample;
    write!(out, "\"{name}\" {value:?} {timestamp} source=\"{source}\"").expect("a string takes all");
    for (key, value) in tags {
        write!(out, " \"{key}\"=\"{value}\"").expect("a string takes all");
    }
    out.push('\n');
}
