//! Sends through a transport of one's own: it prints what it is given, and is down at first.
//!
//! `cargo run --example custom_transport`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    error::Error,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use wf_sdk::{
    Builder, DeltaCounter, Metric,
    transport::{Batch, Cause, Outcome, Transport},
};

/// Prints every batch, but says three times that it could not be reached.
struct Printer {
    failures_left: AtomicU32,
}

impl Transport for Printer {
    async fn deliver(&self, batch: &Batch) -> Outcome {
        let left = self.failures_left.load(Ordering::Relaxed);
        if left > 0 {
            self.failures_left.store(left - 1, Ordering::Relaxed);
            // Not one byte left: even a delta counter may be sent again.
            return Outcome::Unsent(Cause::Connect);
        }
        batch.written();
        print!("{}", String::from_utf8_lossy(batch.bytes()));
        Outcome::Stored
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let printer = Printer { failures_left: AtomicU32::new(3) };
    let sender = Builder::new(printer)
        .source("web-1")
        .backoff(Duration::from_millis(50), Duration::from_secs(1))
        .start()?;
    sender.send(&Metric::new("cpu.load", 0.7).timestamp(1_533_529_977))?;
    sender.send(&DeltaCounter::new("requests", 1.0))?;
    let report = sender.flush(Duration::from_secs(10));
    println!("{} (failed attempts: {})", sender.stats().total(), report.delta.failures());
    if report.complete { Ok(()) } else { Err("not everything was delivered".into()) }
}
