//! What the benches share: points like those of a host agent, and a clock that leaves the checks out.
//!
//! `cargo bench -p benches` is for looking: groups run one after the other, so on a shared machine compare rows of one run
//! only, and no two that stand far apart. `cargo test -p benches --benches` runs each once, outputs checked.
#![forbid(unsafe_code)]

pub mod measure;
mod points;
pub mod records;
pub mod row;

use std::process::ExitCode;
use std::time::{Duration, Instant};

pub use crate::points::{
    MIXED, SAMPLES, Sample, Trace, distributions, histogram_of, metric_of, mixed, samples, span_of, spans,
};

/// Says why a program failed, and gives what it exits with.
///
/// An error returned from `main` would print a backtrace where `RUST_BACKTRACE` is set for the tests.
#[expect(clippy::print_stderr, reason = "what programs print errors with")]
pub fn exit_code(ended: anyhow::Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

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

/// The main README: no published crate can reach it.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
