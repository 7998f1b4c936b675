//! What the benches share: points like those of a host agent, and a clock that leaves the checks out.
//!
//! `cargo bench -p benches` is for looking: groups run one after the other, so on a shared machine compare rows of one run
//! only, and no two that stand far apart. `cargo test -p benches --benches` runs each once, outputs checked.
#![forbid(unsafe_code)]

use std::time::{Duration, Instant};

/// Times `work` on `state` alone, `iters` times; `check` looks at each result outside of the clock, and clears it.
pub fn time<T>(iters: u64, state: &mut T, work: impl Fn(&mut T), check: impl Fn(&mut T)) -> Duration {
    let mut total = Duration::ZERO;
    for _ in 0..iters {
        let start = Instant::now();
        work(state);
        total += start.elapsed();
        check(state);
    }
    total
}

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

/// The main README: no published crate can reach it.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
