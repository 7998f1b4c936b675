//! Writes lines without sending them: a buffer of one's own, no allocation, no clock.
//!
//! `cargo run --example format_only`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use wf_sdk::{Centroid, DeltaCounter, Format, Granularity, Histogram, Id, Metric, Span};

/// What every line of this program has in common.
static FORMAT: Format<'static> = Format::DEFAULT.default_source("localhost").tags(&[("env", "prod")]);

fn main() -> Result<(), Box<dyn Error>> {
    let mut buf = [0; 1024];

    let metric = Metric::new("new york.power.usage", 42422.0).timestamp(1_533_529_977);
    let encoded = FORMAT.encode(&metric, &mut buf)?;
    print!("{}", std::str::from_utf8(encoded.line)?);
    println!("changed on the way: {:?}", encoded.changed);

    let delta = DeltaCounter::new("requests", 1.0);
    print!("{}", std::str::from_utf8(FORMAT.encode(&delta, &mut buf)?.line)?);

    let centroids = [Centroid::new(30.0, 20), Centroid::new(5.1, 10)];
    let histogram = Histogram::new("request.latency", &centroids)
        .granularities(&[Granularity::Minute, Granularity::Day])
        .timestamp(1_493_773_500);
    print!("{}", std::str::from_utf8(FORMAT.encode(&histogram, &mut buf)?.line)?);

    let trace: Id = "7b3bf470-9456-11e8-9eb6-529269fb1459".parse()?;
    let span = Span::new("getAllUsers", 1_552_949_776_000, 343, trace, 1u128);
    print!("{}", std::str::from_utf8(FORMAT.encode(&span, &mut buf)?.line)?);
    Ok(())
}
