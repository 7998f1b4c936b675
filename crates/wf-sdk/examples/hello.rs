//! Sends one metric to a Wavefront proxy and says what became of it.
//!
//! `cargo run --example hello -- proxy://localhost:2878`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, time::Duration};

use wf_sdk::Metric;

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "proxy://localhost:2878".to_owned());
    let sender = wf_sdk::connect(&url)?.source("web-1").point_tag("env", "prod").start()?;
    sender.send(&Metric::new("new-york.power.usage", 42422.0).tags(&[("datacenter", "dc1")]))?;
    let report = sender.close(Duration::from_secs(5));
    println!("{}", sender.stats().total());
    if report.delta.total().delivered() == 1 { Ok(()) } else { Err("the point was not delivered".into()) }
}
