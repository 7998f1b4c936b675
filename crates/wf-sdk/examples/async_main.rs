//! The same sender inside an async program: sending never waits, and waiting never blocks the runtime.
//!
//! `cargo run --example async_main -- proxy://localhost:2878`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, time::Duration};

use wf_sdk::{Metric, Span, SpanLog};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "proxy://localhost:2878".to_owned());
    let sender = wf_sdk::connect(&url)?.source("web-1").start()?;

    let tasks: Vec<_> = (1..=8_u32)
        .map(|request| {
            let sender = sender.clone();
            tokio::spawn(async move {
                let fields = [("event", "answered")];
                let logs = [SpanLog::new(1_552_949_776_000_123, &fields)];
                let span = Span::new("getAllUsers", 1_552_949_776_000, 343, u128::from(request), 1u128);
                sender.send(&span.span_logs(&logs))?;
                // Waits for room instead of being refused, should the queue be full.
                sender.send_async(&Metric::new("requests.size", f64::from(request))).await
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }

    let report = sender.flush_async(Duration::from_secs(5)).await;
    println!("flushed: {}", report.complete);
    let report = sender.close_async(Duration::from_secs(5)).await;
    println!("{}", sender.stats().total());
    if report.complete { Ok(()) } else { Err("not everything was delivered".into()) }
}
